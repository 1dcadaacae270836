import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Simulation
import Testing

@testable import Ingest

@Suite("Trouble with the store is over when everyone has an answer")
struct StoreTroubleTests {
    @Test("where a commit that waited for the store finds that another writer was there")
    func overtaken() async throws {
        let clock = SystemClock()
        let memory = MemoryObjectStore(clock: clock)
        let log = FaultRule(.unavailableBefore, on: [.put], keyContains: "/_varve/log/")
        let store = FaultyStore(memory, seed: 1, clock: clock, rules: [log])
        let fixture = try IngestFixture(store: store, partitions: 1)
        fixture.produceOrders(10)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let settings = try fixture.settings(rotate: RotationSettings(records: 5))
        let loop = try await fixture.loop(settings, source: source, once: false)
        try await fixture.turn(loop) { loop.storeTrouble != nil }
        let other = try await Table.open(fixture.name, in: memory, clock: clock, logger: loop.logger)
        try await other.commit(
            Change(
                kind: .append, layout: settings.layout,
                offsets: [OffsetRange(fixture.partition(0), from: 0, to: 3, events: 0)]),
            id: CommitID(using: &loop.random), writer: loop.writer)
        store.setRules([])
        try await fixture.turn(loop) { loop.tables[0].counters.eventsCommitted > 0 }
        #expect(loop.tables[0].counters.resets == 1)
        #expect(loop.storeTrouble == nil)
    }

    @Test("an upload that somebody removed is no end: its events are read again", arguments: [false, true])
    func uploadRemoved(atTheEnd: Bool) async throws {
        let store = MemoryObjectStore(clock: SystemClock(), partBytesLeast: 1)
        let fixture = try IngestFixture(store: store, partitions: 1)
        var random = SeededGenerator(seed: 5)
        func produce(_ count: Int) {
            for number in 0..<count {
                var event = ProducedEvent.order(number)
                event.value = Array("\"\((0..<64).map { _ in hex(random.next()) }.joined())\"".utf8)
                fixture.broker.produce(event, to: fixture.partition(0))
            }
        }
        produce(50)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(), source: source, once: false) {
            ($0.frameBytes, $0.singlePutBytesMax, $0.partBytes) = (1 << 12, 1 << 11, 1 << 10)
        }
        try await fixture.turn(loop) { try await !store.listUploads(prefix: "orders/").isEmpty }
        try await fixture.turn(loop) { loop.tables[0].counters.events == 50 && loop.workshop.framesInFlight == 0 }
        for pending in try await store.listUploads(prefix: "orders/") {
            try await store.abortUpload(pending.upload, of: pending.key)
        }
        if !atTheEnd {
            produce(50)
            try await fixture.turn(loop) { loop.tables[0].counters.resets > 0 }
        }
        loop.control.stop()
        #expect(try await fixture.finish(loop).isFinished)
        #expect(loop.tables[0].counters.resets == 1)
        try await fixture.drain(try fixture.settings(), seed: 2)
        try await fixture.expectExactlyOnce()
    }

    /// A vacuum that lists the object sees the first put's date; by the entry it has to be as old.
    @Test("an object is at least as old as the first request that may have made it", arguments: [false, true])
    func age(inParts: Bool) async throws {
        let clock = ManualClock()
        let lost = FaultRule(.lostAnswer, on: [inParts ? .completeUpload : .put], keyContains: "/data/", calls: [1])
        let store = FaultyStore(
            MemoryObjectStore(clock: clock, partBytesLeast: 1), seed: 1, clock: clock, rules: [lost])
        let fixture = try IngestFixture(store: store, clock: clock, partitions: 1)
        fixture.produceOrders(50)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let settings = try fixture.settings(rotate: RotationSettings(records: 50))
        let loop = try await fixture.loop(settings, source: source, once: false) {
            if inParts { ($0.frameBytes, $0.singlePutBytesMax, $0.partBytes) = (1 << 8, 1 << 7, 1 << 6) }
        }
        let begun = clock.now()
        try await fixture.turn(loop) { loop.storeTrouble != nil }
        clock.advance(by: .seconds(3 * 86_400))
        try await fixture.turn(loop) { loop.tables[0].counters.eventsCommitted == 50 }
        let ages = try await fixture.objects().map(\.uploadedAt)
        #expect(!ages.isEmpty && ages.allSatisfy { $0 <= begun }, "\(ages), not \(begun)")
    }

    @Test("one who has an answer does not end the trouble of another, and who was given up has none")
    func users() async throws {
        let fixture = try IngestFixture(partitions: 1)
        let loop = try await fixture.loop(try fixture.settings(), source: MemorySource(fixture.broker), once: false)
        let refusal = StoreError(.denied, operation: "put", message: "no")
        try loop.handle(.storeTrouble(.object(7), refusal))
        #expect(loop.storeTrouble == nil, "there is no such object any more")
        try loop.handle(.storeTrouble(.table(0), refusal))
        try loop.handle(.storeTrouble(.table(1), refusal))
        try loop.handle(.storeRecovered(.table(1)))
        #expect(loop.storeTrouble != nil)
        try loop.handle(.storeRecovered(.table(0)))
        #expect(loop.storeTrouble == nil)
    }
}
