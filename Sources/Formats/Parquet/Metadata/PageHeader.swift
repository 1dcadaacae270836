/// What stands before each page (parquet.thrift, `PageHeader` and what it holds, flattened).
struct PageHeader {
    enum Kind: Int32 {
        case data = 0
        case index = 1
        case dictionary = 2
        case dataV2 = 3
    }

    /// Nil for a kind that this reader does not know; such pages are skipped.
    var kind: Kind?
    var uncompressedBytes: Int32 = 0
    var compressedBytes: Int32 = 0
    var crc: UInt32?
    var valueCount: Int32 = 0
    var encoding: Int32 = 0
    var definitionEncoding: Int32 = ParquetEncoding.rle.rawValue
    var repetitionEncoding: Int32 = ParquetEncoding.rle.rawValue
    var nullCount: Int32?
    var rowCount: Int32?
    var definitionBytes: Int32 = 0
    var repetitionBytes: Int32 = 0
    var isCompressed = true

    init() {}

    init(from reader: inout ThriftReader) throws(ParquetError) {
        var type: Int32?
        var (uncompressed, compressed): (Int32?, Int32?) = (nil, nil)
        try reader.begin()
        while let field = try reader.next() {
            switch field.id {
            case 1: type = try reader.int32(field)
            case 2: uncompressed = try reader.int32(field)
            case 3: compressed = try reader.int32(field)
            case 4: crc = UInt32(bitPattern: try reader.int32(field))
            case 5, 7: try readData(&reader, field)
            case 8: try readDataV2(&reader, field)
            default: try reader.skip(field)
            }
        }
        guard let type, let uncompressed, let compressed, uncompressed >= 0, compressed >= 0, valueCount >= 0 else {
            throw .damaged("a page header without its sizes, or with negative ones")
        }
        (kind, uncompressedBytes, compressedBytes) = (Kind(rawValue: type), uncompressed, compressed)
        guard definitionBytes >= 0, repetitionBytes >= 0, (nullCount ?? 0) >= 0, (nullCount ?? 0) <= valueCount,
            Int(definitionBytes) + Int(repetitionBytes) <= Int(min(uncompressed, compressed))
        else { throw .damaged("a page header whose counts do not fit each other") }
    }

    /// `DataPageHeader` and `DictionaryPageHeader` begin alike.
    private mutating func readData(_ reader: inout ThriftReader, _ field: ThriftReader.Field) throws(ParquetError) {
        let isDictionary = field.id == 7
        try reader.begin(field)
        while let field = try reader.next() {
            switch field.id {
            case 1: valueCount = try reader.int32(field)
            case 2: encoding = try reader.int32(field)
            case 3 where !isDictionary: definitionEncoding = try reader.int32(field)
            case 4 where !isDictionary: repetitionEncoding = try reader.int32(field)
            default: try reader.skip(field)
            }
        }
    }

    private mutating func readDataV2(_ reader: inout ThriftReader, _ field: ThriftReader.Field) throws(ParquetError) {
        try reader.begin(field)
        while let field = try reader.next() {
            switch field.id {
            case 1: valueCount = try reader.int32(field)
            case 2: nullCount = try reader.int32(field)
            case 3: rowCount = try reader.int32(field)
            case 4: encoding = try reader.int32(field)
            case 5: definitionBytes = try reader.int32(field)
            case 6: repetitionBytes = try reader.int32(field)
            case 7: isCompressed = try reader.bool(field)
            default: try reader.skip(field)
            }
        }
    }

    func encoded() -> [UInt8] {
        var writer = ThriftWriter()
        writer.structure { writer in
            writer.int32(1, kind?.rawValue)
            writer.int32(2, uncompressedBytes)
            writer.int32(3, compressedBytes)
            writer.int32(4, crc.map { Int32(bitPattern: $0) })
            switch kind {
            case .data:
                writer.structure(5) { data in
                    data.int32(1, valueCount)
                    data.int32(2, encoding)
                    data.int32(3, definitionEncoding)
                    data.int32(4, repetitionEncoding)
                }
            case .dictionary:
                writer.structure(7) { dictionary in
                    dictionary.int32(1, valueCount)
                    dictionary.int32(2, encoding)
                }
            case .dataV2:
                writer.structure(8) { data in
                    data.int32(1, valueCount)
                    data.int32(2, nullCount ?? 0)
                    data.int32(3, rowCount ?? 0)
                    data.int32(4, encoding)
                    data.int32(5, definitionBytes)
                    data.int32(6, repetitionBytes)
                    data.bool(7, isCompressed)
                }
            case .index, nil: break
            }
        }
        return writer.bytes
    }
}
