public import Compression

/// How the values of a column are laid out, where that is not left to the writer.
public enum ParquetColumnEncoding: Hashable, Sendable {
    /// By type and data: a dictionary while it pays, else differences for integers, separate lengths for byte arrays,
    /// split bytes for floating point.
    case automatic
    case plain
    case dictionary
    /// int32 and int64 only.
    case deltaBinaryPacked
    /// Byte arrays only.
    case deltaLengthByteArray
    /// Byte arrays only.
    case deltaByteArray
    /// Not for booleans and byte arrays.
    case byteStreamSplit
}

/// What is special about one column.
public struct ParquetColumnSettings: Hashable, Sendable {
    public var encoding: ParquetColumnEncoding
    public var hasBloomFilter: Bool
    public var hasStatistics: Bool

    public init(
        encoding: ParquetColumnEncoding = .automatic, hasBloomFilter: Bool = false, hasStatistics: Bool = true
    ) {
        (self.encoding, self.hasBloomFilter, self.hasStatistics) = (encoding, hasBloomFilter, hasStatistics)
    }
}

/// How a file is written; the defaults suit analytic readers.
public struct ParquetWriterSettings: Sendable {
    public enum PageVersion: Hashable, Sendable {
        /// Levels are compressed with the values; every reader takes it.
        case v1
        /// Levels stay uncompressed.
        case v2
    }

    public var compression = BlockCodec.zstd
    /// Of zstd or gzip.
    public var compressionLevel: Int32 = 3
    public var pageVersion = PageVersion.v1
    /// A page is cut when its values take this much before encoding.
    public var pageBytes = 1 << 20
    /// A page is cut at this many rows, so that the page index can prune.
    public var pageRows = 20_000
    /// A row group is cut when its finished pages, dictionaries and waiting values take this much.
    public var rowGroupBytes = 64 << 20
    public var rowGroupRows = 1 << 20
    /// Values of one column's dictionary at most.
    public var dictionaryBytes = 1 << 20
    /// Longer minima and maxima of byte arrays are cut.
    public var statisticsBytes = 64
    public var hasPageIndex = true
    public var hasChecksums = true
    /// By the column's name: its path joined by dots.
    public var columns: [String: ParquetColumnSettings] = [:]
    /// What the caller promises about the order of rows; not checked.
    public var sortingColumns: [ParquetSortingColumn] = []
    public var keyValues: [(key: String, value: String)] = []
    public var createdBy = "varve"

    public init() {}
}

/// What `close` tells of a file.
public struct ParquetFileSummary: Sendable {
    public struct Column: Sendable {
        public var path: [String]
        public var type: ParquetPhysicalType
        public var logicalType: ParquetLogicalType?
        /// Entries, nulls included.
        public var valueCount: Int64
        /// Entries without a value: nulls, and empty lists on the way.
        public var nullCount: Int64
        /// In plain encoding without a length; nil where the column has no order or no value. A bound where not exact.
        public var min: [UInt8]?
        public var max: [UInt8]?
        public var isMinExact: Bool
        public var isMaxExact: Bool
        public var compressedBytes: Int64
        public var uncompressedBytes: Int64

        /// `min` as a value; of an unsigned type its bits. Nil where there is none.
        public var minValue: ParquetValue? { min.flatMap { ParquetValue(plain: $0, type) } }
        /// `max` likewise.
        public var maxValue: ParquetValue? { max.flatMap { ParquetValue(plain: $0, type) } }
    }

    public var rowCount: Int64
    public var rowGroupCount: Int
    /// Of the whole file.
    public var bytes: Int64
    public var columns: [Column]

    /// Of all pages before compression.
    public var uncompressedBytes: Int64 { columns.reduce(0) { $0 + $1.uncompressedBytes } }
}
