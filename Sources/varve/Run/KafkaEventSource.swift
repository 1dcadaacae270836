import Ingest
import Kafka
import LakeModel

/// Lets the ingest loop read from Kafka: the one place where both are known.
final class KafkaEventSource: EventSource {
    private let consumer: KafkaConsumer
    /// Topic partitions of one question.
    private static let groupMax = 64
    private var questions = LeaderQuestions()
    private let startedAt = ContinuousClock.now
    /// Set when the last broker has gone, until one of them tells anything.
    private var isOutage = false

    /// Set by tests that kill the process at a chosen step.
    private let failpoints: Failpoints?

    init(_ consumer: KafkaConsumer, failpoints: Failpoints? = nil) {
        (self.consumer, self.failpoints) = (consumer, failpoints)
    }

    func poll(timeout: Duration, eventsMax: Int, _ receive: (EventBatch) -> Void) throws(SourceError) -> [SourceSignal]
    {
        let signals = consumer.poll(timeout: timeout, eventsMax: eventsMax) { batch in
            isOutage = false
            receive(batch)
            failpoints?.pass(.afterPoll)
        }
        guard !signals.isEmpty else { return [] }
        var translated: [SourceSignal] = []
        for signal in signals {
            if let signal = try translate(signal) { translated.append(signal) }
        }
        return translated
    }

    private func translate(_ signal: ConsumerSignal) throws(SourceError) -> SourceSignal? {
        switch signal {
        case .assigned(let names): return .assigned(names)
        case .revoked(let names, let lost): return .revoked(names, lost: lost)
        case .reachedEnd(let name, let offset):
            isOutage = false
            return .reachedEnd(name, position: offset)
        case .offsetOutOfRange(let name, let requested, _): return .outOfRange(name, offset: requested)
        case .statistics: return nil
        case .closed: return .closed
        case .error(let error, let name):
            if error.isFatal { throw SourceError(error.description) }
            // Going on would commit past them. Read again, from the catalog's offset, they may be whole.
            if let name, error.skipsEvents {
                throw SourceError("events of \(name) cannot be read and would be skipped: \(error)")
            }
            if let name, !error.isUnanswered { return .refused(name, error.description) }
            // librdkafka says so once; what follows while it tries them again tells of one broker each.
            isOutage = isOutage || error.code == .allBrokersDown
            return .trouble(name.map { "\($0): \(error)" } ?? error.description, isOutage: isOutage)
        }
    }

    func index(of name: TopicPartition) -> Int32 { consumer.source(of: name) }

    func resolve(_ position: StartPosition, for names: [TopicPartition]) throws(SourceError) -> [TopicPartition: Int64]
    {
        switch position {
        case .earliest:
            return try edges(.first, of: names)
        case .latest:
            return try edges(.end, of: names)
        case .at(let time):
            let found = try firstOffsets(names, at: time)
            // A topic partition without an event at or after the time starts at its end.
            let missing = found.filter { $0.value < 0 }.map(\.key)
            return found.filter { $0.value >= 0 }.merging(try edges(.end, of: missing)) { $1 }
        }
    }

    /// Of the first events at or after a time; -1 where there is none.
    private func firstOffsets(_ names: [TopicPartition], at time: Timestamp) throws(SourceError)
        -> [TopicPartition: Int64]
    {
        let now = { [startedAt] in startedAt.duration(to: .now) }
        return try questions.ask(names, groupMax: Self.groupMax, now: now) { group, timeout throws(SourceError) in
            let times = Dictionary(group.map { ($0, time.milliseconds) }) { first, _ in first }
            let found = try ifAnswered { () throws(KafkaError) in
                try consumer.offsets(forTimes: times, timeout: timeout)
            }
            return found.map { found in times.mapValues { _ in -1 }.merging(found) { $1 } }
        }
    }

    func endOffsets(of names: [TopicPartition]) throws(SourceError) -> [TopicPartition: Int64] {
        try edges(.end, of: names)
    }

    func currentEnds(of names: [TopicPartition], timeout: Duration) -> [TopicPartition: Int64]? {
        // Whatever the reason, nobody has said where they end.
        try? consumer.offsets(at: .end, of: names, timeout: timeout)
    }

    func knownEnd(of name: TopicPartition) -> Int64? {
        // -1001 (invalid) before the first fetch.
        consumer.cachedWatermarks(name).flatMap { $0.high >= 0 ? $0.high : nil }
    }

    private func edges(_ edge: LogEdge, of names: [TopicPartition]) throws(SourceError) -> [TopicPartition: Int64] {
        let now = { [startedAt] in startedAt.duration(to: .now) }
        return try questions.ask(names, groupMax: Self.groupMax, now: now) { group, timeout throws(SourceError) in
            try ifAnswered { () throws(KafkaError) in
                try consumer.offsets(at: edge, of: group, timeout: timeout)
            }
        }
    }

    /// Nil where brokers could not answer now: they are asked again later.
    private func ifAnswered<Answer>(_ question: () throws(KafkaError) -> Answer) throws(SourceError) -> Answer? {
        do throws(KafkaError) {
            return try question()
        } catch {
            guard error.isUnanswered else { throw SourceError(error.description) }
            return nil
        }
    }

    func start(_ offsets: [TopicPartition: Int64]) throws(SourceError) {
        let positions = offsets.sorted { $0.key < $1.key }.map { ($0.key, StartOffset.at($0.value)) }
        try asking { () throws(KafkaError) in try consumer.start(positions) }
    }

    func release(_ names: [TopicPartition]) throws(SourceError) {
        try asking { () throws(KafkaError) in try consumer.release(names) }
    }

    func seek(_ name: TopicPartition, to offset: Int64) throws(SourceError) {
        try asking { () throws(KafkaError) in try consumer.seek(name, to: offset) }
    }

    func pause(_ names: [TopicPartition]) throws(SourceError) {
        try asking { () throws(KafkaError) in try consumer.pause(names) }
    }

    func resume(_ names: [TopicPartition]) throws(SourceError) {
        try asking { () throws(KafkaError) in try consumer.resume(names) }
    }

    func hint(_ offsets: [TopicPartition: Int64]) {
        failpoints?.pass(.beforeHint)
        consumer.commitHint(offsets)
    }

    func close() {
        // Where leaving fails the broker evicts the member by itself; the loop ends by its deadline.
        try? consumer.beginClose()
    }

    private func asking<Value>(_ question: () throws(KafkaError) -> Value) throws(SourceError) -> Value {
        do throws(KafkaError) {
            return try question()
        } catch {
            throw SourceError(error.description)
        }
    }
}
