public import Catalog
public import LakeModel

/// A list of rewrites that do not touch each other, made from one snapshot. Schema: `schemas/compaction-plan.v1.json`.
public struct CompactionPlan: Hashable, Sendable, Codable {
    public static let currentFormat = 1

    public var format = Self.currentFormat
    public var table: String
    /// The version of the snapshot that it was made from.
    public var version: Int64
    /// By the planner's clock.
    public var at: Timestamp
    public var policy: CompactionPolicy
    public var groups: [CompactionGroup]

    public init(table: TableName, version: Int64, at: Timestamp, policy: CompactionPolicy, groups: [CompactionGroup]) {
        (self.table, self.version, self.at) = (table.description, version, at)
        (self.policy, self.groups) = (policy, groups)
    }

    public var bytes: Int64 { groups.reduce(0) { $0 &+ $1.bytes } }
    public var records: Int64 { groups.reduce(0) { $0 &+ $1.records } }
    public var inputs: Int { groups.reduce(0) { $0 + $1.inputs.count } }
    public var outputs: Int64 { groups.reduce(0) { $0 &+ $1.outputs } }
    public var requests: RequestCount { groups.reduce(into: RequestCount()) { $0 += $1.requests } }

    /// The groups of one slice of several; each group is in exactly one. Slices get about the same number of bytes.
    ///
    /// - `index`: 0 to `count - 1`.
    public func slice(_ index: Int, of count: Int) -> [CompactionGroup] {
        guard count > 1 else { return index == 0 ? groups : [] }
        var loads = Array(repeating: Int64(0), count: count)
        var chosen: Set<Int> = []
        // The largest first, each to the slice that has least so far.
        for group in groups.sorted(by: { ($1.bytes, $0.id) < ($0.bytes, $1.id) }) {
            guard let least = loads.indices.min(by: { loads[$0] < loads[$1] }) else { break }
            loads[least] &+= max(1, group.bytes)
            if least == index { chosen.insert(group.id) }
        }
        return groups.filter { chosen.contains($0.id) }
    }
}

/// Some objects of one partition and side that become fewer.
public struct CompactionGroup: Hashable, Sendable, Codable {
    /// Its number in the plan.
    public var id: Int
    public var side: TableSide
    public var partition: PartitionPath
    public var format: DataFormat
    public var outputFormat: DataFormat
    /// Paths of objects that were live when the plan was made.
    public var inputs: [String]
    public var bytes: Int64
    public var uncompressedBytes: Int64
    public var records: Int64
    /// How many objects it becomes, about.
    public var outputs: Int64
    public var requests: RequestCount

    enum CodingKeys: String, CodingKey {
        case id, side, partition, format
        case outputFormat = "output_format"
        case inputs, bytes
        case uncompressedBytes = "uncompressed_bytes"
        case records, outputs, requests
    }
}
