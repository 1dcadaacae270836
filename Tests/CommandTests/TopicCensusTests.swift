import Kafka
import LakeModel
import Logging
import Synchronization
import Testing

@testable import varve

@Suite("Which topics a drain need not wait for")
struct TopicCensusTests {
    private let clock = HurriedClock()

    private func census(_ topics: String) throws -> TopicCensus {
        let loaded = try loadSettings(
            "{ lake: 'file:///l', kafka: { brokers: b }, tables: [{ name: t, topics: [\(topics)] }] }")
        return TopicCensus(loaded.settings.tables, clock: clock, logger: Logger(label: "test"))
    }

    /// Texts of the topics that are absent, where brokers say this at each second.
    private func absent(
        _ topics: String, isStopped: () -> Bool = { false }, _ say: (Int) throws -> [String]
    ) async throws -> [String] {
        try await census(topics).absent(isStopped: isStopped) { try say(Int(clock.elapsed() / .seconds(1))) }
            .map(\.selector.text)
    }

    @Test("what is there is not waited for; what is not is asked for again for a while, and then named")
    func absent() async throws {
        #expect(try await absent("a, /b.*/") { _ in ["a", "b1"] } == [])
        #expect(clock.elapsed() == .zero)
        #expect(try await absent("a, c, /b.*/, /d/") { _ in ["a", "b1", "ad"] } == ["c", "/d/"])
        #expect(clock.elapsed() == .seconds(5))
    }

    @Test("a topic that a broker hears of late is there")
    func late() async throws {
        #expect(try await absent("a") { $0 < 4 ? [] : ["a"] } == [])
        #expect(clock.elapsed() == .seconds(4))
    }

    @Test("brokers that do not answer have not said that a topic is unknown")
    func unanswered() async throws {
        let away = KafkaError(.timedOut, operation: "list topics", message: "away", isRetriable: true)
        #expect(
            try await absent("a") { second in
                if second > 1, second < 60 { throw away }
                return second < 63 ? [] : ["a"]
            } == [])
        #expect(clock.elapsed() == .seconds(63))
        await #expect(throws: KafkaError.self) { try await absent("a") { _ in throw away } }
        #expect(clock.elapsed() == .seconds(63) + TopicCensus.outageMax)
        var polls = 0
        let stopped = try await absent("a", isStopped: { polls > 2 }) { _ in
            polls += 1
            throw away
        }
        #expect(stopped == [])
        let refused = KafkaError(.authentication, operation: "list topics", message: "no")
        await #expect(throws: KafkaError.self) { try await absent("a") { _ in throw refused } }
    }

    @Test("a topic that was named is a failure of its own; an expression is none")
    func failure() async throws {
        let absent = try await census("a, /b/").absent(isStopped: { false }) { [] }
        let failure = try #require(TopicCensus.failure(absent))
        #expect(failure.status == .noInput && failure.problems.count == 1)
        #expect(failure.problems[0].what.contains("no topic a") && failure.problems[0].location == "tables.t.topics")
        #expect(TopicCensus.failure(absent.filter { $0.selector.text == "/b/" }) == nil)
    }
}

/// A clock whose sleeps pass at once.
private final class HurriedClock: LakeClock {
    private let time = Mutex(Duration.zero)

    func now() -> Timestamp { Timestamp(milliseconds: 0) }
    func elapsed() -> Duration { time.withLock { $0 } }
    func sleep(for duration: Duration) async throws { time.withLock { $0 += duration } }
}
