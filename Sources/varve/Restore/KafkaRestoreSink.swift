import Formats
import Kafka
import LakeModel
import Logging
import Maintenance

/// Where restored events go, and how the restore's progress is kept there.
struct RestoreDestination: Sendable {
    enum Partitions: String, Sendable, CaseIterable {
        /// The partition that the event came from.
        case keep
        /// By the hash of the key, as Kafka's own clients do it.
        case key
    }

    var settings: KafkaSettings
    /// Nil for the topic that each event came from.
    var topic: String?
    var partitions = Partitions.keep
    /// Names the restore: its transactional id, and the group that keeps its progress.
    var name: String
    var isTransactional = true
    /// Lets the topic replace timestamps.
    var isLossy = false

    var group: String { "varve-restore-\(name)" }

    /// The topic that an event of this topic goes to.
    func topic(of source: String) -> String { topic ?? source }
}

/// Sends events to a topic, each batch in a transaction that keeps the progress as offsets of a group without members.
///
/// The progress is one line of text, cut into notes of 3,500 bytes, which stand beside the offsets of the target's
/// topic partitions. Without transactions the notes are written after the events: what was sent in between comes twice.
final class KafkaRestoreSink: RestoreSink {
    private let destination: RestoreDestination
    private let producer: KafkaProducer
    private let reader: KafkaConsumer
    /// The topic partitions that keep the notes, in order.
    private let carriers: [TopicPartition]
    private let points: Failpoints?
    private var isOpen = false
    /// Counts saves; the offset beside the notes.
    private var generation: Int64 = 0

    static let noteBytesMax = 3500
    private static let patience = Duration.seconds(180)

    /// - `carriers`: every topic partition that may receive events.
    init(
        _ destination: RestoreDestination, carriers: [TopicPartition], points: Failpoints?, logger: Logger
    ) throws(KafkaError) {
        (self.destination, self.carriers, self.points) = (destination, carriers.sorted(), points)
        var properties = Self.forProducers(destination.settings.properties)
        if destination.isTransactional || properties["enable.idempotence"] == nil {
            properties["enable.idempotence"] = "true"
        }
        properties["linger.ms"] = properties["linger.ms"] ?? "20"
        // What the lake holds was taken by a broker once; the target's own limit decides.
        properties["message.max.bytes"] = properties["message.max.bytes"] ?? "1000000000"
        if destination.partitions == .key { properties["partitioner"] = "murmur2_random" }
        if destination.isTransactional {
            properties["transactional.id"] = destination.group
            properties["transaction.timeout.ms"] = properties["transaction.timeout.ms"] ?? "60000"
        }
        producer = try KafkaProducer(
            brokers: destination.settings.brokers, clientID: "varve-restore", properties: properties,
            tokens: destination.settings.tokens, logger: logger)
        var settings = destination.settings
        settings.group = destination.group
        settings.instanceID = nil
        settings.properties = Self.forReaders(settings.properties)
        reader = try KafkaConsumer(settings, logger: logger)
    }

    var isExactlyOnce: Bool { destination.isTransactional }

    func open() throws -> String? {
        if isExactlyOnce { try retrying { () throws(KafkaError) in try producer.initTransactions() } }
        let kept = try reader.groupPositions(carriers, timeout: .seconds(30))
        let notes = carriers.compactMap { kept[$0].flatMap(RestoreNote.init) }
        guard let newest = notes.map(\.generation).max() else { return nil }
        generation = newest
        let parts = notes.filter { $0.generation == newest }.sorted { $0.index < $1.index }
        guard let count = parts.first?.count, parts.map(\.index) == Array(0..<count) else { return "" }
        return parts.map(\.text).joined()
    }

    func send(_ event: StoredEvent) throws {
        if isExactlyOnce, !isOpen {
            try producer.beginTransaction()
            isOpen = true
        }
        let source = event.topicPartition
        let keeps = destination.partitions == .keep && source.partition >= 0
        try producer.send(
            topic: destination.topic(of: source.topic), partition: keeps ? source.partition : nil, key: event.key,
            value: event.value, rawHeaders: event.headers.map { (name: $0.name, value: $0.value) },
            timestamp: event.timestamp?.milliseconds, timeout: Self.patience)
        points?.pass(.afterRestoreSend)
    }

    func save(_ state: String) throws {
        if isExactlyOnce, !isOpen {
            try producer.beginTransaction()
            isOpen = true
        }
        try producer.flush(timeout: Self.patience)
        guard producer.appendTimeCount == 0 || destination.isLossy else {
            throw CommandFailure(
                .configuration, "the topic gives events the time of now (message.timestamp.type=LogAppendTime)",
                at: destination.topic ?? "target", fix: "change the topic's setting, or give --lossy")
        }
        generation += 1
        let notes = try notes(state)
        points?.pass(.beforeRestoreSave)
        if isExactlyOnce {
            let group = destination.group
            try retrying { () throws(KafkaError) in try producer.sendPositions(notes, ofGroup: group) }
            try retrying { () throws(KafkaError) in try producer.commitTransaction() }
            isOpen = false
        } else {
            try retrying { () throws(KafkaError) in try reader.setGroupPositions(notes) }
        }
        points?.pass(.afterRestoreSave)
    }

    func abandon() {
        guard isOpen else { return producer.purge() }
        isOpen = false
        try? producer.abortTransaction(timeout: .seconds(10))
    }

    private func notes(_ state: String) throws -> [TopicPartition: GroupPosition] {
        let notes = RestoreNote.cut(state, generation: generation, bytesMax: Self.noteBytesMax)
        guard notes.count <= carriers.count else {
            throw CommandFailure(
                .usage, "the progress of so many topic partitions does not fit beside \(carriers.count) offsets",
                at: destination.topic ?? "target", fix: "restore with --topic and --partition, in several runs")
        }
        return Dictionary(
            uniqueKeysWithValues: zip(carriers, notes).map { carrier, note in
                (carrier, GroupPosition(offset: generation, note: note.encoded))
            })
    }

    /// Tries again while librdkafka says that this may help.
    private func retrying(_ body: () throws(KafkaError) -> Void) throws(KafkaError) {
        let deadline = ContinuousClock.now.advanced(by: Self.patience)
        while true {
            do throws(KafkaError) {
                return try body()
            } catch  where error.isRetriable && ContinuousClock.now < deadline {
                producer.poll(timeout: .milliseconds(200))
            }
        }
    }

    private static func forProducers(_ properties: [String: String]) -> [String: String] {
        let consumerOnly: Set = [
            "session.timeout.ms", "heartbeat.interval.ms", "max.poll.interval.ms", "auto.offset.reset",
            "isolation.level", "check.crcs", "fetch.error.backoff.ms", "max.partition.fetch.bytes",
            "partition.assignment.strategy", "auto.commit.interval.ms", "coordinator.query.interval.ms",
        ]
        let prefixes = ["enable.auto.", "enable.partition.", "fetch.", "group.", "queued.", "offset.store."]
        return properties.filter { name, _ in
            !consumerOnly.contains(name) && !prefixes.contains { name.hasPrefix($0) }
        }
    }

    private static func forReaders(_ properties: [String: String]) -> [String: String] {
        let producerOnly: Set = [
            "acks", "linger.ms", "batch.size", "batch.num.messages", "compression.codec", "compression.type",
            "compression.level", "partitioner", "enable.idempotence", "delivery.timeout.ms", "message.timeout.ms",
            "request.required.acks", "retries", "transactional.id", "transaction.timeout.ms",
        ]
        return properties.filter { name, _ in !producerOnly.contains(name) && !name.hasPrefix("queue.buffering.") }
    }
}

/// One piece of a restore's progress, as it stands beside an offset.
struct RestoreNote: Hashable {
    var generation: Int64
    var index: Int
    var count: Int
    var text: String

    static func cut(_ text: String, generation: Int64, bytesMax: Int) -> [RestoreNote] {
        let bytes = Array(text.utf8)
        let count = max(1, (bytes.count + bytesMax - 1) / bytesMax)
        return (0..<count).map { index in
            // The state is ASCII, so that no character is cut in two.
            let piece = bytes[min(index * bytesMax, bytes.count)..<min((index + 1) * bytesMax, bytes.count)]
            return RestoreNote(
                generation: generation, index: index, count: count, text: String(decoding: piece, as: UTF8.self))
        }
    }

    var encoded: String { "varve:\(index):\(count):\(text)" }

    init(generation: Int64, index: Int, count: Int, text: String) {
        (self.generation, self.index, self.count, self.text) = (generation, index, count, text)
    }

    init?(_ position: GroupPosition) {
        let parts = position.note.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "varve", let index = Int(parts[1]), let count = Int(parts[2]) else {
            return nil
        }
        self.init(generation: position.offset, index: index, count: count, text: String(parts[3]))
    }
}
