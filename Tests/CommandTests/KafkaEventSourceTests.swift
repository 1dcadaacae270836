import Ingest
import Kafka
import LakeModel
import Logging
import TestSupport
import Testing

@testable import varve

@Suite("The writer's source")
struct KafkaEventSourceTests {
    private let names = (0..<3).map { TopicPartition(topic: "orders", partition: $0) }

    private let log: Logger = {
        var log = Logger(label: "source") { StreamLogHandler.standardError(label: $0) }
        log.logLevel = .critical
        return log
    }()

    private func source(_ cluster: MockCluster, topics: [String] = []) throws -> KafkaEventSource {
        let consumer = try KafkaConsumer(KafkaSettings(brokers: cluster.brokers, group: "varve"), logger: log)
        if !topics.isEmpty { try consumer.subscribe(topics) }
        return KafkaEventSource(consumer)
    }

    @Test("leaves out a topic partition without a leader, and answers for the others")
    func leaderless() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("orders", partitions: 3)
        try cluster.moveLeader(ofTopic: "orders", partition: 1, toBroker: -1)
        let source = try source(cluster)
        for position in [StartPosition.earliest, .latest, .at(Timestamp(milliseconds: 0))] {
            #expect(try source.resolve(position, for: names) == [names[0]: 0, names[2]: 0], "\(position)")
        }
        #expect(try source.endOffsets(of: names) == [names[0]: 0, names[2]: 0])
        // A partition that the brokers do not know of yet.
        let fresh = TopicPartition(topic: "orders", partition: 7)
        #expect(try source.resolve(.earliest, for: [names[0], fresh]) == [names[0]: 0])
    }

    @Test("goes on where a leader cannot answer now, and does not where it may not", arguments: [3, 5, 8, 9, 56, 78])
    func passing(number: Int32) throws {
        let cluster = try MockCluster()
        try cluster.createTopic("orders", partitions: 3)
        let source = try source(cluster)
        #expect(try source.endOffsets(of: [names[0]]) == [names[0]: 0])
        cluster.failNext(.listOffsets, with: [.init(number: number)])
        // Some of them librdkafka repeats itself.
        #expect(try [[:], [names[0]: 0]].contains(source.endOffsets(of: [names[0]])))
        cluster.failNext(.listOffsets, with: [.init(number: 29)])
        #expect(throws: SourceError.self) { try source.endOffsets(of: [names[0]]) }
    }

    @Test("a right that was taken away is not passing trouble")
    func forbidden() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("orders", partitions: 1)
        let producer = try KafkaProducer(brokers: cluster.brokers, logger: log)
        try producer.send(topic: "orders", partition: 0, value: [0x7B, 0x7D])
        try producer.flush()
        let source = try source(cluster, topics: ["orders"])
        cluster.failNext(.fetch, with: Array(repeating: .init(number: 29), count: 3))
        var refusals: [TopicPartition: String] = [:]
        let end = ContinuousClock.now + .seconds(30) * patience
        while refusals.isEmpty, ContinuousClock.now < end {
            for signal in try source.poll(timeout: .milliseconds(50), eventsMax: 10, { _ in }) {
                if case .assigned(let names) = signal {
                    try source.start(Dictionary(uniqueKeysWithValues: names.map { ($0, 0) }))
                }
                if case .refused(let name, let text) = signal { refusals[name] = text }
            }
        }
        #expect(refusals[names[0]]?.contains("grant READ") == true, "\(refusals)")
    }
}
