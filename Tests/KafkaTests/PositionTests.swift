import Kafka
import LakeModel
import Testing

@Suite("positions belong to the caller")
struct PositionTests {
    private let source = TopicPartition(topic: "numbers", partition: 0)

    private func reader(_ cluster: MockCluster, at start: StartOffset, _ properties: [String: String] = [:]) throws
        -> Reader
    {
        let reader = try Reader(cluster.settings(group: "positions", properties), topics: ["numbers"])
        reader.startAt = { _ in start }
        return reader
    }

    @Test("pause stops, resume goes on after the last event, seek moves, and nothing comes twice or stale")
    func pauseResumeSeek() throws {
        let cluster = try MockCluster()
        try cluster.fill("numbers", partitions: 1, count: 2000)
        let reader = try reader(cluster, at: .at(100))
        // A few events only: the rest waits in librdkafka's queue, and must not come after the seek.
        while reader.events.isEmpty { try reader.pollOnce(eventsMax: 7) }
        #expect(reader.events.map(\.offset).first == 100)

        try reader.consumer.pause([source])
        let count = reader.events.count
        for _ in 0..<20 { try reader.pollOnce() }
        #expect(reader.events.count == count)
        try reader.consumer.resume([source])
        try reader.poll(until: "the rest comes") { reader.events.last?.offset == 1999 }
        #expect(reader.events.map(\.offset) == Array(100..<2000))

        try reader.consumer.seek(source, to: 500)
        let beforeSeek = reader.events.count
        while reader.events.count == beforeSeek { try reader.pollOnce(eventsMax: 7) }
        #expect(reader.events[beforeSeek].offset == 500)
        try reader.consumer.seek(source, to: 1990)
        let beforeSecond = reader.events.count
        try reader.poll(until: "the end again") { reader.events.last?.offset == 1999 }
        #expect(reader.events[beforeSecond...].map(\.offset) == Array(1990..<2000))
        #expect(throws: KafkaError.self) {
            try reader.consumer.seek(TopicPartition(topic: "numbers", partition: 9), to: 1)
        }
    }

    @Test("an offset that the broker does not have is signalled, and nothing is read from elsewhere")
    func outOfRange() throws {
        let cluster = try MockCluster()
        try cluster.fill("numbers", partitions: 1, count: 10)
        let reader = try reader(cluster, at: .at(1000))
        try reader.poll(until: "the signal") { reader.signals.contains { $0.outOfRange != nil } }
        let signal = reader.signals.compactMap(\.outOfRange).first
        #expect(signal?.source == source)
        #expect(signal?.requested == 1000)
        for _ in 0..<50 { try reader.pollOnce() }
        #expect(reader.events.isEmpty)
        try reader.consumer.seek(source, to: 4)
        try reader.poll(until: "it goes on where it is told") { reader.events.count == 6 }
        #expect(reader.events.map(\.offset) == Array(4..<10))
    }

    @Test("the group's own offsets are never used, and lag can be told")
    func committedOffsetsAreHints() throws {
        let cluster = try MockCluster()
        try cluster.fill("numbers", partitions: 1, count: 10)
        let first = try reader(cluster, at: .beginning)
        try first.poll(until: "all is read") { first.events.count == 10 }
        first.consumer.commitHint([source: 7])
        #expect(try first.consumer.watermarks(source, timeout: .seconds(10)) == (0, 10))
        #expect(first.consumer.cachedWatermarks(source)?.high == 10)
        #expect(first.consumer.position(source) == 10)
        #expect(first.consumer.cachedWatermarks(TopicPartition(topic: "nowhere", partition: 0)) == nil)
        try first.consumer.close(timeout: .seconds(20))

        let second = try reader(cluster, at: .at(2))
        try second.poll(until: "it reads") { second.events.last?.offset == 9 }
        #expect(second.events.first?.offset == 2)
    }

    @Test("after release, what was fetched before is not handed over")
    func staleAfterRelease() throws {
        let cluster = try MockCluster()
        try cluster.fill("numbers", partitions: 1, count: 2000)
        let reader = try reader(cluster, at: .beginning)
        while reader.events.isEmpty { try reader.pollOnce(eventsMax: 7) }
        let count = reader.events.count
        // As if revoked: librdkafka still has most of the events in its queue.
        try reader.consumer.release([source])
        for _ in 0..<50 { try reader.pollOnce() }
        #expect(reader.events.count == count)
        try reader.consumer.start([(source, .at(1500))])
        try reader.poll(until: "it reads again") { reader.events.last?.offset == 1999 }
        #expect(reader.events[count...].map(\.offset) == Array(1500..<2000))
    }

    @Test("a pattern does not take the brokers' own topics, unless it is said so", arguments: [false, true])
    func ownTopics(isAsked: Bool) throws {
        let cluster = try MockCluster()
        for topic in ["orders", "__consumer_offsets", "__transaction_state"] {
            try cluster.fill(topic, partitions: 1, count: 3)
        }
        let settings = cluster.settings(group: "own", isAsked ? ["topic.blacklist": "^__transaction_state$"] : [:])
        let reader = try Reader(settings, topics: ["^.*"])
        let topics: Set<String> = isAsked ? ["orders", "__consumer_offsets"] : ["orders"]
        try reader.poll(until: "all is read") { reader.ended.count == topics.count }
        #expect(Set(reader.consumer.owned.map(\.topic)) == topics)
        #expect(Set(reader.events.map(\.source.topic)) == topics)
    }

    @Test("a pattern takes up topics that are created later")
    func pattern() throws {
        let cluster = try MockCluster()
        try cluster.fill("shop.a", partitions: 1, count: 3)
        let settings = cluster.settings(group: "pattern", ["topic.metadata.refresh.interval.ms": "500"])
        let reader = try Reader(settings, topics: ["^shop\\..*"])
        try reader.poll(until: "the first topic is read") { reader.events.count == 3 }
        try cluster.fill("other", partitions: 1, count: 3)
        try cluster.fill("shop.b", partitions: 2, count: 3)
        try reader.poll(until: "the second topic is read") { reader.events.count == 9 }
        #expect(Set(reader.events.map(\.source.topic)) == ["shop.a", "shop.b"])
        #expect(Set(reader.consumer.owned.map { reader.consumer.source(of: $0) }) == [0, 1, 2])
    }
}
