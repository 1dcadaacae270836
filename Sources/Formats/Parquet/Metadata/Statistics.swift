/// Statistics as they are stored (parquet.thrift, `Statistics`); values are in plain encoding without a length.
struct StoredStatistics {
    var nullCount: Int64?
    var distinctCount: Int64?
    var max: [UInt8]?
    var min: [UInt8]?
    var isMaxExact: Bool?
    var isMinExact: Bool?
    /// The fields of old, whose order of byte arrays nobody fixed; only signed numbers can be trusted.
    var legacyMax: [UInt8]?
    var legacyMin: [UInt8]?

    init() {}

    init(from reader: inout ThriftReader, _ field: ThriftReader.Field) throws(ParquetError) {
        try reader.begin(field)
        while let field = try reader.next() {
            switch field.id {
            case 1: legacyMax = try reader.binary(field)
            case 2: legacyMin = try reader.binary(field)
            case 3: nullCount = try reader.int64(field)
            case 4: distinctCount = try reader.int64(field)
            case 5: max = try reader.binary(field)
            case 6: min = try reader.binary(field)
            case 7: isMaxExact = try reader.bool(field)
            case 8: isMinExact = try reader.bool(field)
            default: try reader.skip(field)
            }
        }
    }

    func write(to writer: inout ThriftWriter) {
        writer.int64(3, nullCount)
        writer.int64(4, distinctCount)
        writer.binary(5, max)
        writer.binary(6, min)
        writer.bool(7, isMaxExact)
        writer.bool(8, isMinExact)
    }
}
