import Ingest
import Kafka
import LakeModel
import Logging
import Maintenance

/// What `doctor` and `verify --kafka` ask the brokers; joins no group and reads no events.
struct BrokerQuestions: Sendable {
    var settings: KafkaSettings
    var logger: Logger
    var timeout = Duration.seconds(10)
    /// Topic partitions of one question.
    private static let groupMax = 64

    /// The cluster's brokers and topics.
    func metadata() async throws -> KafkaMetadata {
        let (settings, logger, timeout) = (settings, logger, timeout)
        return try await onOwnThread(named: "brokers") {
            try KafkaAdmin(
                brokers: settings.brokers, properties: settings.properties, tokens: settings.tokens, logger: logger
            ).metadata(timeout: timeout)
        }
    }

    /// First and next offset of every partition of these topics; topics that the brokers do not know are absent.
    func offsets(ofTopics topics: Set<String>) async throws -> [TopicPartition: BrokerOffsets] {
        let known = try await metadata().topics.filter { topics.contains($0.name) && $0.error == nil }
        let names = known.flatMap { topic in
            topic.partitions.map { TopicPartition(topic: topic.name, partition: $0.number) }
        }
        let (settings, logger, timeout) = (settings, logger, timeout)
        return try await onOwnThread(named: "offsets") {
            let consumer = try KafkaConsumer(settings, logger: logger)
            var offsets: [TopicPartition: BrokerOffsets] = [:]
            for start in stride(from: 0, to: names.count, by: Self.groupMax) {
                let group = names[start..<min(start + Self.groupMax, names.count)]
                // In this order: what retention deletes in between leaves no first offset behind the end.
                let first = try consumer.offsets(at: .first, of: group, timeout: timeout)
                let end = try consumer.offsets(at: .end, of: group, timeout: timeout)
                for (name, low) in first { offsets[name] = BrokerOffsets(low: low, high: end[name] ?? low) }
            }
            return offsets
        }
    }
}
