import Ingest
import LakeModel
import Testing

@testable import varve

@Suite("Questions to leaders that are away")
struct LeaderQuestionsTests {
    /// Brokers some of which are away: who asks them waits for as long as it wants to.
    private final class Brokers {
        var elapsed = Duration.zero
        var away: Set<Int32> = []
        var questions = LeaderQuestions()

        /// The partitions that were answered for.
        func ask(_ partitions: Range<Int32>, topic: String = "orders") throws -> Set<Int32> {
            let names = partitions.map { TopicPartition(topic: topic, partition: $0) }
            let answers = try questions.ask(names, now: { elapsed }) { name, timeout throws(SourceError) -> Int64? in
                elapsed += away.contains(name.partition) ? timeout : .milliseconds(2)
                return away.contains(name.partition) ? nil : 7
            }
            return Set(answers.keys.map(\.partition))
        }
    }

    @Test("however many leaders are away, the thread stands still for ten seconds at most")
    func bounded() throws {
        let brokers = Brokers()
        brokers.away = Set(0..<3000)
        #expect(try brokers.ask(0..<3000).isEmpty)
        #expect(brokers.elapsed <= .seconds(10))
        for table in 1..<30 { #expect(try brokers.ask(0..<100, topic: "topic-\(table)").isEmpty) }
        #expect(brokers.elapsed <= .seconds(40), "the tables after the first do not wait as long")
    }

    @Test("topic partitions whose leaders answer are not kept waiting by the others for ever")
    func fair() throws {
        let brokers = Brokers()
        brokers.away = Set(0..<300)
        var answered: Set<Int32> = []
        for _ in 0..<14 where answered.count < 100 {
            answered.formUnion(try brokers.ask(0..<400))
            brokers.elapsed += .seconds(10)
        }
        #expect(answered == Set(300..<400))
        // One that returns is found again while the others stay away.
        brokers.away.remove(150)
        for _ in 0..<14 where !answered.contains(150) {
            answered.formUnion(try brokers.ask(0..<300))
            brokers.elapsed += .seconds(10)
        }
        #expect(answered.contains(150))
    }

    @Test("one leader that is away keeps nobody else waiting")
    func single() throws {
        let brokers = Brokers()
        brokers.away = [0]
        #expect(try brokers.ask(0..<1000) == Set(1..<1000))
    }
}
