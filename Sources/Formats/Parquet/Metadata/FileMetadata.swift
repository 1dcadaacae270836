/// A column that rows are sorted by (parquet.thrift, `SortingColumn`).
public struct ParquetSortingColumn: Hashable, Sendable {
    /// Of the leaf.
    public var column: Int
    public var isDescending: Bool
    public var nullsFirst: Bool

    public init(column: Int, isDescending: Bool = false, nullsFirst: Bool = false) {
        (self.column, self.isDescending, self.nullsFirst) = (column, isDescending, nullsFirst)
    }
}

/// A run of rows with one chunk of each column (parquet.thrift, `RowGroup`).
struct RowGroupMetadata {
    var columns: [ColumnChunkMetadata] = []
    var uncompressedBytes: Int64 = 0
    var rowCount: Int64 = 0
    var sortingColumns: [ParquetSortingColumn]?
    var fileOffset: Int64?
    var compressedBytes: Int64?
    var ordinal: Int16?

    init() {}

    init(from reader: inout ThriftReader) throws(ParquetError) {
        try reader.begin()
        while let field = try reader.next() {
            switch field.id {
            case 1:
                columns = try reader.structures(field) { (reader) throws(ParquetError) in
                    try ColumnChunkMetadata(from: &reader)
                }
            case 2: uncompressedBytes = try reader.int64(field)
            case 3: rowCount = try reader.int64(field)
            case 4:
                sortingColumns = try reader.structures(field) { (reader) throws(ParquetError) in
                    try ParquetSortingColumn(from: &reader)
                }
            case 5: fileOffset = try reader.int64(field)
            case 6: compressedBytes = try reader.int64(field)
            default: try reader.skip(field)
            }
        }
        guard rowCount >= 0 else { throw .damaged("a row group of \(rowCount) rows") }
    }

    func write(to writer: inout ThriftWriter) {
        writer.structures(1, columns) { $1.write(to: &$0) }
        writer.int64(2, uncompressedBytes)
        writer.int64(3, rowCount)
        writer.structures(4, sortingColumns) { writer, sorting in
            writer.int32(1, Int32(clamping: sorting.column))
            writer.bool(2, sorting.isDescending)
            writer.bool(3, sorting.nullsFirst)
        }
        writer.int64(5, fileOffset)
        writer.int64(6, compressedBytes)
        writer.int16(7, ordinal)
    }
}

extension ParquetSortingColumn {
    init(from reader: inout ThriftReader) throws(ParquetError) {
        self.init(column: 0)
        try reader.begin()
        while let field = try reader.next() {
            switch field.id {
            case 1: column = Int(try reader.int32(field))
            case 2: isDescending = try reader.bool(field)
            case 3: nullsFirst = try reader.bool(field)
            default: try reader.skip(field)
            }
        }
    }
}

/// The footer (parquet.thrift, `FileMetaData`).
struct FileMetadata {
    var version: Int32 = 2
    var schema: [SchemaElement] = []
    var rowCount: Int64 = 0
    var rowGroups: [RowGroupMetadata] = []
    var keyValues: [(key: String, value: String?)] = []
    var createdBy: String?
    /// For each column, whether its statistics follow the order that its type defines.
    var hasTypeOrder: [Bool]?
    var isEncrypted = false

    init() {}

    init(from reader: inout ThriftReader) throws(ParquetError) {
        try reader.begin()
        while let field = try reader.next() {
            switch field.id {
            case 1: version = try reader.int32(field)
            case 2:
                schema = try reader.structures(field) { (reader) throws(ParquetError) in
                    try SchemaElement(from: &reader)
                }
            case 3: rowCount = try reader.int64(field)
            case 4:
                rowGroups = try reader.structures(field) { (reader) throws(ParquetError) in
                    try RowGroupMetadata(from: &reader)
                }
            case 5: keyValues = try reader.structures(field, Self.keyValue)
            case 6: createdBy = try reader.string(field)
            case 7: hasTypeOrder = try reader.structures(field, Self.columnOrder)
            case 8:
                isEncrypted = true
                try reader.skip(field)
            default: try reader.skip(field)
            }
        }
        guard rowCount >= 0 else { throw .damaged("a file of \(rowCount) rows") }
    }

    private static func keyValue(
        _ reader: inout ThriftReader
    ) throws(ParquetError) -> (key: String, value: String?) {
        var (key, value): (String?, String?) = (nil, nil)
        try reader.begin()
        while let field = try reader.next() {
            switch field.id {
            case 1: key = try reader.string(field)
            case 2: value = try reader.string(field)
            default: try reader.skip(field)
            }
        }
        guard let key else { throw .damaged("key-value metadata without a key") }
        return (key, value)
    }

    private static func columnOrder(_ reader: inout ThriftReader) throws(ParquetError) -> Bool {
        var isTypeOrder = false
        try reader.begin()
        while let field = try reader.next() {
            if field.id == 1 { isTypeOrder = true }
            try reader.skip(field)
        }
        return isTypeOrder
    }

    func encoded() -> [UInt8] {
        var writer = ThriftWriter()
        writer.structure { writer in
            writer.int32(1, version)
            writer.structures(2, schema) { $1.write(to: &$0) }
            writer.int64(3, rowCount)
            writer.structures(4, rowGroups) { $1.write(to: &$0) }
            writer.structures(5, keyValues.isEmpty ? nil : keyValues) { writer, pair in
                writer.string(1, pair.key)
                writer.string(2, pair.value)
            }
            writer.string(6, createdBy)
            writer.structures(7, hasTypeOrder) { writer, isTypeOrder in
                writer.structure(isTypeOrder ? 1 : 2) { _ in }
            }
        }
        return writer.bytes
    }
}
