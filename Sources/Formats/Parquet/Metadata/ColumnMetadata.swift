/// Where and how a column chunk is stored (parquet.thrift, `ColumnChunk` with its `ColumnMetaData`).
struct ColumnChunkMetadata {
    var filePath: String?
    var type: Int32 = 0
    var encodings: [Int32] = []
    var path: [String] = []
    var codec: Int32 = 0
    var valueCount: Int64 = 0
    var uncompressedBytes: Int64 = 0
    var compressedBytes: Int64 = 0
    var dataPageOffset: Int64 = 0
    var dictionaryPageOffset: Int64?
    var statistics: StoredStatistics?
    var encodingStats: [PageEncodingCount]?
    var bloomFilterOffset: Int64?
    var bloomFilterBytes: Int32?
    var offsetIndexOffset: Int64?
    var offsetIndexBytes: Int32?
    var columnIndexOffset: Int64?
    var columnIndexBytes: Int32?
    var isEncrypted = false

    init() {}

    init(from reader: inout ThriftReader) throws(ParquetError) {
        var hasMetadata = false
        try reader.begin()
        while let field = try reader.next() {
            switch field.id {
            case 1: filePath = try reader.string(field)
            case 3:
                try readMetadata(&reader, field)
                hasMetadata = true
            case 4: offsetIndexOffset = try reader.int64(field)
            case 5: offsetIndexBytes = try reader.int32(field)
            case 6: columnIndexOffset = try reader.int64(field)
            case 7: columnIndexBytes = try reader.int32(field)
            case 8:
                isEncrypted = true
                try reader.skip(field)
            default: try reader.skip(field)
            }
        }
        guard hasMetadata || isEncrypted else { throw .damaged("a column chunk without metadata") }
    }

    private mutating func readMetadata(
        _ reader: inout ThriftReader, _ field: ThriftReader.Field
    ) throws(ParquetError) {
        try reader.begin(field)
        while let field = try reader.next() {
            switch field.id {
            case 1: type = try reader.int32(field)
            case 2: encodings = try reader.integers(field).map { Int32(clamping: $0) }
            case 3: path = try reader.binaries(field).map { String(decoding: $0, as: UTF8.self) }
            case 4: codec = try reader.int32(field)
            case 5: valueCount = try reader.int64(field)
            case 6: uncompressedBytes = try reader.int64(field)
            case 7: compressedBytes = try reader.int64(field)
            case 9: dataPageOffset = try reader.int64(field)
            case 11: dictionaryPageOffset = try reader.int64(field)
            case 12: statistics = try StoredStatistics(from: &reader, field)
            case 14 where field.type == .int64: bloomFilterOffset = try reader.int64(field)
            // Drafts of the format had other things under this number.
            case 15 where field.type == .int32: bloomFilterBytes = try reader.int32(field)
            default: try reader.skip(field)
            }
        }
    }

    func write(to writer: inout ThriftWriter) {
        // Deprecated, and 0 is what the format wants now (parquet.thrift, `ColumnChunk.file_offset`).
        writer.int64(2, 0)
        writer.structure(3) { metadata in
            metadata.int32(1, type)
            metadata.int32s(2, encodings)
            metadata.strings(3, path)
            metadata.int32(4, codec)
            metadata.int64(5, valueCount)
            metadata.int64(6, uncompressedBytes)
            metadata.int64(7, compressedBytes)
            metadata.int64(9, dataPageOffset)
            metadata.int64(11, dictionaryPageOffset)
            if let statistics { metadata.structure(12) { statistics.write(to: &$0) } }
            metadata.structures(13, encodingStats) { $1.write(to: &$0) }
            metadata.int64(14, bloomFilterOffset)
            metadata.int32(15, bloomFilterBytes)
        }
        writer.int64(4, offsetIndexOffset)
        writer.int32(5, offsetIndexBytes)
        writer.int64(6, columnIndexOffset)
        writer.int32(7, columnIndexBytes)
    }
}

/// How many pages of one kind have one encoding.
struct PageEncodingCount {
    var page: PageHeader.Kind
    var encoding: ParquetEncoding
    var count: Int32

    func write(to writer: inout ThriftWriter) {
        writer.int32(1, page.rawValue)
        writer.int32(2, encoding.rawValue)
        writer.int32(3, count)
    }
}
