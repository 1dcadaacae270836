import Kafka
import LakeModel
import Logging
import TestSupport
import Testing

/// An event that outlives its batch.
struct CopiedEvent: Hashable {
    struct Header: Hashable {
        var name: String
        var value: [UInt8]?
    }

    var source: TopicPartition
    var offset: Int64
    var key: [UInt8]?
    var value: [UInt8]?
    var headers: [Header]
    var timestamp: Int64
    var timestampType: TimestampType

    var text: String { String(decoding: value ?? [], as: UTF8.self) }
}

/// A consumer with somebody to drive it: answers assignments at once, keeps events and signals.
///
/// Revocations are answered at once too, unless `holdsRevocations`.
final class Reader {
    let consumer: KafkaConsumer
    var startAt: (TopicPartition) -> StartOffset = { _ in .beginning }
    var holdsRevocations = false
    private(set) var events: [CopiedEvent] = []
    private(set) var signals: [ConsumerSignal] = []
    private(set) var ended: [TopicPartition: Int64] = [:]
    private(set) var heldRevocations: [[TopicPartition]] = []

    init(_ settings: KafkaSettings, topics: [String] = [], log: Logger = quietLog) throws {
        consumer = try KafkaConsumer(settings, logger: log)
        if !topics.isEmpty { try consumer.subscribe(topics) }
    }

    func pollOnce(timeout: Duration = .milliseconds(20), eventsMax: Int = 1000) throws {
        let new = consumer.poll(timeout: timeout, eventsMax: eventsMax) { batch in
            for event in batch.events { events.append(copy(event, batch.headers)) }
        }
        for signal in new {
            signals.append(signal)
            switch signal {
            case .assigned(let partitions):
                try consumer.start(partitions.map { ($0, startAt($0)) })
            case .revoked(let partitions, _):
                if holdsRevocations {
                    heldRevocations.append(partitions)
                } else {
                    try consumer.release(partitions)
                }
            case .reachedEnd(let partition, let offset):
                ended[partition] = offset
            default: break
            }
        }
    }

    /// Gives back what was held; what the reader does once its events are safe.
    func releaseHeld() throws {
        for partitions in heldRevocations { try consumer.release(partitions) }
        heldRevocations = []
    }

    /// Polls until the condition holds; fails the test after the deadline.
    func poll(until what: String, deadline: Duration = .seconds(40), _ condition: () -> Bool) throws {
        try pollTogether([self], until: what, deadline: deadline, condition)
    }

    private func copy(_ event: Event, _ headers: any EventHeaders) -> CopiedEvent {
        var copied: [CopiedEvent.Header] = []
        headers.forEachHeader(of: event) { name, value in
            copied.append(.init(name: String(decoding: name, as: UTF8.self), value: value.map { Array($0) }))
        }
        return CopiedEvent(
            source: consumer.topicPartition(of: event.source) ?? TopicPartition(topic: "?", partition: -1),
            offset: event.offset, key: event.key.map { Array($0) }, value: event.value.map { Array($0) },
            headers: copied, timestamp: event.timestamp, timestampType: event.timestampType)
    }
}

/// Polls several readers in turn, on this thread.
func pollTogether(
    _ readers: [Reader], until what: String, deadline: Duration = .seconds(40), _ condition: () -> Bool
) throws {
    let end = ContinuousClock.now.advanced(by: deadline * patience)
    while !condition() {
        guard ContinuousClock.now < end else {
            let signals = readers.map { "\($0.signals.suffix(5))" }.joined(separator: " | ")
            throw Late(description: "not within \(deadline * patience): \(what); last signals: \(signals)")
        }
        for reader in readers { try reader.pollOnce(timeout: .milliseconds(readers.count > 1 ? 5 : 20)) }
    }
}

struct Late: Error, CustomStringConvertible {
    var description: String
}

/// Says nothing unless something is badly wrong.
let quietLog: Logger = {
    var logger = Logger(label: "kafka-tests") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .critical
    return logger
}()

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension MockCluster {
    func settings(group: String, _ properties: [String: String] = [:]) -> KafkaSettings {
        // The mock's shortest: a rebalance waits for members that went away.
        let quick = ["session.timeout.ms": "6000", "heartbeat.interval.ms": "500"]
        return KafkaSettings(
            brokers: brokers, group: group, reportsEnd: true, properties: quick.merging(properties) { $1 })
    }

    /// A topic with numbered events, `count` in each topic partition: "0", "1", ….
    func fill(_ topic: String, partitions: Int, count: Int) throws {
        try createTopic(topic, partitions: partitions)
        let producer = try KafkaProducer(brokers: brokers, logger: quietLog)
        for number in 0..<count {
            for partition in 0..<partitions {
                try producer.send(topic: topic, partition: Int32(partition), value: bytes("\(number)"))
            }
        }
        try producer.flush()
    }
}

extension ConsumerSignal {
    var assigned: [TopicPartition]? { if case .assigned(let list) = self { list } else { nil } }
    var revoked: [TopicPartition]? { if case .revoked(let list, _) = self { list } else { nil } }
    var error: KafkaError? { if case .error(let error, _) = self { error } else { nil } }
    var isClosed: Bool { if case .closed = self { true } else { false } }
    var outOfRange: (source: TopicPartition, requested: Int64)? {
        if case .offsetOutOfRange(let source, let requested, _) = self { (source, requested) } else { nil }
    }
}
