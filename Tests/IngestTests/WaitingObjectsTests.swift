import LakeModel
import ObjectStorage
import Simulation
import TestSupport
import Testing

@testable import Ingest

/// Stored objects wait for their commit, which may be long in coming.
@Suite("What is kept of objects that wait for a commit is within the budget")
struct WaitingObjectsTests {
    private static let small: @Sendable (inout IngestSettings) -> Void = {
        ($0.memoryBytesMax, $0.frameBytes) = (2 << 20, 64 << 10)
    }

    @Test(
        "while only the log is out of reach the writer pauses, and goes on by itself afterwards",
        arguments: [false, true])
    func logAway(parquet: Bool) async throws {
        let clock = SystemClock()
        let log = FaultRule(.unavailableBefore, on: [.put], keyContains: "/_varve/log/")
        let store = FaultyStore(MemoryObjectStore(clock: clock), seed: 1, clock: clock, rules: [log])
        let fixture = try IngestFixture(store: store, partitions: 1)
        fixture.produceOrders(2500)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        // Every event is an object of its own.
        let settings = try fixture.settings(
            rotate: RotationSettings(records: 1), parquet: parquet ? ParquetSettings() : nil)
        let loop = try await fixture.loop(settings, source: source, change: Self.small)
        try await fixture.turn(loop) { loop.fullSince != nil || loop.tables[0].counters.events == 2500 }
        try await fixture.turn(loop) { loop.workshop.live.values.allSatisfy { $0.object.stored != nil } }
        try await fixture.turn(loop) { loop.isPaused }
        #expect(loop.tables[0].counters.events < 1500 && loop.tables[0].counters.eventsCommitted == 0)
        #expect(loop.workshop.budget.bytesPeak <= 2 << 20)
        store.setRules([])
        #expect(try await fixture.finish(loop).isFinished)
        #expect(loop.workshop.budget.bytesUsed < 1 << 20, "what was committed takes no memory")
        #expect(!loop.isPaused)
        #expect(loop.tables[0].counters.eventsCommitted == 2500)
    }

    @Test("what is given up takes no memory")
    func givenUp() async throws {
        let fixture = try IngestFixture(partitions: 1)
        fixture.produceOrders(100)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let settings = try fixture.settings(rotate: RotationSettings(records: 1))
        let loop = try await fixture.loop(settings, source: source, once: false) { $0.commitEvery = .seconds(3600) }
        try await fixture.turn(loop) {
            loop.workshop.live.count == 100 && loop.workshop.live.values.allSatisfy { $0.object.stored != nil }
        }
        #expect(loop.workshop.budget.bytesUsed >= 100 * OpenObject.entryBytesLeast)
        loop.tables[0].discardAll(workshop: loop.workshop)
        loop.workshop.dropKeptBuffers()
        #expect(loop.workshop.budget.bytesUsed == 0)
    }

    @Test("sealed objects that wait for the rest of their group do not hold a full budget for as long as an age")
    func waitingForGroup() async throws {
        let fixture = try IngestFixture(partitions: 1)
        for hour in 0..<1500 as Range<Int64> {
            fixture.broker.produce(.order(Int(hour), at: hour * 3_600_000), to: fixture.partition(0))
        }
        let settings = try fixture.settings(
            shards: 1, late: LateSettings(afterMilliseconds: .max),
            close: CloseSettings(graceMilliseconds: 10_000 * 3_600_000))
        let status = try await fixture.drain(settings, change: Self.small)
        #expect(status.memoryBytesPeak <= 2 << 20)
        try await fixture.expectExactlyOnce()
    }
}
