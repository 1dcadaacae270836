import Catalog
import LakeModel
import Simulation
import TestSupport
import Testing

@testable import Ingest

@Suite("Idle topic partitions hold no hours open")
struct IdleTests {
    private let clock = ManualClock(now: Timestamp(milliseconds: IngestFixture.fiveOClock))

    private func settings(_ fixture: IngestFixture) throws -> TableSettings {
        try fixture.settings(shards: 1, close: CloseSettings(graceMilliseconds: 0, idle: .seconds(60)))
    }

    private func closedThrough(_ loop: IngestLoop) -> String? { loop.tables[0].head?.closedThrough?.description }

    /// Lets a second pass, but for while the store is asked: a busy machine must not look like a slow store.
    private func tick(_ loop: IngestLoop) {
        let table = loop.tables[0]
        let isUploading = table.pendingCuts.contains { !$0.isStored }
        if !isUploading, !table.isCommitting, !table.isRefreshing { clock.advance(by: .seconds(1)) }
    }

    @Test("while others go on: one with an event, one with dead letters only, and one without any")
    func besideOthers() async throws {
        let fixture = try IngestFixture(clock: clock, partitions: 4)
        fixture.broker.produce(.order(0), to: fixture.partition(0))
        fixture.broker.produce(.order(0), to: fixture.partition(1))
        var dead = ProducedEvent.order(0)
        dead.timestamp = -1
        fixture.broker.produce(dead, to: fixture.partition(2))
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try settings(fixture), source: source, once: false)
        for hour in 1...3 as ClosedRange<Int64> {
            clock.advance(by: .seconds(3000))
            fixture.broker.produce(.order(1, at: hour * 3_600_000), to: fixture.partition(1))
            try await fixture.turn(loop) {
                tick(loop)
                return closedThrough(loop) == "2026-01-25/0\(4 + hour)"
            }
        }
        #expect(loop.tables[0].head?.progress[fixture.partition(3)] == nil, "nothing is known of it")
        fixture.broker.produce(.order(1), to: fixture.partition(3))
        try await fixture.turn(loop) { loop.tables[0].counters.events == 7 }
        #expect(loop.tables[0].counters.late == 0)
    }

    @Test("a topic that falls silent closes its last hour, and costs one commit an hour from then on")
    func silentTopic() async throws {
        let fixture = try IngestFixture(clock: clock, partitions: 2)
        fixture.produceOrders(2)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try settings(fixture), source: source, once: false)
        try await fixture.turn(loop) {
            tick(loop)
            return closedThrough(loop) == "2026-01-25/05"
        }
        #expect(loop.tables[0].counters.commits == 2, "one for the events' age, one for the hour")
        try await fixture.turn(loop) {
            tick(loop)
            return closedThrough(loop) == "2026-01-25/07"
        }
        #expect(loop.tables[0].counters.commits == 4)
        #expect(clock.now().milliseconds < IngestFixture.fiveOClock + 3 * 3_600_000 + 120_000)
    }

    /// Commits that `gone` stands at `next`, as another writer.
    private func move(
        _ gone: TopicPartition, from first: Int64, to next: Int64, _ fixture: IngestFixture, seconds: Int64 = 0
    ) async throws {
        let other = try await fixture.table()
        var random = SeededGenerator(seed: UInt64(next))
        let watermark = Timestamp(milliseconds: IngestFixture.fiveOClock + seconds * 1000)
        try await other.commit(
            Change(
                kind: .append, layout: try settings(fixture).layout,
                offsets: [OffsetRange(gone, from: first, to: next, events: 0, watermark: watermark)]),
            id: CommitID(using: &random), writer: WriterIdentity(id: "other", host: "test", program: "varve test"))
    }

    @Test("a topic that the table does not take any more holds none open, unless another writer moves it")
    func goneTopic() async throws {
        clock.advance(by: .seconds(130 * 60))
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        let gone = TopicPartition(topic: "gone", partition: 0)
        try await move(gone, from: 0, to: 1, fixture)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        var settings = try settings(fixture)
        settings.rotate.age = .seconds(10)
        let loop = try await fixture.loop(settings, source: source, once: false)
        func produce(_ number: Int, atMinute minute: Int64) async throws {
            fixture.broker.produce(.order(number, at: minute * 60_000), to: fixture.partition(0))
            try await fixture.turn(loop) {
                // A commit that meets another one waits for a moment.
                if loop.tables[0].isCommitting { clock.advanceToNextSleeper() }
                tick(loop)
                return loop.tables[0].counters.eventsCommitted == Int64(number)
            }
        }
        try await produce(1, atMinute: 30)
        try await produce(2, atMinute: 130)
        #expect(closedThrough(loop) == nil, "it may have a writer with other settings")
        clock.advance(by: .seconds(61))
        try await move(gone, from: 1, to: 2, fixture)
        try await produce(3, atMinute: 131)
        #expect(closedThrough(loop) == nil, "it has one")
        clock.advance(by: .seconds(61))
        try await produce(4, atMinute: 132)
        clock.advance(by: .seconds(61))
        try await produce(5, atMinute: 133)
        #expect(closedThrough(loop) == "2026-01-25/06")
    }

    @Test("a topic that is gone for long holds none open to a run that is short", arguments: [false, true])
    func goneTopicOnce(isFresh: Bool) async throws {
        clock.advance(by: .seconds(7200))
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        let gone = TopicPartition(topic: "gone", partition: 0)
        try await move(gone, from: 0, to: 1, fixture, seconds: isFresh ? 7170 : 0)
        for hour in [0, 2] as [Int64] {
            fixture.broker.produce(.order(1, at: hour * 3_600_000), to: fixture.partition(0))
        }
        try await fixture.drain(try settings(fixture)) { $0.commitEvery = .zero }
        let last = isFresh ? "2026-01-25/05" : "2026-01-25/06"
        #expect(try await fixture.table().head().closedThrough?.description == last)
    }

    @Test("what brokers that are away keep back is not late when they return")
    func outage() async throws {
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        fixture.produceOrders(1)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try settings(fixture), source: source, once: false)
        let index = source.index(of: fixture.partition(0))
        try await fixture.turn(loop) { loop.sources.contains(index) && loop.sources[index].idleSince != nil }
        // librdkafka says so every 30 to 40 seconds; `idle` may be less.
        for second in 0..<400 {
            clock.advance(by: .seconds(1))
            if second % 100 == 0 { source.stumble(isOutage: true) }
            _ = try loop.turn(waitMax: .zero)
        }
        #expect(loop.sources[index].watermark == IngestFixture.fiveOClock)
        clock.advance(by: .seconds(30))
        // One broker of many may be away for good.
        source.stumble(isOutage: false)
        _ = try loop.turn(waitMax: .zero)
        #expect(loop.sources[index].watermark > IngestFixture.fiveOClock)
    }

    @Test("what waits at one leader that cannot be reached is not late when it is back, whatever the others do")
    func oneLeaderAway() async throws {
        let fixture = try IngestFixture(clock: clock, partitions: 2)
        fixture.produceOrders(2)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try settings(fixture), source: source, once: false)
        let (away, near) = (source.index(of: fixture.partition(0)), source.index(of: fixture.partition(1)))
        try await fixture.turn(loop) {
            [away, near].allSatisfy { loop.sources.contains($0) && loop.sources[$0].idleSince != nil }
        }
        // Nothing comes from there, and nothing says so: the other broker is well.
        source.leaderless = [fixture.partition(0)]
        try source.pause([fixture.partition(0)])
        let asked = source.questions
        for second in 0..<400 as Range<Int64> {
            clock.advance(by: .seconds(1))
            if second % 20 == 0 { fixture.broker.produce(.order(1, at: second * 1000), to: fixture.partition(1)) }
            if second == 30 { fixture.broker.produce(.order(0, at: 30_000), to: fixture.partition(0)) }
            _ = try loop.turn(waitMax: .zero)
        }
        #expect(loop.sources[away].watermark < IngestFixture.fiveOClock + 30_000)
        #expect(source.questions - asked <= 400 / 60, "not more than once in that time")
        source.leaderless = []
        try source.resume([fixture.partition(0)])
        try await fixture.turn(loop) { loop.sources[away].next == 2 }
        #expect(loop.tables[0].counters.late == 0)
        for _ in 0..<200 {
            clock.advance(by: .seconds(1))
            _ = try loop.turn(waitMax: .zero)
        }
        #expect(loop.sources[away].watermark > IngestFixture.fiveOClock + 400_000, "it is idle now, and says so")
    }

    @Test("an event that the leader has, and has not handed over, keeps its topic partition from being idle")
    func waiting() async throws {
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        fixture.produceOrders(1)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try settings(fixture), source: source, once: false)
        let index = source.index(of: fixture.partition(0))
        try await fixture.turn(loop) { loop.sources.contains(index) && loop.sources[index].idleSince != nil }
        try source.pause([fixture.partition(0)])
        fixture.broker.produce(.order(0, at: 1000), to: fixture.partition(0))
        for _ in 0..<200 {
            clock.advance(by: .seconds(1))
            _ = try loop.turn(waitMax: .zero)
        }
        #expect(loop.sources[index].watermark == IngestFixture.fiveOClock)
    }
}
