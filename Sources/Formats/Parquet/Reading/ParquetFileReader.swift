/// Reads Parquet files of any writer; hostile ones give an error, never a trap or memory beyond the settings.
///
/// One thread at a time may use a reader and what it hands out.
public final class ParquetFileReader {
    public let schema: ParquetSchema
    public let settings: ParquetReaderSettings
    public let rowCount: Int64
    public let createdBy: String?
    public let keyValues: [(key: String, value: String?)]
    let source: any ParquetSource
    let metadata: FileMetadata
    /// Where the footer begins: no page reaches past it.
    let dataEnd: Int64

    /// Reads the footer.
    public init(_ source: any ParquetSource, settings: ParquetReaderSettings = .init()) throws(ParquetError) {
        self.source = source
        self.settings = settings
        let size = source.bytes
        guard size >= 12 else { throw ParquetError(.damaged, "file", "\(size) bytes are no parquet file") }
        let tail = try source.read(size - 8..<size)
        guard tail.count == 8, Array(tail[4...]) == magic else {
            let isEncrypted = tail.count == 8 && Array(tail[4...]) == Array("PARE".utf8)
            throw isEncrypted
                ? ParquetError(.unsupported, "footer", "it is encrypted")
                : ParquetError(.damaged, "file", "it does not end with PAR1")
        }
        let length = Int64(tail[0]) | Int64(tail[1]) << 8 | Int64(tail[2]) << 16 | Int64(tail[3]) << 24
        guard length <= size - 12 else {
            throw ParquetError(.damaged, "footer", "it takes \(length) bytes of a file of \(size)")
        }
        guard length <= settings.footerBytesMax else {
            throw ParquetError(.limit, "footer", "it takes \(length) bytes, the limit is \(settings.footerBytesMax)")
        }
        dataEnd = size - 8 - length
        let footer = try source.read(dataEnd..<size - 8)
        do throws(ParquetError) {
            metadata = try footer.withUnsafeBufferPointer { (bytes) throws(ParquetError) in
                var reader = ThriftReader(UnsafeRawBufferPointer(bytes))
                return try FileMetadata(from: &reader)
            }
            schema = try ParquetSchema(elements: metadata.schema)
        } catch {
            throw error.at("footer")
        }
        (createdBy, keyValues) = (metadata.createdBy, metadata.keyValues)
        for (place, group) in metadata.rowGroups.enumerated() where group.columns.count != schema.columns.count {
            throw ParquetError(
                .damaged, "row group \(place)",
                "it has \(group.columns.count) columns, the schema \(schema.columns.count)")
        }
        // The file's own count is wrong in files of some writers.
        var counted: Int64 = 0
        for group in metadata.rowGroups {
            let (sum, overflow) = counted.addingReportingOverflow(group.rowCount)
            guard !overflow else { throw ParquetError(.damaged, "footer", "more rows than 64 bits can count") }
            counted = sum
        }
        rowCount = counted
    }

    public var rowGroupCount: Int { metadata.rowGroups.count }

    /// Rows of one row group.
    public func rowCount(inGroup group: Int) -> Int64 {
        metadata.rowGroups.indices.contains(group) ? metadata.rowGroups[group].rowCount : 0
    }

    /// Where everything of a row group lies, for those who fetch it at once before it is read.
    public func byteRange(ofGroup group: Int) throws(ParquetError) -> Range<Int64> {
        guard metadata.rowGroups.indices.contains(group) else {
            throw ParquetError(.misuse, "", "there is no row group \(group)")
        }
        var range: Range<Int64>?
        for chunk in metadata.rowGroups[group].columns {
            let bytes = try PageReader.range(of: chunk, dataEnd: dataEnd)
            range =
                range.map {
                    min($0.lowerBound, bytes.lowerBound)..<max($0.upperBound, bytes.upperBound)
                } ?? bytes
        }
        return range ?? 4..<4
    }

    /// What a row group's statistics say of a column: see `ParquetFileSummary.Column`; nil where there are none.
    public func statistics(inGroup group: Int, column: Int) -> ParquetFileSummary.Column? {
        guard metadata.rowGroups.indices.contains(group), schema.columns.indices.contains(column) else { return nil }
        let chunk = metadata.rowGroups[group].columns[column]
        let (leaf, stored) = (schema.columns[column], chunk.statistics)
        return ParquetFileSummary.Column(
            path: leaf.path, type: leaf.type, logicalType: leaf.logicalType, valueCount: chunk.valueCount,
            nullCount: stored?.nullCount ?? 0, min: stored?.min, max: stored?.max,
            isMinExact: stored?.isMinExact ?? false, isMaxExact: stored?.isMaxExact ?? false,
            compressedBytes: chunk.compressedBytes, uncompressedBytes: chunk.uncompressedBytes)
    }

    /// Opens one column of one row group.
    public func column(_ column: ParquetColumn, inGroup group: Int) throws(ParquetError) -> ParquetColumnReader {
        try open(column, inGroup: group, offsets: nil)
    }

    func open(
        _ column: ParquetColumn, inGroup group: Int, offsets: OffsetIndex?
    ) throws(ParquetError) -> ParquetColumnReader {
        guard metadata.rowGroups.indices.contains(group), schema.columns.indices.contains(column.index) else {
            throw ParquetError(.misuse, "", "there is no row group \(group) or no column \(column.name)")
        }
        guard !metadata.isEncrypted else { throw ParquetError(.unsupported, "footer", "columns are encrypted") }
        return try ParquetColumnReader(
            source, metadata.rowGroups[group], column, offsets: offsets, dataEnd: dataEnd, settings,
            place: "row group \(group), column \(column.name)")
    }
}
