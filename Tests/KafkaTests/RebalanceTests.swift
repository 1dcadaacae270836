import Kafka
import LakeModel
import Testing

@Suite("a rebalance is a conversation")
struct RebalanceTests {
    @Test(
        "a second consumer gets topic partitions only after the first released them, and nothing is lost or doubled",
        arguments: [KafkaSettings.Assignment.cooperativeSticky, .range, .roundRobin])
    func twoConsumers(assignment: KafkaSettings.Assignment) throws {
        let cluster = try MockCluster()
        try cluster.fill("shared", partitions: 4, count: 50)
        var settings = cluster.settings(group: "g-\(assignment.rawValue)")
        settings.assignment = assignment

        let first = try Reader(settings, topics: ["shared"])
        first.holdsRevocations = true
        try first.poll(until: "the first has read everything") { first.ended.count == 4 }
        #expect(first.events.count == 200)

        let second = try Reader(settings, topics: ["shared"])
        second.startAt = { _ in .at(50) }
        try pollTogether([first, second], until: "the first is asked to release") {
            !first.heldRevocations.isEmpty
        }
        let asked = first.heldRevocations.flatMap { $0 }
        #expect(asked.count == (assignment == .cooperativeSticky ? 2 : 4))
        // While the first has not answered, it still owns them and the second has nothing.
        for _ in 0..<50 {
            try first.pollOnce(timeout: .milliseconds(5))
            try second.pollOnce(timeout: .milliseconds(5))
        }
        #expect(first.consumer.owned.count == 4)
        #expect(second.consumer.owned.isEmpty)

        first.startAt = { _ in .at(50) }
        first.holdsRevocations = false
        try first.releaseHeld()
        try pollTogether([first, second], until: "both own two") {
            first.consumer.owned.count == 2 && second.consumer.owned.count == 2
        }
        #expect(Set(first.consumer.owned).isDisjoint(with: second.consumer.owned))

        let producer = try KafkaProducer(brokers: cluster.brokers, logger: quietLog)
        for number in 50..<80 {
            for partition in 0..<4 {
                try producer.send(topic: "shared", partition: Int32(partition), value: bytes("\(number)"))
            }
        }
        try producer.flush()
        try pollTogether([first, second], until: "the new events arrive") {
            first.events.count + second.events.count >= 320
        }
        let all = (first.events + second.events).map { "\($0.source) \($0.text)" }
        #expect(all.count == 320)
        #expect(Set(all).count == 320)
        #expect(first.consumer.strayEventCount + second.consumer.strayEventCount == 0)
    }

    @Test("closing delivers the revocation and leaves the group")
    func close() throws {
        let cluster = try MockCluster()
        try cluster.fill("closing", partitions: 2, count: 5)
        let settings = cluster.settings(group: "closing")
        let first = try Reader(settings, topics: ["closing"])
        try first.poll(until: "all is read") { first.events.count == 10 }
        try first.consumer.beginClose()
        try first.poll(until: "it is closed") { first.signals.contains { $0.isClosed } }
        let revoked = first.signals.compactMap(\.revoked)
        #expect(revoked.flatMap { $0 }.count == 2)
        #expect(first.consumer.owned.isEmpty)

        let second = try Reader(settings, topics: ["closing"])
        try second.poll(until: "the next one reads") { second.events.count == 10 }
        var signals: [ConsumerSignal] = []
        #expect(try second.consumer.close(timeout: .seconds(20)) { signals.append($0) })
        #expect(signals.contains { $0.revoked?.count == 2 })
        #expect(signals.contains { $0.isClosed })
    }

    @Test("a consumer that goes away while it joins does not take the process with it")
    func goneWhileJoining() throws {
        let cluster = try MockCluster()
        try cluster.createTopic("joining", partitions: 1)
        // Each is let go at another moment of its joining; one of them between the join and the assignment.
        for step in 0..<12 {
            let reader = try Reader(cluster.settings(group: "joining \(step)"), topics: ["joining"])
            let end = ContinuousClock.now.advanced(by: .milliseconds(step < 4 ? step * 100 : 2950 + step * 10))
            while ContinuousClock.now < end {
                _ = reader.consumer.poll(timeout: .milliseconds(5), eventsMax: 0) { _ in }
            }
            if step % 2 == 0 { try reader.consumer.close(timeout: .seconds(10)) }
        }
    }

    @Test("without polling for events, heartbeats and rebalances go on")
    func holdingBack() throws {
        let cluster = try MockCluster()
        try cluster.fill("held", partitions: 1, count: 10)
        // Nothing but control is polled for longer than the poll interval.
        let settings = cluster.settings(
            group: "held", ["max.poll.interval.ms": "6000", "session.timeout.ms": "6000"])
        let reader = try Reader(settings, topics: ["held"])
        try reader.poll(until: "it is assigned") { reader.consumer.owned.count == 1 }
        let end = ContinuousClock.now.advanced(by: .seconds(8))
        while ContinuousClock.now < end { try reader.pollOnce(timeout: .milliseconds(100), eventsMax: 0) }
        #expect(reader.consumer.owned.count == 1)
        #expect(reader.signals.compactMap(\.error).isEmpty)
        try reader.poll(until: "the events come") { reader.events.count == 10 }
        // And for as long again with events only, which is the application's poll just the same.
        let secondEnd = ContinuousClock.now.advanced(by: .seconds(8))
        while ContinuousClock.now < secondEnd { try reader.pollOnce(timeout: .milliseconds(100)) }
        #expect(reader.signals.compactMap(\.revoked).isEmpty)
    }
}
