import Catalog
import Formats
import LakeModel
import ObjectStorage
import TestSupport
import Simulation
import Testing

@testable import Ingest

@Suite("Rotation, late events, dead letters")
struct RotationTests {
    @Test("a topic that falls silent is flushed by age, without new input")
    func idle() async throws {
        let clock = ManualClock()
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        let source = MemorySource(fixture.broker)
        let loop = try await fixture.loop(try fixture.settings(), source: source, once: false)
        source.assign(fixture.broker.partitions())
        fixture.produceOrders(1)
        try await fixture.turn(loop) {
            clock.advance(by: .seconds(1))
            return loop.control.status.tables.first?.counters.events == 1
        }
        #expect(loop.control.status.tables.first?.counters.eventsCommitted == 0)
        clock.advance(by: .seconds(301))
        try await fixture.turn(loop) {
            clock.advance(by: .seconds(1))
            return loop.control.status.tables.first?.counters.eventsCommitted == 1
        }
        #expect(loop.control.status.tables.first?.counters.rotations[.age] == 1)
        try await fixture.expectExactlyOnce()
    }

    @Test("objects end at the number of records that was asked for, to the record")
    func records() async throws {
        let fixture = try IngestFixture(partitions: 1)
        fixture.produceOrders(350)
        try await fixture.drain(try fixture.settings(rotate: RotationSettings(records: 100)))
        let records = try await fixture.objects().map(\.records).sorted()
        #expect(records == [50, 100, 100, 100])
        try await fixture.expectExactlyOnce()
    }

    @Test("objects end at their compressed size, whether or not their frames are back")
    func bytes() async throws {
        let fixture = try IngestFixture(partitions: 1)
        var random = SeededGenerator(seed: 7)
        for number in 0..<16_000 {
            let noise = (0..<25).map { _ in hex(random.next()) }.joined()
            var event = ProducedEvent.order(number)
            event.value = Array("\"\(noise)\"".utf8)
            fixture.broker.produce(event, to: fixture.partition(0))
        }
        let target: Int64 = 200 << 10
        let frame = 32 << 10
        try await fixture.drain(try fixture.settings(rotate: RotationSettings(bytes: target))) {
            ($0.frameBytes, $0.eventsPerPollMax) = (frame, 400)
        }
        let objects = try await fixture.objects().sorted {
            ($0.offsets.first?.first ?? 0) < ($1.offsets.first?.first ?? 0)
        }
        // The first ones may be filled before any frame is back to learn from; the last one is what was left.
        let sizes = objects.map(\.bytes).dropFirst(objects.count / 2).dropLast()
        #expect(sizes.count >= 5)
        for size in sizes { #expect(abs(size - target) < Int64(frame) * 3 / 2, "\(sizes)") }
        try await fixture.expectExactlyOnce()
    }

    @Test(
        "late events have their own objects, tagged, and rotate nobody else's", arguments: LateSettings.Policy.allCases)
    func late(policy: LateSettings.Policy) async throws {
        let fixture = try IngestFixture(partitions: 1)
        for number in 0..<1000 {
            // Every tenth event is five hours behind the others.
            let time = number % 10 == 9 ? Int64(number) : 5 * 3_600_000 + Int64(number)
            fixture.broker.produce(.order(number, at: time), to: fixture.partition(0))
        }
        let status = try await fixture.drain(
            try fixture.settings(late: LateSettings(afterMilliseconds: 3_600_000, policy: policy)))
        #expect(status.tables.first?.counters.late == 100)
        let objects = try await fixture.objects()
        let late = objects.filter { $0.tags.contains("late") || $0.side != .main }
        #expect(late.map(\.records) == [100])
        #expect(late.first?.side == (policy == .accept ? .main : policy == .separate ? .late : .deadLetter))
        #expect(objects.count == 2)
        try await fixture.expectExactlyOnce(TableSide.allCases)
    }

    @Test("in a table of payload lines, what is not JSON becomes a dead letter with its reason")
    func deadLetters() async throws {
        let fixture = try IngestFixture(partitions: 1)
        let payloads: [[UInt8]?] = [
            Array(#"{"a":1}"#.utf8), Array("{\"a\":\n2}".utf8), Array("nope".utf8), [0xFF], nil, [],
        ]
        for payload in payloads {
            fixture.broker.produce(
                ProducedEvent(key: [1], value: payload, timestamp: IngestFixture.fiveOClock), to: fixture.partition(0))
        }
        let status = try await fixture.drain(try fixture.settings(format: .value))
        #expect(status.tables.first?.counters.deadLettered == ["not_json": 3, "tombstone": 1])
        let main = try #require(try await fixture.objects().first { $0.side == .main })
        #expect(try await fixture.lines(main) == [Array(#"{"a":1}"#.utf8), Array(#"{"a":2}"#.utf8)])
        let dead = try await fixture.events(.deadLetter)
        #expect(dead.map(\.value) == [Array("nope".utf8), [0xFF], nil, []])
        #expect(dead.map(\.reason) == ["not_json", "not_json", "tombstone", "not_json"])
    }

    @Test(
        "a Kafka timestamp that is no time makes a dead letter, and a table that can still be opened",
        arguments: [Int64.min, -62_167_219_200_001, 1_700_000_000_000_000, .max])
    func wildTimestamps(timestamp: Int64) async throws {
        let fixture = try IngestFixture(partitions: 1)
        for time in [IngestFixture.fiveOClock, timestamp, IngestFixture.fiveOClock] {
            fixture.broker.produce(
                ProducedEvent(key: [1], value: Array("{}".utf8), timestamp: time), to: fixture.partition(0))
        }
        let status = try await fixture.drain(try fixture.settings())
        #expect(status.tables.first?.counters.deadLettered == ["bad_event_time": 1])
        #expect(try await fixture.events(.deadLetter).map(\.timestamp?.milliseconds) == [timestamp])
        try await fixture.expectExactlyOnce(TableSide.allCases)
    }

    @Test("the timestamp that says there is none makes a dead letter of today, not an hour of 1969")
    func noTimestamp() async throws {
        let clock = ManualClock(now: Timestamp(milliseconds: IngestFixture.fiveOClock))
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        for time in [IngestFixture.fiveOClock, -1] {
            fixture.broker.produce(
                ProducedEvent(key: [1], value: Array("{}".utf8), timestamp: time), to: fixture.partition(0))
        }
        let status = try await fixture.drain(try fixture.settings()) { $0.commitEvery = .zero }
        #expect(status.tables.first?.counters.deadLettered == ["no_event_time": 1])
        let hours = try await fixture.objects().map { LakeHour($0.partition).description }
        #expect(hours == ["2026-01-25/05", "2026-01-25/05"])
        try await fixture.expectExactlyOnce(TableSide.allCases)
    }

    @Test("objects of dead letters end at the records and the bytes that were asked for as well")
    func deadLettersRotate() async throws {
        let fixture = try IngestFixture(partitions: 1)
        var random = SeededGenerator(seed: 11)
        for _ in 0..<350 {
            let noise = (0..<25).map { _ in hex(random.next()) }.joined()
            fixture.broker.produce(
                ProducedEvent(key: [1], value: Array("no \(noise)".utf8), timestamp: IngestFixture.fiveOClock),
                to: fixture.partition(0))
        }
        let byRecords = RotationSettings(records: 100)
        try await fixture.drain(try fixture.settings(format: .value, rotate: byRecords))
        #expect(try await fixture.objects().map(\.records).sorted() == [50, 100, 100, 100])
        let byBytes = RotationSettings(bytes: 40 << 10)
        for event in fixture.broker.events(of: fixture.partition(0)) {
            fixture.broker.produce(event, to: fixture.partition(1))
        }
        try await fixture.drain(try fixture.settings(format: .value, rotate: byBytes), seed: 2) {
            $0.frameBytes = 16 << 10
        }
        #expect(try await fixture.objects().count > 4 + 1)
        try await fixture.expectExactlyOnce([.deadLetter])
    }

    @Test("a full budget seals objects early, and is kept")
    func memory() async throws {
        let fixture = try IngestFixture(partitions: 2)
        let status = try await fixture.drain(try fixture.manyHours()) {
            $0.memoryBytesMax = 12 << 20
            $0.frameBytes = 64 << 10
            $0.eventsPerPollMax = 100
        }
        #expect(status.memoryBytesPeak <= 12 << 20)
        #expect(status.memoryBytesUsed < 1 << 20, "what was committed takes no memory")
        #expect((status.tables.first?.counters.rotations[.memory] ?? 0) > 0)
        try await fixture.expectExactlyOnce()
    }

    @Test("many stored objects are committed without waiting for the next commit's time")
    func manyObjects() async throws {
        let fixture = try IngestFixture(clock: ManualClock(), partitions: 1)
        fixture.produceOrders(2000)
        let source = MemorySource(fixture.broker)
        let loop = try await fixture.loop(
            try fixture.settings(shards: 1, rotate: RotationSettings(records: 10)), source: source, once: false
        ) { ($0.commitEvery, $0.commitObjects, $0.frameBytes) = (.seconds(3600), 50, 1 << 10) }
        source.assign(fixture.broker.partitions())
        try await fixture.turn(loop) { (loop.control.status.tables.first?.counters.eventsCommitted ?? 0) >= 1000 }
        #expect(try await fixture.objects().count >= 50)
    }

    @Test("however many hours events are spread over, no log entry is larger than it should be")
    func manyHoursManyCommits() async throws {
        let fixture = try IngestFixture(partitions: 1)
        for hour in 0..<600 as Range<Int64> {
            fixture.broker.produce(.order(Int(hour), at: hour * 3_600_000), to: fixture.partition(0))
        }
        try await fixture.drain(
            try fixture.settings(shards: 1, close: CloseSettings(graceMilliseconds: 10_000 * 3_600_000))
        ) { $0.commitBytesMax = 100 * OpenObject.entryBytesLeast }
        let table = try await fixture.table()
        let added = try await table.commits(1...table.head().version).map(\.add.count)
        #expect(added.reduce(0, +) == 600)
        #expect(added.allSatisfy { $0 <= 100 }, "\(added)")
        try await fixture.expectExactlyOnce()
    }

    @Test("topic partitions that are many make an object's entry large: it waits for no others")
    func manySources() async throws {
        let clock = ManualClock()
        let fixture = try IngestFixture(clock: clock, partitions: 64)
        fixture.produceOrders(64)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(shards: 1), source: source, once: false) {
            $0.commitBytesMax = OpenObject.entryBytesLeast + 60 * 128
        }
        try await fixture.turn(loop) {
            if clock.elapsed() < .seconds(60) { clock.advance(by: .milliseconds(50)) }
            return loop.tables[0].counters.eventsCommitted == 64
        }
        #expect(try await fixture.objects().count == 1)
    }

    @Test("the budget is kept while nothing gets compressed and no time passes", arguments: [100, 4096])
    func memoryWithoutHelp(eventsPerPoll: Int) async throws {
        let fixture = try IngestFixture(clock: ManualClock(), partitions: 2)
        let settings = try fixture.manyHours()
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(settings, source: source) {
            $0.memoryBytesMax = 12 << 20
            // No frame is ever full, so nothing waits for the compressors, of which there are none.
            $0.frameBytes = 1 << 20
            $0.compressionThreads = 0
            $0.eventsPerPollMax = eventsPerPoll
        }
        try await fixture.turn(loop) { loop.fullSince != nil }
        for _ in 0..<200 { _ = try loop.turn(waitMax: .zero) }
        #expect(loop.workshop.budget.bytesPeak <= 12 << 20)
    }

    @Test("an hour that is over is declared complete, with a _SUCCESS object")
    func completeness() async throws {
        let fixture = try IngestFixture(partitions: 2)
        fixture.produceOrders(4000, stepMilliseconds: 1000)
        try await fixture.drain(try fixture.settings())
        let head = try await fixture.table().head()
        #expect(head.closedThrough == LakeHour("2026-01-25/05"))
        let key = try #require(ObjectKey("orders/data/date=2026-01-25/hour=05/_SUCCESS"))
        try await eventually("the marker is there") { try await fixture.store.getIfPresent(key) != nil }
        try await fixture.expectExactlyOnce()
    }

    @Test(
        "events that the broker has lost stop the writer, unless the table says otherwise",
        arguments: ResetPolicy.allCases)
    func lostEvents(policy: ResetPolicy) async throws {
        let fixture = try IngestFixture(partitions: 1)
        fixture.produceOrders(100)
        try await fixture.drain(try fixture.settings(), seed: 1)
        fixture.produceOrders(100, from: 100)
        fixture.broker.deleteEvents(before: 150, of: fixture.partition(0))
        fixture.produceOrders(10, from: 200)
        do {
            try await fixture.drain(try fixture.settings(onReset: policy), seed: 2)
            #expect(policy != .stop)
            #expect(try await fixture.table().head().progress[fixture.partition(0)]?.next == 210)
        } catch let error as IngestError {
            #expect(policy == .stop)
            #expect(error.description.contains("orders/0 at offset 100"))
        }
    }

    @Test("a store that refuses credentials holds everything up and loses nothing")
    func denied() async throws {
        let clock = SystemClock()
        let faulty = FaultyStore(
            MemoryObjectStore(clock: clock), seed: 1, clock: clock,
            rules: [FaultRule(.denied, on: [.put], keyContains: "/data/")])
        let fixture = try IngestFixture(store: faulty)
        fixture.produceOrders(500)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(), source: source)
        try await fixture.turn(loop) { loop.control.status.storeTrouble != nil }
        #expect(loop.control.status.tables.first?.counters.eventsCommitted == 0)
        faulty.setRules([])
        #expect(try await fixture.finish(loop).isFinished)
        try await fixture.expectExactlyOnce()
    }

    @Test("a stop while the store is away ends in time and says how much is not committed")
    func stopWithoutStore() async throws {
        let clock = SystemClock()
        let faulty = FaultyStore(
            MemoryObjectStore(clock: clock), seed: 1, clock: clock,
            rules: [FaultRule(.unavailableBefore, on: [.put], keyContains: "/data/")])
        let fixture = try IngestFixture(store: faulty)
        fixture.produceOrders(500)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(), source: source, once: false) {
            $0.shutdownTimeout = .milliseconds(500)
        }
        try await fixture.turn(loop) { loop.control.status.tables.first?.counters.events == 500 }
        loop.control.stop()
        guard case .timedOut(let events) = try await fixture.finish(loop) else {
            Issue.record("it should not have finished")
            return
        }
        #expect(events == 500)
        faulty.setRules([])
        try await fixture.drain(try fixture.settings(), seed: 2)
        try await fixture.expectExactlyOnce()
    }
}
