/// One atomic change of a table: the content of `_varve/log/<version>.json`. Schema: `schemas/commit.v1.json`.
public struct Commit: Hashable, Sendable, Codable {
    /// The newest format that this program reads.
    public static let currentFormat = 2

    /// The format's version; a reader refuses one that is newer than its own. What adds adopted objects is 2: programs
    /// that know 1 only would look for their bytes in the wrong place. All else is written as 1.
    public var format: Int
    public var version: Int64
    public var id: CommitID
    /// The commit that this one follows; nil for version 1. Readers check the chain.
    public var parent: CommitID?
    public var kind: CommitKind
    /// The writer's clock, for people; no rule depends on it.
    public var at: Timestamp
    public var writer: WriterIdentity
    public var reason: String?
    /// How the table is laid out; present in version 1 and wherever it changes.
    public var layout: TableLayout?
    public var offsets: [OffsetRange]
    public var add: [DataObject]
    /// Paths of live objects that leave the table with this commit.
    public var remove: [String]
    /// What `remove` takes away, per side, so that totals can be kept without looking the objects up.
    public var removed: [SideTotals]
    /// Only in vacuum commits: an object uploaded before this (store clock) and never committed is dead.
    public var horizon: Timestamp?
    /// Hours declared complete by this commit.
    public var closed: [LakeHour]

    public init(
        version: Int64, id: CommitID, parent: CommitID?, kind: CommitKind, at: Timestamp, writer: WriterIdentity,
        reason: String? = nil, layout: TableLayout? = nil, offsets: [OffsetRange] = [], add: [DataObject] = [],
        remove: [String] = [], removed: [SideTotals] = [], horizon: Timestamp? = nil, closed: [LakeHour] = []
    ) {
        format = add.contains { $0.adopted != nil } ? 2 : 1
        (self.version, self.id, self.parent, self.kind) = (version, id, parent, kind)
        (self.at, self.writer, self.reason, self.layout) = (at, writer, reason, layout)
        (self.offsets, self.add, self.remove, self.removed) = (offsets, add, remove, removed)
        (self.horizon, self.closed) = (horizon, closed)
    }
}

public enum CommitKind: String, Sendable, Codable, CaseIterable {
    case append, compact, lifecycle, vacuum, erase, adopt
}

/// Counts of data objects and what they hold, on one side of a table.
public struct SideTotals: Hashable, Sendable, Codable {
    public var side: TableSide
    public var objects: Int64
    public var bytes: Int64
    public var uncompressedBytes: Int64
    public var records: Int64

    public init(
        side: TableSide, objects: Int64 = 0, bytes: Int64 = 0, uncompressedBytes: Int64 = 0, records: Int64 = 0
    ) {
        (self.side, self.objects, self.bytes) = (side, objects, bytes)
        (self.uncompressedBytes, self.records) = (uncompressedBytes, records)
    }

    enum CodingKeys: String, CodingKey {
        case side, objects, bytes
        case uncompressedBytes = "uncompressed_bytes"
        case records
    }
}

/// Who wrote a commit: enough to find its logs, nothing secret.
public struct WriterIdentity: Hashable, Sendable, Codable {
    /// Unique for one start of one process.
    public var id: String
    public var host: String
    /// Program version, `varve 0.1.0`.
    public var program: String

    public init(id: String, host: String, program: String) {
        (self.id, self.host, self.program) = (id, host, program)
    }
}

/// How a table's events map to partitions.
public struct TableLayout: Hashable, Sendable, Codable {
    public enum Granularity: String, Sendable, Codable, CaseIterable { case hour, day }

    public var granularity: Granularity
    /// IANA name; dates and hours of partitions are in this zone.
    public var zone: String
    public var shards: Int
    /// `kafka`, `field:/pointer` or `header:name`.
    public var time: String
    /// `partition`, `key` or `field:/pointer`.
    public var shardBy: String

    public init(granularity: Granularity, zone: String, shards: Int, time: String, shardBy: String) {
        (self.granularity, self.zone, self.shards) = (granularity, zone, shards)
        (self.time, self.shardBy) = (time, shardBy)
    }

    enum CodingKeys: String, CodingKey {
        case granularity, zone, shards, time
        case shardBy = "shard_by"
    }
}

/// 128 random bits as 32 lower-case hex digits.
public struct CommitID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let description: String

    public init(using random: inout some RandomNumberGenerator) {
        description = hex(random.next() as UInt64) + hex(random.next() as UInt64)
    }

    /// Nil unless `text` is 32 lower-case hex digits.
    public init?(_ text: String) {
        guard text.utf8.count == 32, text.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else { return nil }
        description = text
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = CommitID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a commit id: \(text)")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// 16 lower-case hex digits.
public func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
