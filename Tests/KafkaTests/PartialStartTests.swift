import Kafka
import LakeModel
import Testing

/// Topic partitions of one assignment are started one after the other: each table asks its own catalog first.
@Suite("topic partitions are started in several calls")
struct PartialStartTests {
    @Test(
        "each call adds to what is read, whatever the group's protocol",
        arguments: [KafkaSettings.Assignment.cooperativeSticky, .range])
    func added(assignment: KafkaSettings.Assignment) throws {
        let cluster = try MockCluster()
        try cluster.fill("parts", partitions: 3, count: 20)
        let (consumer, all) = try assigned(cluster, assignment)
        var seen: [TopicPartition: [Int64]] = [:]
        try consumer.start([(all[0], .beginning)])
        try poll(consumer, &seen) { $0[all[0]]?.count == 20 }
        try consumer.start([(all[1], .at(5))])
        try poll(consumer, &seen) { $0[all[1]]?.count == 15 }
        try consumer.start([(all[2], .beginning)])
        try poll(consumer, &seen) { $0[all[2]]?.count == 20 }
        let producer = try KafkaProducer(brokers: cluster.brokers, logger: quietLog)
        for partition in all { try producer.send(topic: "parts", partition: partition.partition, value: bytes("new")) }
        try producer.flush()
        try poll(consumer, &seen) { $0.values.reduce(0) { $0 + $1.count } == 58 }
        for (partition, offsets) in seen { #expect(offsets == Array(offsets[0]...20), "\(partition)") }
    }

    @Test("what was never started can be given back")
    func released() throws {
        let cluster = try MockCluster()
        try cluster.fill("parts", partitions: 2, count: 5)
        for started in 0...1 {
            let (consumer, all) = try assigned(cluster, .cooperativeSticky, group: "released \(started)")
            if started == 1 { try consumer.start([(all[0], .beginning)]) }
            try consumer.release([all[1]])
            #expect(consumer.owned == (started == 1 ? [all[0]] : []))
            try consumer.release([all[0]])
            #expect(consumer.owned.isEmpty)
        }
    }

    /// A consumer with an assignment that it has not answered yet.
    private func assigned(
        _ cluster: MockCluster, _ assignment: KafkaSettings.Assignment, group: String = "parts"
    ) throws -> (KafkaConsumer, [TopicPartition]) {
        var settings = cluster.settings(group: group)
        settings.assignment = assignment
        let consumer = try KafkaConsumer(settings, logger: quietLog)
        try consumer.subscribe(["parts"])
        var all: [TopicPartition] = []
        let end = ContinuousClock.now.advanced(by: .seconds(60))
        while all.isEmpty, ContinuousClock.now < end {
            for signal in consumer.poll(timeout: .milliseconds(20), eventsMax: 0, onBatch: { _ in }) {
                if case .assigned(let partitions) = signal { all = partitions.sorted() }
            }
        }
        try #require(!all.isEmpty)
        return (consumer, all)
    }

    private func poll(
        _ consumer: KafkaConsumer, _ seen: inout [TopicPartition: [Int64]],
        until isDone: ([TopicPartition: [Int64]]) -> Bool
    ) throws {
        let end = ContinuousClock.now.advanced(by: .seconds(60))
        while !isDone(seen) {
            try #require(ContinuousClock.now < end, "\(seen.mapValues(\.count))")
            _ = consumer.poll(timeout: .milliseconds(20), eventsMax: 100) { batch in
                for event in batch.events {
                    guard let partition = consumer.topicPartition(of: event.source) else { continue }
                    seen[partition, default: []].append(event.offset)
                }
            }
        }
    }
}
