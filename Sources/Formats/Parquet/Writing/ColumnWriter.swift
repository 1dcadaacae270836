internal import CSimdjson
internal import Compression

/// Takes the values of one column with their levels, entry by entry, and makes pages of them.
public final class ParquetColumnWriter: ParquetColumnBuffer {
    let order: ValueOrder
    let settings: ParquetWriterSettings
    let columnSettings: ParquetColumnSettings
    /// Finished pages of the chunk with their headers.
    let pages = FrameBuffer(capacityBytes: 0)
    var chunk = ColumnChunkState()
    var dictionary: ValueDictionary?
    /// Values of the chunk that make the Bloom filter.
    var hashes: [UInt64] = []

    init(_ column: ParquetColumn, _ settings: ParquetWriterSettings) {
        self.settings = settings
        columnSettings = settings.columns[column.name] ?? ParquetColumnSettings()
        order = columnSettings.hasStatistics ? ValueOrder(column.type, column.logicalType) : .none
        super.init(column)
        resetDictionary()
    }

    // MARK: Memory

    /// What the column holds now. Of the pages' mapped memory the part that was never written takes none.
    var memoryBytes: Int {
        let pageBytes = min(pages.capacity, max(pages.count, pagesKeptBytes))
        return page.memoryBytes + pageBytes + hashes.capacity * 8 + (dictionary?.memoryBytes ?? 0)
    }

    /// Gives back what is kept for the next page; only between two pages.
    func releasePage() { page.clearColumn(keepingBytes: 0) }

    /// Gives back what is kept for the next chunk; only between two chunks.
    func releaseMemory() {
        releasePage()
        pages.clear(keepingCapacityBytes: 0)
        dictionary = nil
        resetDictionary()
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
