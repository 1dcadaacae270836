import LakeModel
import Simulation
import Synchronization
import TestSupport
import Testing

@testable import Ingest

/// What made a writer stand still, or let it run on when it should have stood still.
@Suite("A writer that can go on goes on")
struct LivenessTests {
    @Test("topic partitions that were paused when they were taken away are read when they come back")
    func pausedAndReassigned() async throws {
        let fixture = try IngestFixture(partitions: 2)
        fixture.produceOrders(400)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(), source: source) { $0.eventsPerPollMax = 20 }
        try await fixture.turn(loop) { loop.tables[0].counters.events >= 20 }
        // The budget was full when they went, and is not any more.
        try source.pause(fixture.broker.partitions())
        source.revoke(fixture.broker.partitions())
        try await fixture.turn(loop) { source.released.count == 2 }
        source.assign(fixture.broker.partitions())
        guard case .finished = try await fixture.finish(loop) else { throw TestFailure("it did not finish") }
        try await fixture.expectExactlyOnce()
    }

    @Test("a writer that the group gives nothing for long says so, once for each time")
    func waitsForItsGroup() async throws {
        let clock = ManualClock()
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        let source = MemorySource(fixture.broker)
        let loop = try await fixture.loop(try fixture.settings(), source: source, once: false)
        for second in 0..<8 {
            _ = try loop.turn(waitMax: .zero)
            #expect(loop.saidThatItWaits == (second >= 5), "\(second)")
            clock.advance(by: .seconds(1))
        }
        source.assign(fixture.broker.partitions())
        try await fixture.turn(loop) { loop.hasAssignment }
        #expect(!loop.saidThatItWaits)
        source.revoke(fixture.broker.partitions())
        try await fixture.turn(loop) { !loop.hasAssignment }
        clock.advance(by: .seconds(1))
        _ = try loop.turn(waitMax: .zero)
        clock.advance(by: .seconds(5))
        try await fixture.turn(loop) { loop.saidThatItWaits }
    }

    @Test("the others do not wait for a topic partition without a leader", arguments: [true, false])
    func leaderless(once: Bool) async throws {
        let clock = ManualClock()
        let fixture = try IngestFixture(clock: clock, partitions: 3)
        fixture.produceOrders(300)
        let source = MemorySource(fixture.broker)
        source.leaderless = [fixture.partition(1)]
        let loop = try await fixture.loop(try fixture.settings(), source: source, once: once)
        source.assign(fixture.broker.partitions())
        try await fixture.turn(loop) { loop.tables[0].counters.events == 200 }
        source.leaderless = []
        try await fixture.turn(loop) {
            clock.advance(by: .seconds(1))
            return loop.tables[0].counters.events == 300
        }
        loop.control.stop()
        #expect(try await fixture.finish(loop).isFinished)
        try await fixture.expectExactlyOnce()
    }

    @Test("a writer that is told to stop asks brokers that do not answer no more")
    func stoppedWhileStarting() async throws {
        let clock = ManualClock()
        let fixture = try IngestFixture(clock: clock, partitions: 2)
        fixture.produceOrders(20)
        let source = MemorySource(fixture.broker)
        source.leaderless = Set(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(), source: source, once: false)
        source.assign(fixture.broker.partitions())
        try await fixture.turn(loop) { source.questions == 1 }
        clock.advance(by: .seconds(10))
        try await fixture.turn(loop) { source.questions == 2 }
        loop.control.stop()
        clock.advance(by: .seconds(10))
        #expect(try await fixture.finish(loop).isFinished)
        #expect(source.questions == 2)
    }

    @Test("a transaction's marker at the end is no lag once it was read past; an event behind it is")
    func markers() async throws {
        let clock = ManualClock()
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(), source: source, once: false)
        func lag() -> Int64? { loop.control.status.partitions.first?.lagEvents }
        for expected in [1, 2] as [Int64] {
            fixture.broker.produce(.order(Int(expected)), to: fixture.partition(0))
            fixture.broker.appendMarker(to: fixture.partition(0))
            try await fixture.turn(loop) {
                clock.advance(by: .milliseconds(250))
                return lag() == expected + 1
            }
            try await fixture.turn(loop) {
                clock.advance(by: .seconds(60))
                return lag() == 0
            }
            let partition = try #require(loop.control.status.partitions.first)
            #expect(partition.committed == 2 * expected - 1 && partition.lagSeconds == 0)
            #expect(partition.stalledSeconds == 0)
        }
    }

    @Test("while nothing is taken, idle topic partitions do not move on with the wall clock")
    func idleWhileFull() async throws {
        let clock = ManualClock()
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        fixture.broker.produce(.order(1), to: fixture.partition(0))
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let settings = try fixture.settings(close: CloseSettings(idle: .seconds(60)))
        let loop = try await fixture.loop(settings, source: source, once: false)
        let index = source.index(of: fixture.partition(0))
        try await fixture.turn(loop) { loop.sources.contains(index) && loop.sources[index].idleSince != nil }
        let watermark = loop.sources[index].watermark
        clock.advance(by: .seconds(3600))
        loop.fullSince = clock.elapsed()
        try loop.upkeep(clock.elapsed())
        #expect(loop.sources[index].watermark == watermark)
        #expect(loop.sources[index].idleSince == clock.elapsed(), "idleness is counted anew")
        clock.advance(by: .seconds(3600))
        loop.fullSince = nil
        try loop.upkeep(clock.elapsed())
        #expect(loop.sources[index].watermark > watermark)
    }

    @Test("where brokers' ends are slow to ask for they are heard a few at a time, in turn")
    func endsInTurn() async throws {
        let fixture = try IngestFixture(clock: TickingClock(), partitions: 100)
        fixture.produceOrders(400)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(), source: source, once: false)
        try await fixture.turn(loop) { loop.sources.indices.contains { loop.sources[$0].phase == .consuming } }
        // From here on only the clock has to move, however few turns other tests leave to this one.
        for index in loop.sources.indices { loop.sources[index].end = .min }
        var known = [0]
        for _ in 0..<10_000 where known.last != 100 {
            _ = try loop.turn(waitMax: .zero)
            let heard = loop.sources.indices.count { loop.sources[$0].end != .min }
            if heard != known.last { known.append(heard) }
        }
        #expect(known.last == 100 && known.count > 5, "\(known)")
        #expect(zip(known, known.dropFirst()).allSatisfy { $1 - $0 <= 16 }, "\(known)")
    }

    @Test("a label that is given twice, or that Varve gives too, stands in the entry once")
    func labels() async throws {
        let fixture = try IngestFixture(partitions: 1)
        for time in [fiveHours * 2, fiveHours] {
            fixture.broker.produce(.order(1, at: time), to: fixture.partition(0))
        }
        var settings = try fixture.settings(late: LateSettings(afterMilliseconds: 60_000))
        settings.tags = ["late", "eu", "eu"]
        try await fixture.drain(settings)
        #expect(try await fixture.objects().map(\.tags) == [["eu", "late"], ["eu", "late"]])
    }

    private var fiveHours: Int64 { 5 * 3_600_000 }

    @Test("a writer that drains by itself can be told to hurry")
    func hurry() async throws {
        let fixture = try IngestFixture(partitions: 1)
        let loop = try await fixture.loop(try fixture.settings(), source: MemorySource(fixture.broker))
        loop.beginDraining(.drained)
        #expect(loop.deadline == nil)
        loop.beginDraining(.shutdown)
        let deadline = try #require(loop.deadline)
        loop.beginDraining(.shutdown)
        #expect(loop.deadline == deadline, "asked again, it does not wait longer")
    }

    @Test("a drain that is told to stop commits what it has, and says that there was more")
    func stoppedEarly() async throws {
        let fixture = try IngestFixture(partitions: 2)
        fixture.produceOrders(400)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(), source: source) { $0.eventsPerPollMax = 20 }
        try await fixture.turn(loop) { loop.tables[0].counters.events >= 20 }
        loop.control.stop()
        guard case .stoppedEarly = try await fixture.finish(loop) else { throw TestFailure("it says it is drained") }
        let counters = loop.tables[0].counters
        #expect(counters.eventsCommitted == counters.events && counters.events < 400)
        try await fixture.drain(try fixture.settings(), seed: 2)
        try await fixture.expectExactlyOnce()

        let unassigned = try await fixture.loop(
            try fixture.settings(), source: MemorySource(fixture.broker), seed: 3)
        unassigned.control.stop()
        guard case .stoppedEarly = try await fixture.finish(unassigned) else { throw TestFailure("it read nothing") }
    }

    @Test("a full budget is freed of objects that no event was written to")
    func refusedEverywhere() async throws {
        let clock = ManualClock()
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        for hour in 0..<900 as Range<Int64> {
            var event = ProducedEvent.order(1, at: hour * 3_600_000)
            event.value = nil
            fixture.broker.produce(event, to: fixture.partition(0))
        }
        let status = try await fixture.drain(
            try fixture.settings(format: .value, close: CloseSettings(graceMilliseconds: 10_000 * 3_600_000))
        ) { ($0.memoryBytesMax, $0.frameBytes) = (8 << 20, 64 << 10) }
        #expect(status.tables.first?.counters.deadLettered == ["tombstone": 900])
        try await fixture.expectExactlyOnce(TableSide.allCases)
    }
}

/// A clock on which a millisecond goes by between two looks.
private final class TickingClock: LakeClock {
    private let looks = Atomic<Int64>(0)

    func now() -> Timestamp { Timestamp(milliseconds: 1_795_237_200_000) }
    func elapsed() -> Duration { .milliseconds(looks.add(1, ordering: .relaxed).newValue) }
    func sleep(for duration: Duration) async throws { await Task.yield() }
}
