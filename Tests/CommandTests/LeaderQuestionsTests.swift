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

        /// The partitions that were answered for by questions for many at once.
        func askInGroups(_ partitions: Range<Int32>) throws -> Set<Int32> {
            let names = partitions.map { TopicPartition(topic: "orders", partition: $0) }
            let answers = try questions.ask(names, groupMax: 64, now: { elapsed }) {
                group, timeout throws(SourceError) -> [TopicPartition: Int64]? in
                let isAway = group.contains { away.contains($0.partition) }
                elapsed += isAway ? timeout : .milliseconds(20)
                return isAway ? nil : Dictionary(uniqueKeysWithValues: group.map { ($0, 7) })
            }
            return Set(answers.keys.map(\.partition))
        }

        /// The partitions that were answered for.
        func ask(_ partitions: Range<Int32>, topic: String = "orders") throws -> Set<Int32> {
            let names = partitions.map { TopicPartition(topic: topic, partition: $0) }
            let answers = try questions.ask(names, groupMax: 1, now: { elapsed }) {
                group, timeout throws(SourceError) -> [TopicPartition: Int64]? in
                let isAway = group.contains { away.contains($0.partition) }
                elapsed += isAway ? timeout : .milliseconds(2)
                return isAway ? nil : [group[0]: 7]
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

    @Test("topics that are asked for no more are forgotten, however many come and go")
    func forgotten() throws {
        let brokers = Brokers()
        brokers.away = [0]
        for topic in 0..<3000 {
            _ = try brokers.ask(0..<1, topic: "topic-\(topic)")
            brokers.elapsed += .seconds(10)
        }
        #expect(brokers.questions.silent.count <= 1000)
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

    @Test("a question for many fails for them alone where one leader is away, and goes on with each of them")
    func groups() throws {
        let brokers = Brokers()
        #expect(try brokers.askInGroups(0..<5000).count == 5000)
        #expect(brokers.elapsed <= .seconds(2), "thousands are asked for together")
        brokers.away = [700]
        let before = brokers.elapsed
        #expect(try brokers.askInGroups(0..<5000) == Set(0..<5000).subtracting([700]))
        #expect(brokers.elapsed - before <= .seconds(10))
        #expect(try brokers.askInGroups(700..<701).isEmpty)
        brokers.away = []
        #expect(try brokers.askInGroups(700..<701) == [700])
    }

    @Test("however many leaders are away, the others of all groups are heard in the end, in bounded rounds")
    func fairGroups() throws {
        let brokers = Brokers()
        brokers.away = Set(0..<300)
        var answered: Set<Int32> = []
        for _ in 0..<40 where answered.count < 700 {
            let before = brokers.elapsed
            answered.formUnion(try brokers.askInGroups(0..<1000).union(answered))
            #expect(brokers.elapsed - before <= .seconds(10))
            brokers.elapsed += .seconds(10)
        }
        #expect(answered == Set(300..<1000))
    }
}
