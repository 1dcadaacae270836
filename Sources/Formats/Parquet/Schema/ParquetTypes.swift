/// How values are stored (parquet.thrift, `Type`).
public enum ParquetPhysicalType: Int32, Hashable, Sendable, CaseIterable {
    case boolean = 0
    case int32 = 1
    case int64 = 2
    /// Deprecated, read only: nanoseconds of the day and a Julian day.
    case int96 = 3
    case float = 4
    case double = 5
    case byteArray = 6
    case fixedLengthByteArray = 7
}

/// Whether a field has one value, at most one, or any number (parquet.thrift, `FieldRepetitionType`).
public enum ParquetRepetition: Int32, Hashable, Sendable {
    case required = 0
    case optional = 1
    case repeated = 2
}

public enum ParquetTimeUnit: Hashable, Sendable, CaseIterable {
    case milliseconds, microseconds, nanoseconds
}

/// What stored values mean (parquet-format, LogicalTypes.md).
public enum ParquetLogicalType: Hashable, Sendable {
    /// UTF-8 in a byte array.
    case string
    case map
    case list
    /// UTF-8 in a byte array, one of a fixed set of names.
    case enumeration
    /// An unscaled integer, in int32, int64 or big-endian bytes.
    case decimal(precision: Int32, scale: Int32)
    /// Days since 1970-01-01 in an int32.
    case date
    /// Since midnight: milliseconds in an int32, the finer ones in an int64.
    case time(ParquetTimeUnit, isUTC: Bool)
    /// Since 1970 in an int64; one that is not UTC is a wall clock's reading without a zone.
    case timestamp(ParquetTimeUnit, isUTC: Bool)
    case integer(bits: Int8, isSigned: Bool)
    /// Every value is null.
    case null
    case json
    case bson
    /// 16 bytes, big-endian.
    case uuid
    /// IEEE 754 half precision in 2 bytes, little-endian.
    case float16
    /// Months, days, milliseconds in 12 bytes.
    case interval
    /// One that this reader knows the number of, not the meaning; values come as they are stored.
    case other(Int16)
}

/// How the values of a page are laid out (parquet-format, Encodings.md).
public enum ParquetEncoding: Int32, Hashable, Sendable {
    case plain = 0
    case plainDictionary = 2
    case rle = 3
    case bitPacked = 4
    case deltaBinaryPacked = 5
    case deltaLengthByteArray = 6
    case deltaByteArray = 7
    case rleDictionary = 8
    case byteStreamSplit = 9
}
