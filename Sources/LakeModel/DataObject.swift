/// An immutable compressed file of events, as the catalog describes it. Schema: `schemas/data-object.v1.json`.
public struct DataObject: Hashable, Sendable, Codable {
    /// Relative to the table's folder: `data/date=2026-11-21/hour=05/shard=0003/<name>.ndjson.zst`.
    public var path: String
    public var side: TableSide
    public var partition: PartitionPath
    public var format: DataFormat
    /// Size in the store.
    public var bytes: Int64
    public var uncompressedBytes: Int64
    public var records: Int64
    /// Least and greatest event time of its records; nil where no record has one.
    public var eventTime: TimeSpan?
    /// What it holds of each topic partition, in order of topic and partition.
    public var offsets: [OffsetSpan]
    public var checksum: Checksum
    public var schemaID: String?
    /// The store's own clock at the first request of its upload, or before it; vacuum's horizon is compared with it.
    public var uploadedAt: Timestamp
    /// Sorted labels such as `late`.
    public var tags: [String]
    /// Bounds of some columns, in formats that have columns.
    public var columns: [ColumnStatistics]?
    /// Where its bytes are if they are not at its path: another program wrote them. Lines of payloads always.
    public var adopted: AdoptedFile?

    public init(
        path: String, side: TableSide = .main, partition: PartitionPath, format: DataFormat, bytes: Int64,
        uncompressedBytes: Int64, records: Int64, eventTime: TimeSpan?, offsets: [OffsetSpan], checksum: Checksum,
        schemaID: String? = nil, uploadedAt: Timestamp, tags: [String] = [], columns: [ColumnStatistics] = [],
        adopted: AdoptedFile? = nil
    ) {
        (self.path, self.side, self.partition, self.format) = (path, side, partition, format)
        (self.bytes, self.uncompressedBytes, self.records) = (bytes, uncompressedBytes, records)
        (self.eventTime, self.offsets, self.checksum) = (eventTime, offsets, checksum)
        (self.schemaID, self.uploadedAt, self.tags) = (schemaID, uploadedAt, tags)
        self.columns = columns.isEmpty ? nil : columns
        self.adopted = adopted
    }

    enum CodingKeys: String, CodingKey {
        case path, side, partition, format, bytes, columns, adopted
        case uncompressedBytes = "uncompressed_bytes"
        case records
        case eventTime = "event_time"
        case offsets, checksum
        case schemaID = "schema_id"
        case uploadedAt = "uploaded_at"
        case tags
    }
}

/// A table and the tables attached to it. They share one log, so that an event moves to exactly one of them in the
/// same commit that advances its offset.
public enum TableSide: String, Sendable, Codable, CaseIterable {
    /// `<table>/data/…`
    case main
    /// `<table>/late/…`: late events, where the policy is `separate`. Addressed as table `<table>.late`.
    case late
    /// `<table>/dead_letter/…`: events that could not be placed. Addressed as table `<table>.dead_letter`.
    case deadLetter = "dead_letter"

    /// The first segment of the paths of its objects.
    public var folder: String { self == .main ? "data" : rawValue }
}

public enum DataFormat: String, Sendable, Codable, CaseIterable {
    case envelope, value, parquet

    /// What an object's name ends with.
    public var fileExtension: String {
        switch self {
        case .envelope, .value: "ndjson.zst"
        case .parquet: "parquet"
        }
    }
}

public struct TimeSpan: Hashable, Sendable, Codable {
    public var min: Timestamp
    public var max: Timestamp

    public init(min: Timestamp, max: Timestamp) {
        (self.min, self.max) = (min, max)
    }
}

/// A checksum of an object's bytes as they stand in the store.
public struct Checksum: Hashable, Sendable, Codable {
    public enum Algorithm: String, Sendable, Codable, CaseIterable {
        case crc32c, crc64nvme, sha256
    }

    public var algorithm: Algorithm
    /// Lower-case hex, the most significant byte first.
    public var value: String

    public init(algorithm: Algorithm, value: String) {
        (self.algorithm, self.value) = (algorithm, value)
    }
}
