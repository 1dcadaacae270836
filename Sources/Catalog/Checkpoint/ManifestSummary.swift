public import LakeModel

/// One manifest as a checkpoint list describes it: enough to know whether a query needs it.
public struct ManifestSummary: Hashable, Sendable, Codable {
    /// Relative to `<table>/_varve/checkpoint/`; a checkpoint may name a manifest in an earlier one's folder.
    public var path: String
    /// True for the one manifest whose objects wait to be sorted into the others; its range overlaps theirs.
    public var overflow: Bool
    /// Least and greatest partition of its objects.
    public var first: PartitionPath
    public var last: PartitionPath
    public var sides: [TableSide]
    public var objects: Int64
    public var bytes: Int64
    public var records: Int64
    /// Covers every object that has event times; nil where none has.
    public var eventTime: TimeSpan?
    /// True where some object has no event time, so that `eventTime` alone cannot rule the manifest out.
    public var untimed: Bool
    /// Least and greatest offset per topic partition; nil where there are too many topic partitions to list.
    public var offsets: [OffsetBounds]?
    /// CRC-64/NVME of the decompressed manifest, 16 lower-case hex digits.
    public var checksum: String

    enum CodingKeys: String, CodingKey {
        case path, overflow, first, last, sides, objects, bytes, records
        case eventTime = "event_time"
        case untimed, offsets, checksum
    }
}

/// The offsets of one topic partition that a manifest's objects lie in, both ends in it.
public struct OffsetBounds: Hashable, Sendable, Codable {
    public var topic: String
    public var partition: Int32
    public var first: Int64
    public var last: Int64

    public var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }
}
