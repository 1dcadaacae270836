public import LakeModel

/// Where events come from: Kafka in production, an in-memory broker in simulations.
///
/// Contract:
/// - Every call is made from one thread, the ingest thread; `poll` is the only one that waits for long.
/// - Events of one topic partition come in offset order, beginning at the offset given to `start` or `seek`. Offsets
///   may have gaps. Nothing that was fetched before a `seek`, a `release` or a newer `start` is delivered after it.
/// - Rebalancing is a conversation: after `.assigned` nothing flows until `start`; after `.revoked` the source keeps
///   the partitions until `release`, so that their events can be committed first.
public protocol EventSource: AnyObject {
    /// Waits up to `timeout` for events, hands them over in borrowed batches, and returns what else happened, in order.
    func poll(timeout: Duration, eventsMax: Int, _ receive: (EventBatch) -> Void) throws(SourceError) -> [SourceSignal]

    /// The index that events of this topic partition carry; dense, and the same for the life of the source.
    func index(of topicPartition: TopicPartition) -> Int32

    /// Turns a start position into an offset for each topic partition; leaves out those whose broker is away.
    func resolve(_ position: StartPosition, for topicPartitions: [TopicPartition])
        throws(SourceError) -> [TopicPartition: Int64]

    /// The offset after the last event of each topic partition, now; leaves out those whose broker is away.
    func endOffsets(of topicPartitions: [TopicPartition]) throws(SourceError) -> [TopicPartition: Int64]

    /// The same, asked once of all of them together and for no longer than `timeout`; nil where one did not answer.
    func currentEnds(of topicPartitions: [TopicPartition], timeout: Duration) -> [TopicPartition: Int64]?

    /// The end of a topic partition as last heard of, without asking; nil where nothing was heard.
    func knownEnd(of topicPartition: TopicPartition) -> Int64?

    /// Answers `.assigned`: events flow from these offsets on.
    func start(_ offsets: [TopicPartition: Int64]) throws(SourceError)

    /// Answers `.revoked`.
    func release(_ topicPartitions: [TopicPartition]) throws(SourceError)

    func seek(_ topicPartition: TopicPartition, to offset: Int64) throws(SourceError)

    func pause(_ topicPartitions: [TopicPartition]) throws(SourceError)
    func resume(_ topicPartitions: [TopicPartition]) throws(SourceError)

    /// Tells the source how far the lake has come, for lag tools only. Never trusted, never waited for.
    func hint(_ offsets: [TopicPartition: Int64])

    /// Leaves the group. `.revoked` and then `.closed` follow from `poll`.
    func close()
}

/// Where to begin with a topic partition that the catalog has never seen.
public enum StartPosition: Hashable, Sendable {
    case earliest
    case latest
    /// The first event at or after this time.
    case at(Timestamp)
}

public enum SourceSignal: Sendable {
    case assigned([TopicPartition])
    /// `lost`: they are gone already and may have a new owner.
    case revoked([TopicPartition], lost: Bool)
    /// Nothing more to read for now; `position` is the next offset, after any transaction markers.
    case reachedEnd(TopicPartition, position: Int64)
    /// The broker does not have this offset: retention passed it, or the topic was made anew.
    case outOfRange(TopicPartition, offset: Int64)
    /// The broker will not hand over what it has of a topic partition, as where a right was taken away. Said once; a
    /// negative partition stands for the whole topic.
    case refused(TopicPartition, String)
    /// Passing trouble, worth a line in the log. `isOutage`: no broker has been heard of lately, so that nobody knows
    /// what waits there; repeated at least every minute while it lasts.
    case trouble(String, isOutage: Bool)
    case closed
}

/// The source cannot go on.
public struct SourceError: Error, Sendable, CustomStringConvertible {
    /// One line: what, where, what to do.
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
