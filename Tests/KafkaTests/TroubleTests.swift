import Kafka
import LakeModel
import Testing

@Suite("trouble becomes a signal that says what to do")
struct TroubleTests {
    @Test("a broker that cannot be reached is a clear error, not a hang")
    func unreachable() throws {
        // Port 9 (discard) on loopback: nothing listens there.
        let reader = try Reader(KafkaSettings(brokers: "127.0.0.1:9", group: "g"), topics: ["t"])
        try reader.poll(until: "an error", deadline: .seconds(10)) { reader.signals.contains { $0.error != nil } }
        let error = try #require(reader.signals.compactMap(\.error).first)
        #expect(error.isRetriable)
        #expect("\(error)".contains("kafka.brokers"))
        #expect(!"\(error)".contains("\n"))
        let source = TopicPartition(topic: "t", partition: 0)
        #expect(throws: KafkaError.self) { try reader.consumer.watermarks(source, timeout: .milliseconds(300)) }
        #expect(throws: KafkaError.self) {
            try reader.consumer.start([(source, .timestamp(0))], timeout: .milliseconds(300))
        }
        #expect(try reader.consumer.close(timeout: .seconds(10)))

        let producer = try KafkaProducer(brokers: "127.0.0.1:9", logger: quietLog)
        try producer.send(topic: "t", value: bytes("x"))
        let late = #expect(throws: KafkaError.self) { try producer.flush(timeout: .milliseconds(300)) }
        #expect(late?.code == .timedOut)
        producer.purge()
        let admin = try KafkaAdmin(brokers: "127.0.0.1:9", logger: quietLog)
        let refused = #expect(throws: KafkaError.self) { _ = try admin.metadata(timeout: .milliseconds(300)) }
        #expect(refused?.isRetriable == true)
    }

    @Test("a topic that does not exist is an error that names it, and is taken up when it appears")
    func unknownTopic() throws {
        let cluster = try MockCluster()
        cluster.setError(.unknownTopic, ofTopic: "later")
        let settings = cluster.settings(group: "later", ["topic.metadata.refresh.interval.ms": "500"])
        let reader = try Reader(settings, topics: ["later"])
        try reader.poll(until: "an error") { reader.signals.contains { $0.error?.code == .unknownTopic } }
        let error = try #require(reader.signals.compactMap(\.error).first { $0.code == .unknownTopic })
        #expect("\(error)".contains("later"))
        // The mock has made the topic on the first question, with four partitions.
        cluster.setError(nil, ofTopic: "later")
        let producer = try KafkaProducer(brokers: cluster.brokers, logger: quietLog)
        for partition: Int32 in [0, 3] {
            try producer.send(topic: "later", partition: partition, value: bytes("x"))
        }
        try producer.flush()
        try reader.poll(until: "it is read") { reader.events.count == 2 }
    }

    @Test("broker errors that pass are ridden out")
    func passingErrors() throws {
        let cluster = try MockCluster()
        try cluster.fill("secret", partitions: 1, count: 10)
        let reader = try Reader(cluster.settings(group: "secret"), topics: ["secret"])
        let notLeader = KafkaError.Code(number: 6)
        cluster.failNext(.fetch, with: [notLeader, notLeader])
        try reader.poll(until: "the events, after two failures") { reader.events.count == 10 }
        #expect(reader.signals.compactMap(\.error).isEmpty)
    }

    @Test("a topic that may not be read is an error of its topic partition")
    func forbiddenTopic() throws {
        let cluster = try MockCluster()
        try cluster.fill("secret", partitions: 1, count: 10)
        let forbidden = KafkaError.Code(number: 29)
        cluster.failNext(.fetch, with: [forbidden, forbidden, forbidden])
        let reader = try Reader(cluster.settings(group: "secret"), topics: ["secret"])
        try reader.poll(until: "the refusal") { reader.signals.contains { $0.error?.code == forbidden } }
        let error = try #require(reader.signals.compactMap(\.error).first { $0.code == forbidden })
        #expect("\(error)".contains("secret/0"))
        #expect("\(error)".contains("grant READ"))
    }

    @Test("a broker that goes and comes back, a moved leader and a moved coordinator lose nothing")
    func brokersMove() throws {
        let cluster = try MockCluster(brokers: 3)
        try cluster.createTopic("moving", partitions: 2, replicas: 3)
        let producer = try KafkaProducer(
            brokers: cluster.brokers, properties: ["enable.idempotence": "true"], logger: quietLog)
        let reader = try Reader(cluster.settings(group: "moving"), topics: ["moving"])
        func produce(_ numbers: Range<Int>) throws {
            for number in numbers {
                try producer.send(topic: "moving", partition: Int32(number % 2), value: bytes("\(number)"))
            }
            try producer.flush()
        }
        try produce(0..<100)
        try reader.poll(until: "the first hundred") { reader.events.count == 100 }
        for broker: Int32 in [1, 2, 3] {
            try cluster.moveLeader(ofTopic: "moving", partition: 0, toBroker: broker)
            try cluster.moveCoordinator(ofGroup: "moving", toBroker: broker)
            let start = 100 * Int(broker)
            try produce(start..<start + 100)
            try reader.poll(until: "hundred more") { reader.events.count >= start + 100 }
        }
        #expect(Set(reader.events.map(\.text)) == Set((0..<400).map { "\($0)" }))
        #expect(reader.events.count == 400)
    }

    @Test("a signal ends a waiting poll, and only one")
    func wakeUp() throws {
        let reader = try Reader(KafkaSettings(brokers: "127.0.0.1:9", group: "g"))
        reader.consumer.wakeUp.signal()
        let start = ContinuousClock.now
        try reader.pollOnce(timeout: .seconds(60), eventsMax: 0)
        #expect(start.duration(to: .now) < .seconds(30))
        // Errors of the broker may come; without them the whole time passes.
        let second = ContinuousClock.now
        try reader.pollOnce(timeout: .milliseconds(300), eventsMax: 0)
        #expect(second.duration(to: .now) > .milliseconds(290) || !reader.signals.isEmpty)
    }

    @Test("what cannot be delivered is thrown by flush, once")
    func deliveryFailure() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("t", partitions: 1)
        let producer = try KafkaProducer(
            brokers: cluster.brokers, properties: ["message.timeout.ms": "5000", "retries": "0"], logger: quietLog)
        cluster.failNext(.produce, with: [KafkaError.Code(number: 10)])
        try producer.send(topic: "t", partition: 0, value: bytes("x"))
        let error = #expect(throws: KafkaError.self) { try producer.flush() }
        #expect(error?.description.contains("max.message.bytes") == true)
        #expect(producer.failedCount == 1)
        try producer.flush()
        let tooLarge = #expect(throws: KafkaError.self) {
            try producer.send(topic: "t", value: [UInt8](repeating: 0, count: 2_000_000))
        }
        #expect(tooLarge?.description.contains("message.max.bytes") == true)
    }
}
