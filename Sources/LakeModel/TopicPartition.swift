/// One partition of one Kafka topic. (A bare *partition* is always one of a lake table.)
public struct TopicPartition: Hashable, Sendable, Codable {
    public var topic: String
    public var partition: Int32

    public init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }
}

extension TopicPartition: Comparable {
    public static func < (a: TopicPartition, b: TopicPartition) -> Bool {
        a.topic == b.topic ? a.partition < b.partition : a.topic < b.topic
    }
}

extension TopicPartition: CustomStringConvertible {
    /// `orders/3`: unambiguous, as a Kafka topic name has no slash.
    public var description: String { "\(topic)/\(partition)" }
}

/// What one commit says of one topic partition: every event with an offset in `[from, to)` is in the lake now.
///
/// The commit is valid only where `from` equals the snapshot's next offset for this topic partition, or where the
/// snapshot does not know it yet. `events` can be less than `to - from`: transaction markers and compacted records
/// take offsets and carry no event.
public struct OffsetRange: Hashable, Sendable, Codable {
    public var topic: String
    public var partition: Int32
    public var from: Int64
    public var to: Int64
    /// How many events of this range the added objects hold, all lanes together.
    public var events: Int64
    /// The highest event time seen at offsets below `to`, since the table began.
    public var watermark: Timestamp?

    public init(_ source: TopicPartition, from: Int64, to: Int64, events: Int64, watermark: Timestamp? = nil) {
        (topic, partition) = (source.topic, source.partition)
        (self.from, self.to, self.events, self.watermark) = (from, to, events, watermark)
    }

    public var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }
}

/// What one data object holds of one topic partition: `count` events between offsets `first` and `last`, both in it.
public struct OffsetSpan: Hashable, Sendable, Codable {
    public var topic: String
    public var partition: Int32
    public var first: Int64
    public var last: Int64
    public var count: Int64

    public init(_ source: TopicPartition, first: Int64, last: Int64, count: Int64) {
        (topic, partition) = (source.topic, source.partition)
        (self.first, self.last, self.count) = (first, last, count)
    }

    public var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }
}
