import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Simulation
import Testing

@testable import Ingest

@Suite("Exactly once")
struct ExactlyOnceTests {
    @Test("every event of every partition is in the lake once", arguments: ["partition", "key"])
    func plain(shardBy: String) async throws {
        let fixture = try IngestFixture()
        fixture.produceOrders(5000)
        let status = try await fixture.drain(try fixture.settings(shards: 3, shardBy: shardBy))
        try await fixture.expectExactlyOnce()
        #expect(status.tables.first?.counters.eventsCommitted == 5000)
        #expect(fixture.broker.hints()[fixture.partition(0)] == 1250)
    }

    @Test("a second run takes up where the first ended, whatever Kafka's own offsets say")
    func continues() async throws {
        let fixture = try IngestFixture()
        fixture.produceOrders(1000)
        try await fixture.drain(try fixture.settings(), seed: 1)
        fixture.produceOrders(700, from: 1000)
        try await fixture.drain(try fixture.settings(), seed: 2)
        try await fixture.drain(try fixture.settings(), seed: 3)
        try await fixture.expectExactlyOnce()
    }

    @Test("offset gaps are no loss")
    func gaps() async throws {
        let fixture = try IngestFixture(partitions: 1)
        for number in 0..<300 {
            fixture.broker.produce(.order(number), to: fixture.partition(0), gap: number % 7 == 0 ? 3 : 0)
        }
        try await fixture.drain(try fixture.settings())
        try await fixture.expectExactlyOnce()
        let head = try await fixture.table().head()
        #expect(
            head.progress[fixture.partition(0)]?.next
                == fixture.broker.events(of: fixture.partition(0)).last.map { $0.offset + 1 })
    }

    @Test("keys, headers, nulls, tombstones and binary payloads come back byte for byte")
    func lossless() async throws {
        let fixture = try IngestFixture(partitions: 1)
        let payloads: [[UInt8]?] = [
            nil, [], Array("null".utf8), Array(#"{"a": 1 , "b":[ ]}"#.utf8), [0xFF, 0x00, 0x0A], Array("not json".utf8),
            Array("{\n \"a\": 1\r\n}".utf8), Array(#"{"n":123456789012345678901234567890,"e":1e999}"#.utf8),
            Array("\"\u{1F30A} \\u0000\"".utf8), Array(" [1] ".utf8),
        ]
        let keys: [[UInt8]?] = [nil, [], Array("k\"\\\n\u{00E9}".utf8), [0xC3, 0x28]]
        for (index, value) in payloads.enumerated() {
            for key in keys {
                fixture.broker.produce(
                    ProducedEvent(
                        key: key, value: value,
                        headers: index % 2 == 0
                            ? []
                            : [
                                .init(name: "h", value: nil), .init(name: "h", value: []),
                                .init(name: "b", value: [0xFE]),
                            ],
                        timestamp: IngestFixture.fiveOClock, timestampType: index % 3 == 0 ? .append : .create),
                    to: fixture.partition(0))
            }
        }
        try await fixture.drain(try fixture.settings())
        try await fixture.expectExactlyOnce()
    }

    @Test("a store that fails now and then costs time, not events", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func faults(seed: UInt64) async throws {
        let clock = SystemClock()
        let faulty = FaultyStore(
            MemoryObjectStore(clock: clock), seed: seed, clock: clock,
            rules: [
                FaultRule(.unavailableBefore, probability: 0.05), FaultRule(.lostAnswer, on: [.put], probability: 0.05),
                FaultRule(.ownConflict, on: [.put], keyContains: "_varve/log", probability: 0.05),
            ])
        let fixture = try IngestFixture(store: faulty)
        fixture.produceOrders(3000)
        try await fixture.drain(
            try fixture.settings(rotate: RotationSettings(records: 200, age: .milliseconds(50))), seed: seed)
        faulty.setRules([])
        try await fixture.expectExactlyOnce()
    }

    /// Found by the simulation: the next try found no upload, and the writer gave up.
    @Test("an upload that was completed while its answer was lost is taken for done")
    func lostCompletion() async throws {
        let clock = SystemClock()
        let faulty = FaultyStore(
            MemoryObjectStore(clock: clock, partBytesLeast: 1), seed: 1, clock: clock,
            rules: [FaultRule(.lostAnswer, on: [.completeUpload], calls: [1, 3])])
        let fixture = try IngestFixture(store: faulty)
        fixture.produceOrders(3000)
        try await fixture.drain(try fixture.settings(rotate: RotationSettings(records: 500))) {
            ($0.frameBytes, $0.singlePutBytesMax, $0.partBytes) = (1 << 12, 1 << 11, 1 << 10)
        }
        try await fixture.expectExactlyOnce()
    }

    @Test("two writers hand partitions over without a gap or a double")
    func handOver() async throws {
        let fixture = try IngestFixture()
        fixture.produceOrders(2000)
        let first = MemorySource(fixture.broker)
        let one = try await fixture.loop(try fixture.settings(), source: first, once: false, seed: 1)
        first.assign(fixture.broker.partitions())
        try await fixture.turn(one) { one.control.status.tables.first?.counters.events == 2000 }
        let moving = [fixture.partition(1), fixture.partition(2)]
        first.revoke(moving)
        try await fixture.turn(one) { first.released == moving }
        fixture.produceOrders(1000, from: 2000)
        try await fixture.drainOthers(moving, seed: 2)
        one.control.stop()
        #expect(try await fixture.finish(one).isFinished)
        try await fixture.drain(try fixture.settings(), seed: 3)
        try await fixture.expectExactlyOnce()
    }

    @Test("a zombie that wakes up after its partitions moved commits nothing and reads again")
    func zombie() async throws {
        let fixture = try IngestFixture()
        fixture.produceOrders(400)
        let sleeper = MemorySource(fixture.broker)
        let zombie = try await fixture.loop(try fixture.settings(), source: sleeper, once: false, seed: 1) {
            $0.commitEvery = .seconds(3600)
        }
        sleeper.assign(fixture.broker.partitions())
        try await fixture.turn(zombie) { zombie.control.status.tables.first?.counters.events == 400 }
        try await fixture.drain(try fixture.settings(), seed: 2)
        zombie.control.stop()
        #expect(try await fixture.finish(zombie).isFinished)
        #expect(zombie.control.status.tables.first?.counters.resets == 1)
        try await fixture.expectExactlyOnce()
    }

    @Test("a writer that runs to the end does not end where its topic partitions are lost for a while")
    func lostForAWhile() async throws {
        let fixture = try IngestFixture()
        fixture.produceOrders(400)
        let source = MemorySource(fixture.broker)
        let loop = try await fixture.loop(try fixture.settings(), source: source, seed: 1)
        let names = fixture.broker.partitions()
        source.assign(names)
        try await fixture.turn(loop) { (loop.control.status.tables.first?.counters.events ?? 0) > 0 }
        source.revoke(names, lost: true)
        try await fixture.turn(loop) { Set(source.released) == Set(names) }
        for _ in 0..<100 { #expect(try loop.turn(waitMax: .zero) == nil) }
        source.assign(names)
        #expect(try await fixture.finish(loop).isFinished)
        try await fixture.expectExactlyOnce()
    }
}

extension IngestOutcome {
    var isFinished: Bool { if case .finished = self { true } else { false } }
}

extension IngestFixture {
    /// A second writer that has only some of the partitions.
    func drainOthers(_ names: [TopicPartition], seed: UInt64) async throws {
        let source = MemorySource(broker)
        source.assign(names)
        let loop = try await loop(try settings(), source: source, seed: seed)
        #expect(try await finish(loop).isFinished)
    }
}
