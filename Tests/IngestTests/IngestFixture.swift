import Catalog
import Compression
import Formats
import LakeModel
import Logging
import ObjectStorage
import TestSupport
import Simulation
import Testing

@testable import Ingest

/// A lake with one table `orders`, a broker with one topic `orders`, and the means to write and to read back.
struct IngestFixture {
    let store: any ObjectStore
    let broker = MemoryBroker()
    let clock: any LakeClock
    let name: TableName

    init(store: (any ObjectStore)? = nil, clock: any LakeClock = SystemClock(), partitions: Int = 4) throws {
        self.clock = clock
        self.store = store ?? MemoryObjectStore(clock: clock)
        name = try #require(TableName("orders"))
        broker.createTopic("orders", partitions: partitions)
    }

    func settings(
        format: DataFormat = .envelope, shards: Int = 2, shardBy: String = "partition", zone: String = "UTC",
        rotate: RotationSettings = RotationSettings(), late: LateSettings = LateSettings(),
        close: CloseSettings = CloseSettings(), onReset: ResetPolicy = .stop, parquet: ParquetSettings? = nil
    ) throws -> TableSettings {
        var table = TableSettings(
            name: "orders", takesTopic: { $0 == "orders" },
            layout: TableLayout(granularity: .hour, zone: zone, shards: shards, time: "kafka", shardBy: shardBy),
            time: EventTimeRule(.kafka), shardRule: try #require(ShardRule(shardBy)),
            format: parquet == nil ? format : .parquet, rotate: rotate, late: late, close: close, onReset: onReset)
        if let parquet { table.parquet = parquet }
        return table
    }

    func table() async throws -> Table {
        try await Table.open(name, in: store, clock: clock, logger: Logger(label: "test"))
    }

    func loop(
        _ settings: TableSettings, source: MemorySource, once: Bool = true, seed: UInt64 = 1,
        change: (inout IngestSettings) -> Void = { _ in }
    ) async throws -> IngestLoop {
        var ingest = IngestSettings()
        ingest.once = once
        ingest.commitEvery = .milliseconds(20)
        change(&ingest)
        return try IngestLoop(
            settings: ingest, tables: [(settings, try await table())], source: source, store: store,
            writer: WriterIdentity(id: "w\(seed)", host: "test", program: "varve test"), clock: clock,
            random: SeededGenerator(seed: seed), logger: Logger(label: "test"))
    }

    /// Produces payloads of 8 KB that hardly shrink into 300 hours at once, in a table that keeps all hours open.
    func manyHours() throws -> TableSettings {
        var random = SeededGenerator(seed: 3)
        for number in 0..<4000 {
            var event = ProducedEvent.order(number, at: Int64.random(in: 0..<300, using: &random) * 3_600_000)
            event.value = Array("\"\((0..<512).map { _ in hex(random.next()) }.joined())\"".utf8)
            broker.produce(event, to: partition(Int32(number % 2)))
        }
        return try settings(
            shards: 1, late: LateSettings(afterMilliseconds: .max),
            close: CloseSettings(graceMilliseconds: 1_000 * 3_600_000))
    }

    /// Runs a writer over all partitions to the end that the topic has now.
    @discardableResult
    func drain(_ settings: TableSettings, seed: UInt64 = 1, change: (inout IngestSettings) -> Void = { _ in })
        async throws -> IngestStatus
    {
        let source = MemorySource(broker)
        source.assign(broker.partitions())
        let loop = try await loop(settings, source: source, seed: seed, change: change)
        let outcome = try await finish(loop)
        guard case .finished = outcome else {
            Issue.record("the writer did not finish: \(outcome)")
            return loop.control.status
        }
        return loop.control.status
    }

    /// Turns the loop until it ends, letting its tasks run in between.
    func finish(_ loop: IngestLoop) async throws -> IngestOutcome {
        let deadline = ContinuousClock.now + .seconds(60) * patience
        while ContinuousClock.now < deadline {
            if let outcome = try loop.turn(waitMax: .zero) { return outcome }
            await Task.yield()
        }
        throw TestFailure("the loop did not end: \(loop.report)")
    }

    /// Turns the loop until `condition` holds.
    func turn(_ loop: IngestLoop, until condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30) * patience
        while try await !condition() {
            guard ContinuousClock.now < deadline else {
                throw TestFailure("the condition did not come true: \(loop.report)")
            }
            _ = try loop.turn(waitMax: .zero)
            await Task.yield()
        }
    }

    func objects() async throws -> [DataObject] {
        let snapshot = try await table().snapshot()
        return try await snapshot.objects(.everything)
    }

    /// Every event of the live objects of one side, read back from the store.
    func events(_ side: TableSide = .main) async throws -> [StoredEvent] {
        var events: [StoredEvent] = []
        let reader = EnvelopeReader()
        for object in try await objects() where object.side == side {
            for line in try await lines(object) {
                events.append(try line.withUnsafeBytes { try reader.read($0) })
            }
        }
        return events
    }

    func lines(_ object: DataObject) async throws -> [[UInt8]] {
        let key = try #require(ObjectKey("orders/\(object.path)"))
        let content = try await store.get(key, range: nil, bytesMax: 1 << 30)
        #expect(Int64(content.bytes.count) == object.bytes)
        #expect(Checksum(.crc64nvme, of: content.bytes) == object.checksum)
        if object.format == .parquet { return try parquetLines(content.bytes, object) }
        let raw = try zstdDecompress(content.bytes, bytesMax: 1 << 30)
        #expect(Int64(raw.count) == object.uncompressedBytes)
        let lines = raw.split(separator: 0x0A).map(Array.init)
        #expect(Int64(lines.count) == object.records)
        return lines
    }

    private func parquetLines(_ bytes: [UInt8], _ object: DataObject) throws -> [[UInt8]] {
        let reader = try ParquetTableReader(try ParquetFileReader(ParquetMemorySource(bytes)))
        #expect(reader.shape.schemaID == object.schemaID)
        var writer = StoredEventWriter()
        var lines: [[UInt8]] = []
        for group in 0..<reader.file.rowGroupCount {
            try reader.open(group: group)
            while let event = try reader.nextInGroup() {
                let buffer = FrameBuffer(capacityBytes: 0)
                writer.append(event, to: buffer)
                lines.append(Array(buffer.bytes.dropLast()))
            }
        }
        #expect(Int64(lines.count) == object.records)
        return lines
    }

    /// Checks that every produced event is in the lake exactly once, with all that it had.
    func expectExactlyOnce(_ sides: [TableSide] = [.main], sourceLocation: SourceLocation = #_sourceLocation)
        async throws
    {
        var found: [TopicPartition: [Int64: ProducedEvent]] = [:]
        for side in sides {
            for event in try await events(side) {
                let earlier = found[event.topicPartition, default: [:]].updateValue(
                    ProducedEvent(event), forKey: event.offset)
                #expect(
                    earlier == nil, "\(event.topicPartition) \(event.offset) is there twice",
                    sourceLocation: sourceLocation)
            }
        }
        for name in broker.partitions() {
            let produced = Dictionary(uniqueKeysWithValues: broker.events(of: name).map { ($0.offset, $0) })
            #expect(found[name] ?? [:] == produced, "\(name)", sourceLocation: sourceLocation)
        }
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension ProducedEvent {

    /// A small order at a time given in milliseconds since 2026-01-25T05:00:00Z.
    static func order(_ number: Int, at milliseconds: Int64 = 0) -> ProducedEvent {
        ProducedEvent(
            key: Array("order-\(number)".utf8),
            value: Array(#"{"order":\#(number),"note":"\#(String(repeating: "x", count: number % 40))"}"#.utf8),
            timestamp: IngestFixture.fiveOClock + milliseconds)
    }
}

extension IngestFixture {
    /// 2026-01-25T05:00:00Z.
    static let fiveOClock: Int64 = 1_769_317_200_000

    func partition(_ number: Int32) -> TopicPartition { TopicPartition(topic: "orders", partition: number) }

    /// Orders spread over all partitions, one every `stepMilliseconds`.
    func produceOrders(_ count: Int, from first: Int = 0, stepMilliseconds: Int64 = 100) {
        let partitions = broker.partitions()
        for number in first..<first + count {
            broker.produce(
                .order(number, at: Int64(number) * stepMilliseconds), to: partitions[number % partitions.count])
        }
    }
}

extension IngestLoop {
    /// What it is waiting for, for the messages of tests that it kept waiting.
    var report: String {
        let budget = workshop.budget
        let uncut = tables.flatMap(\.uncut.values)
        let open = uncut.filter { $0.sealed == nil }
        return """
            stage \(stage), full since \(fullSince.map { "\($0)" } ?? "never"), budget \(budget.bytesUsed) of \
            \(budget.bytesMax), room for \(budget.eventsRoom) events, \(workshop.framesInFlight) jobs, \
            \(workshop.live.count) live objects, \(open.count) open with \
            \(open.reduce(0) { $0 + $1.memoryBytes }) B, \
            \(uncut.count - open.count) sealed, \
            \(uncut.count { $0.sealed != nil && $0.stored == nil }) of them not stored, \(tables.map(\.cuts.count)) cuts
            """
    }
}
