internal import CSimdjson
internal import Compression

/// Takes the values of one column with their levels, entry by entry, and makes pages of them.
///
/// `definition` and `repetition` are Dremel's levels (parquet-format, README.md, nested encoding). A value has
/// `column.definitionMax`; anything less is a null at that depth. The caller keeps to them; what is out of range would
/// make a file that readers refuse.
public final class ParquetColumnWriter {
    public let column: ParquetColumn
    let order: ValueOrder
    let settings: ParquetWriterSettings
    let columnSettings: ParquetColumnSettings
    /// Values that wait to become a page.
    let page: UnsafeMutablePointer<varve_column>
    /// Finished pages of the chunk with their headers.
    let pages = FrameBuffer(capacityBytes: 0)
    var chunk = ColumnChunkState()
    var dictionary: ValueDictionary?
    /// Values of the chunk that make the Bloom filter.
    var hashes: [UInt64] = []
    private(set) var isFull = false

    init(_ column: ParquetColumn, _ settings: ParquetWriterSettings) {
        self.column = column
        self.settings = settings
        columnSettings = settings.columns[column.name] ?? ParquetColumnSettings()
        order = columnSettings.hasStatistics ? ValueOrder(column.type, column.logicalType) : .none
        page = .makeColumn(
            width: column.width, definitionMax: column.definitionMax, repetitionMax: column.repetitionMax)
        resetDictionary()
    }

    deinit {
        page.freeColumn()
    }

    // MARK: Values

    public func append(int32 value: Int32, definition: UInt8, repetition: UInt8 = 0) {
        assert(column.width == 4)
        append(definition, repetition, varve_column_append_32(page, UInt32(bitPattern: value)))
    }

    public func append(int64 value: Int64, definition: UInt8, repetition: UInt8 = 0) {
        assert(column.width == 8)
        append(definition, repetition, varve_column_append_64(page, UInt64(bitPattern: value)))
    }

    public func append(float value: Float, definition: UInt8, repetition: UInt8 = 0) {
        assert(column.width == 4)
        append(definition, repetition, varve_column_append_32(page, value.bitPattern))
    }

    public func append(double value: Double, definition: UInt8, repetition: UInt8 = 0) {
        assert(column.width == 8)
        append(definition, repetition, varve_column_append_64(page, value.bitPattern))
    }

    public func append(boolean value: Bool, definition: UInt8, repetition: UInt8 = 0) {
        assert(column.type == .boolean)
        let place = varve_column_value(page, 1)
        place?.pointee = value ? 1 : 0
        append(definition, repetition, place != nil)
    }

    /// For byte arrays, and for fixed-length ones, whose length `value` must have.
    public func append(bytes value: UnsafeRawBufferPointer, definition: UInt8, repetition: UInt8 = 0) {
        if column.type == .byteArray {
            append(definition, repetition, varve_column_append_bytes(page, value.baseAddress, value.count))
            return
        }
        precondition(value.count == column.width, "a value of a fixed-length column has another length")
        let place = varve_column_value(page, value.count)
        if let place, let source = value.baseAddress {
            UnsafeMutableRawPointer(place).copyMemory(from: source, byteCount: value.count)
        }
        append(definition, repetition, place != nil)
    }

    /// An entry without a value.
    public func appendNull(definition: UInt8, repetition: UInt8 = 0) {
        append(definition, repetition, true)
    }

    @inline(__always)
    private func append(_ definition: UInt8, _ repetition: UInt8, _ hasRoom: Bool) {
        if !hasRoom || !varve_column_level(page, definition, repetition) { isFull = true }
    }

    // MARK: Memory

    /// Bytes of values that wait to become a page.
    var pendingBytes: Int { Int(page.pointee.value_bytes) + page.pointee.level_count }

    /// What the column holds now. Of the pages' mapped memory the part that was never written takes none.
    var memoryBytes: Int {
        let pageBytes = min(pages.capacity, max(pages.count, pagesKeptBytes))
        return page.memoryBytes + pageBytes + hashes.capacity * 8 + (dictionary?.memoryBytes ?? 0)
    }

    /// Memory that finished pages keep from chunk to chunk.
    var pagesKeptBytes: Int { settings.rowGroupBytes / 16 }

    /// What has to be written when the row group ends.
    var chunkBytes: Int { pages.count + pendingBytes + (dictionary?.valueBytes ?? 0) }

    func resetDictionary() {
        guard column.type != .boolean, column.type != .int96,
            [.automatic, .dictionary].contains(columnSettings.encoding)
        else { return }
        if dictionary == nil {
            dictionary = ValueDictionary(width: column.width)
        } else {
            dictionary?.removeAll()
        }
        chunk.isDictionaryOpen = true
    }
}

/// What is known of the chunk under construction.
struct ColumnChunkState {
    var valueCount: Int64 = 0
    var nullCount: Int64 = 0
    var rowCount: Int64 = 0
    var bounds: Bounds?
    var uncompressedBytes: Int64 = 0
    /// Offsets count from the first data page.
    var offsets = OffsetIndex()
    var index = ColumnIndex()
    /// False where a page has values but no bounds, as one of NaN alone: then the chunk has no column index.
    var hasIndex = true
    var encodings: [ParquetEncoding: Int32] = [:]
    /// New values still get numbers.
    var isDictionaryOpen = false
    var hasDictionaryPages = false
    /// Values that the first page brought into the dictionary.
    var newOnFirstPage = 0
    /// Chosen where no dictionary is open any more.
    var fallback: ParquetEncoding?

    var indexBytes: Int {
        offsets.pages.count * 24 + index.minValues.reduce(0) { $0 + $1.count * 2 + 64 }
    }
}
