import Foundation
import Kafka
import LakeModel
import Synchronization
import TestSupport
import Testing

@Suite("questions to leaders that are away")
struct AwayLeaderTests {
    private let names = (0..<2).map { TopicPartition(topic: "orders", partition: $0) }

    @Test("end in their time, also where the leader was known before it went, and are answered when it is back")
    func bounded() async throws {
        let outcome = Mutex<Result<[Int64], any Error>?>(nil)
        // On a thread of its own, as nothing ends a question without a bound.
        Thread.detachNewThread { [names] in
            let result = Result { try Self.ask(names) }
            outcome.withLock { $0 = result }
        }
        try await eventually("the questions end", deadline: .seconds(20)) { outcome.withLock { $0 != nil } }
        let ends = try outcome.withLock { try $0?.get() }
        #expect(ends == [5, 5])
    }

    private static func ask(_ names: [TopicPartition]) throws -> [Int64] {
        let cluster = try MockCluster(brokers: 2)
        try cluster.fill("orders", partitions: 2, count: 5)
        try cluster.moveLeader(ofTopic: "orders", partition: 0, toBroker: 1)
        try cluster.moveLeader(ofTopic: "orders", partition: 1, toBroker: 2)
        let reader = try Reader(cluster.settings(group: "away"), topics: ["orders"])
        try reader.poll(until: "all is read") { reader.events.count == 10 }
        let consumer = reader.consumer
        #expect(try consumer.watermarks(names[0], timeout: .seconds(10)) == (0, 5))
        try cluster.stopBroker(1)
        for edge in [LogEdge.first, .end] {
            let error = #expect(throws: KafkaError.self) {
                try consumer.offsets(at: edge, of: names, timeout: .seconds(1))
            }
            #expect(error?.isUnanswered == true, "\(edge): \(String(describing: error))")
        }
        #expect(throws: KafkaError.self) { try consumer.watermarks(names[0], timeout: .milliseconds(300)) }
        #expect(try consumer.offsets(at: .end, of: [names[1]], timeout: .seconds(10)) == [names[1]: 5])
        try cluster.startBroker(1)
        let ends = try consumer.offsets(at: .end, of: names, timeout: .seconds(30))
        return names.compactMap { ends[$0] }
    }

    @Test("are not answered where there is no leader, or one that cannot answer now")
    func leaderless() throws {
        let cluster = try MockCluster(brokers: 1)
        try cluster.fill("orders", partitions: 2, count: 5)
        try cluster.moveLeader(ofTopic: "orders", partition: 0, toBroker: -1)
        let consumer = try KafkaConsumer(cluster.settings(group: "away"), logger: quietLog)
        let error = #expect(throws: KafkaError.self) {
            try consumer.offsets(at: .end, of: names, timeout: .seconds(1))
        }
        #expect(error?.isUnanswered == true, "\(String(describing: error))")
        // _UNKNOWN_PARTITION, _BAD_MSG, _TIMED_OUT, _TRANSPORT, then the brokers' own.
        let passing: [Int32] = [-190, -199, -185, -195, 3, 5, 6, 8, 9, 13, 56, 74, 75, 78]
        for number in passing {
            let error = KafkaError(.init(number: number), operation: "offsets", message: "no")
            #expect(error.isUnanswered, "\(error)")
        }
        // TOPIC_AUTHORIZATION_FAILED, _INVALID_ARG.
        for number: Int32 in [29, -186] {
            #expect(!KafkaError(.init(number: number), operation: "offsets", message: "no").isUnanswered)
        }
    }
}
