internal import CRDKafka
public import LakeModel
public import Logging

/// A consumer of a group, made to be driven by one thread.
///
/// Not `Sendable` and not locked: every method, `init` and `deinit` run on one thread (or strictly one after the
/// other). Only `wakeUp` may be used from elsewhere.
///
/// - Events come in batches of borrowed memory; nothing is allocated for an event.
/// - Positions come from the caller: the group's offsets are never read. A position that the broker does not have is
///   signalled, never replaced by another.
/// - A rebalance is a conversation: `.assigned` is answered by `start`, `.revoked` by `release`, when the caller is
///   ready.
/// - An event that is older than the position, or of a topic partition that is not owned, is dropped and counted in
///   `staleEventsDropped`.
/// - To hold back, poll with `eventsMax: 0`: librdkafka stops fetching when its queue is full, rebalances and
///   heartbeats go on. `pause` throws away what was fetched, and fetches it again on `resume`.
public final class KafkaConsumer {
    var handle: ConsumerHandle
    let bridge: LogBridge
    let headers = MessageHeaders()
    var sources = SourceTable()
    var batch = MessageBatch()
    var lookup: [SourceKey: Int32] = [:]
    /// Signals made outside of `poll`, which the next one returns.
    var pending: [ConsumerSignal] = []
    /// Assigned anew while they ran, and not heard of since: librdkafka takes a forward off again when it has stopped
    /// fetching, which it does in its own time.
    var unsettled: Set<TopicPartition> = []
    var isClosing = false
    var isClosed = false

    /// Events that came for a topic partition which is not owned, or from below its position; counted and dropped.
    public internal(set) var staleEventsDropped: Int64 = 0
    /// Events that came by the slow way, over the control queue; 0 but for races that librdkafka rules out.
    public internal(set) var strayEventCount: Int64 = 0

    /// Starts librdkafka's threads; connects as soon as there is something to do. Throws for wrong settings only.
    public init(_ settings: KafkaSettings, logger: Logger) throws(KafkaError) {
        let properties = try settings.consumerProperties()
        handle = try ConsumerHandle(properties, tokens: settings.tokens)
        bridge = LogBridge(logger: logger, redactor: Redactor(properties: properties))
    }

    /// Ends a waiting `poll` from any thread.
    public var wakeUp: KafkaWakeUp { handle.wakeUp }

    /// Joins the group for these topics. Names that begin with `^` are regular expressions (POSIX extended).
    ///
    /// A topic that does not exist yet is an `.error` signal, and is taken up when it appears.
    public func subscribe(_ topicsOrPatterns: [String]) throws(KafkaError) {
        let list = PartitionList(capacity: topicsOrPatterns.count)
        for topic in topicsOrPatterns { list.append(topic: topic) }
        try KafkaError.check(rd_kafka_subscribe(handle.client, list.pointer), "subscribe")
    }

    /// The index that `Event.source` carries for this topic partition; the same for the consumer's whole life.
    public func source(of partition: TopicPartition) -> Int32 {
        sources.index(of: partition)
    }

    /// The topic partition of an `Event.source`; nil for a number that was never given.
    public func topicPartition(of source: Int32) -> TopicPartition? {
        sources.partition(of: source)
    }

    /// The topic partitions between `start` and `release`.
    public var owned: [TopicPartition] { sources.owned }

    func error(_ code: rd_kafka_resp_err_t, _ operation: String, _ message: String? = nil) -> KafkaError {
        KafkaError(code, operation: operation, message: message, redactor: bridge.redactor)
    }
}

/// Tells the topic partition of a message without its topic's name.
///
/// The address stands for the topic as long as the topic partition is assigned, because librdkafka then keeps the
/// topic object; so the table of these keys is emptied with every change of the assignment.
struct SourceKey: Hashable {
    var topic: OpaquePointer
    var partition: Int32
}
