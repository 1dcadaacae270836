import Catalog
import Formats
import LakeModel
import ObjectStorage
import Simulation
import TestSupport
import Testing

@testable import Ingest

@Suite("Parquet tables")
struct ParquetIngestTests {
    /// Events of every kind: JSON of two versions in turn, text, bytes, empty, tombstones, headers that repeat.
    private static func produce(_ count: Int, to fixture: IngestFixture, seed: UInt64, onlyJSON: Bool = false) {
        var random = SeededGenerator(seed: seed)
        let partitions = fixture.broker.partitions()
        for number in 0..<count {
            var event = ProducedEvent.order(number, at: Int64(number) * 3)
            switch onlyJSON ? 5 : Int.random(in: 0..<12, using: &random) {
            case 0: event.value = nil
            case 1: event.value = []
            case 2: event.value = (0..<20).map { _ in UInt8.random(in: 0...255, using: &random) }
            case 3: event.value = Array("{\n \"order\": \(number)\n}".utf8)
            case 4: event.key = nil
            default:
                let version = number % 2 == 0 ? #","v2":{"rate":1.5,"tags":["a","b"]}"# : #","old":"x""#
                event.value = Array(#"{"order":\#(number),"noise":"\#(hex(random.next()))"\#(version)}"#.utf8)
            }
            if random.chance(0.2) {
                event.headers = [
                    .init(name: "t", value: [1]), .init(name: "t", value: [0xFF]), .init(name: "n", value: nil),
                ]
            }
            let gap = random.chance(0.05) ? Int64.random(in: 1...3, using: &random) : 0
            fixture.broker.produce(event, to: partitions[number % partitions.count], gap: gap)
        }
    }

    @Test("raw rows hold every event once, whatever cuts objects and row groups", arguments: 0..<8 as Range<UInt64>)
    func raw(seed: UInt64) async throws {
        let fixture = try IngestFixture()
        Self.produce(3000, to: fixture, seed: seed)
        let rotate = [
            RotationSettings(), RotationSettings(records: 170), RotationSettings(bytes: 20 << 10),
        ][Int(seed % 3)]
        try await fixture.drain(try fixture.settings(rotate: rotate, parquet: .init(.raw)), seed: seed) {
            if seed % 2 == 1 { ($0.frameBytes, $0.rowGroupBytes) = (8 << 10, 16 << 10) }
            ($0.eventsPerPollMax, $0.rowGroupBytesLeast) = (100, 1 << 10)
        }
        try await fixture.expectExactlyOnce()
        let objects = try await fixture.objects()
        #expect(objects.allSatisfy { $0.format == .parquet && $0.schemaID == "raw" && $0.path.hasSuffix(".parquet") })
        let keys = objects.compactMap { $0.columns?.first }
        #expect(keys.count == objects.count && keys.allSatisfy { $0.name == "key" && $0.max != nil })
    }

    /// Found by the simulation.
    @Test("late events of a Parquet table are Parquet by name too")
    func names() async throws {
        let fixture = try IngestFixture(partitions: 1)
        for hour in [9, 1, 9] as [Int64] {
            fixture.broker.produce(.order(Int(hour), at: hour * 3_600_000), to: fixture.partition(0))
        }
        try await fixture.drain(
            try fixture.settings(late: LateSettings(policy: .separate), parquet: .init(.raw)))
        let objects = try await fixture.objects()
        #expect(Set(objects.map(\.side)) == [.main, .late])
        #expect(objects.allSatisfy { $0.format == .parquet && $0.path.hasSuffix(".parquet") }, "\(objects.map(\.path))")
    }

    @Test("interleaved schemas make no more objects than one schema", arguments: [true, false])
    func interleaved(isInferred: Bool) async throws {
        let fixture = try IngestFixture(partitions: 2)
        Self.produce(4000, to: fixture, seed: 3, onlyJSON: true)
        let fields: ParquetSettings.Fields =
            isInferred ? .inferred : .declared(try ShreddedSchema([.init("order", .int64)]))
        let status = try await fixture.drain(
            try fixture.settings(shards: 2, parquet: .init(fields))
        ) { $0.eventsPerPollMax = 50 }
        let objects = try await fixture.objects()
        #expect(objects.count == 2)
        #expect(try await fixture.events().count == 4000)
        let counters = try #require(status.tables.first?.counters)
        #expect(counters.misfits == 0 && (isInferred ? counters.unknownFields == 0 : counters.unknownFields > 4000))
        let names = objects.flatMap { $0.columns ?? [] }.map(\.name)
        #expect(names.contains("order") && names.contains("v2.rate") == isInferred)
    }

    @Test("misfits are kept in _rest, or go to the dead-letter table of the same commit")
    func misfits() async throws {
        let schema = try ShreddedSchema([.init("order", .int64), .init("note", .int32)])
        for policy in [ShreddedTableWriter.MisfitPolicy.rest, .reject] {
            let fixture = try IngestFixture()
            fixture.produceOrders(400)
            fixture.broker.produce(
                ProducedEvent(value: nil, timestamp: IngestFixture.fiveOClock), to: fixture.partition(1))
            let status = try await fixture.drain(
                try fixture.settings(parquet: .init(.declared(schema), misfits: policy)))
            let counters = try #require(status.tables.first?.counters)
            #expect(counters.misfits == 400)
            #expect(counters.deadLettered["misfit"] == (policy == .reject ? 400 : nil))
            #expect(counters.deadLettered["tombstone"] == 1)
            #expect(try await fixture.events(.deadLetter).count == (policy == .reject ? 401 : 1))
            try await fixture.expectExactlyOnce(TableSide.allCases)
        }
    }

    @Test("many open hours stay within the budget", arguments: [8, 16, 64])
    func memory(mebibytes: Int) async throws {
        let fixture = try IngestFixture(partitions: 4)
        var random = SeededGenerator(seed: 5)
        for number in 0..<12_000 {
            var event = ProducedEvent.order(number, at: Int64(number % 40) * 3_600_000 + Int64(number))
            event.value = Array(
                #"{"n":\#(number),"noise":"\#((0..<30).map { _ in hex(random.next()) }.joined())"}"#.utf8)
            fixture.broker.produce(event, to: fixture.partition(Int32(number % 4)))
        }
        let budget = mebibytes << 20
        let late = LateSettings(afterMilliseconds: 1_000_000_000)
        let status = try await fixture.drain(
            try fixture.settings(shards: 4, late: late, parquet: .init(.raw))
        ) {
            ($0.memoryBytesMax, $0.frameBytes, $0.eventsPerPollMax) = (budget, 64 << 10, 100)
            ($0.rowGroupBytes, $0.rowGroupBytesLeast) = (budget / 16, 16 << 10)
        }
        #expect(status.memoryBytesPeak <= budget, "\(status.memoryBytesPeak)")
        #expect(status.memoryBytesUsed < 1 << 20, "what was committed takes no memory")
        try await fixture.expectExactlyOnce()
    }

    @Test("what a lost commit leaves behind is read again, and its memory is free", arguments: 0..<4 as Range<UInt64>)
    func reset(seed: UInt64) async throws {
        let fixture = try IngestFixture()
        Self.produce(1000, to: fixture, seed: seed)
        let settings = try fixture.settings(parquet: .init(.raw))
        let (zombie, source) = (try fixture.settings(parquet: .init(.raw)), MemorySource(fixture.broker))
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(zombie, source: source, once: true, seed: 100 + seed)
        try await fixture.turn(loop) { loop.tables[0].counters.events >= 300 }
        // Another writer commits the same offsets first.
        try await fixture.drain(settings, seed: seed)
        _ = try await fixture.finish(loop)
        try await fixture.expectExactlyOnce()
        #expect(loop.workshop.budget.bytesUsed < 4 << 20, "\(loop.workshop.budget.bytesUsed)")
    }
}
