import Catalog
import Compression
import Formats
import Foundation
import LakeModel
import Logging
import ObjectStorage
import Synchronization
import TestSupport

/// A clock that moves when someone sleeps on it, or when a test says so.
final class SleepingClock: LakeClock {
    private let milliseconds = Mutex<Int64>(0)
    /// 2026-11-21T05:00:00Z.
    let start = Timestamp(milliseconds: 1_795_237_200_000)

    func now() -> Timestamp { start.advanced(byMilliseconds: milliseconds.withLock { $0 }) }

    func elapsed() -> Duration { .milliseconds(milliseconds.withLock { $0 }) }

    func advance(by duration: Duration) { milliseconds.withLock { $0 += duration.wholeMilliseconds } }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        advance(by: max(.milliseconds(1), duration))
        await Task.yield()
    }
}

/// Drops what is logged.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// One event as the model of a test knows it.
struct ModelEvent: Hashable, Comparable, CustomStringConvertible {
    var source: TopicPartition
    var offset: Int64

    var description: String { "\(source):\(offset)" }

    static func < (a: Self, b: Self) -> Bool { (a.source, a.offset) < (b.source, b.offset) }
}

/// A table `orders` with real objects, and a model of every event that was committed: the side it went to, its line.
final class MaintenanceLake: Sendable {
    struct Stored: Hashable, Sendable {
        var side: TableSide
        var line: String
    }

    let inner: any ObjectStore
    let store: FaultyStore
    let clock = SleepingClock()
    let name: TableName
    private let random: Mutex<SeededGenerator>
    /// What the lake must hold.
    let model = Mutex<[ModelEvent: Stored]>([:])

    init(seed: UInt64, store inner: (any ObjectStore)? = nil) throws {
        self.inner = inner ?? MemoryObjectStore(clock: clock)
        store = FaultyStore(self.inner, seed: seed, clock: clock)
        random = Mutex(SeededGenerator(seed: seed))
        guard let name = TableName("orders") else { throw CheckFailure("no table name") }
        self.name = name
    }

    static let writer = WriterIdentity(id: "w1", host: "test", program: "varve 0.0.0")
    static let layout = TableLayout(
        granularity: .hour, zone: "UTC", shards: 2, time: "kafka", shardBy: "partition")

    func id() -> CommitID { random.withLock { CommitID(using: &$0) } }

    func pick(_ range: ClosedRange<Int>) -> Int { random.withLock { Int.random(in: range, using: &$0) } }

    func open(checkpointEvery: Int64 = 8) async throws -> Table {
        var options = CatalogOptions()
        options.checkpointEvery = checkpointEvery
        options.manifestEntriesMax = 20
        options.settleWithin = .seconds(20)
        return try await Table.open(
            name, in: store, options: options, clock: clock, logger: quiet)
    }

    func source(_ partition: Int32) -> TopicPartition { TopicPartition(topic: "orders", partition: partition) }

    func partition(hour: Int, shard: UInt16 = 0) -> PartitionPath {
        PartitionPath(date: CalendarDay(daysSinceEpoch: 20_777), hour: UInt8(hour % 24), shard: shard)
    }

    func time(hour: Int, _ offset: Int64) -> Timestamp {
        Timestamp(milliseconds: 20_777 * 86_400_000 + Int64(hour) * 3_600_000 + offset % 3_600_000)
    }

    func line(_ source: TopicPartition, _ offset: Int64, hour: Int, side: TableSide) -> String {
        let reason = side == .deadLetter ? ",\"reason\":\"not_json\",\"detail\":\"no\"" : ""
        return "{\"topic\":\"\(source.topic)\",\"partition\":\(source.partition),\"offset\":\(offset),"
            + "\"timestamp\":\(time(hour: hour, offset).milliseconds),\"timestamp_type\":\"create\"\(reason),"
            + "\"key\":\"k\(offset % 7)\",\"value\":{\"n\":\(offset),\"user\":\"u\(offset % 5)\"}}\n"
    }

    /// Puts one object of these events, in this order, into the store, and describes it; no commit yet.
    func put(
        _ events: [ModelEvent], hour: Int, shard: UInt16 = 0, side: TableSide = .main, tags: [String] = [],
        in store: (any ObjectStore)? = nil
    ) async throws -> DataObject {
        let plain = Array(events.map { line($0.source, $0.offset, hour: hour, side: side) }.joined().utf8)
        let bytes = try zstdCompress(plain, level: 3)
        let partition = partition(hour: hour, shard: shard)
        let path = "\(side.folder)/\(partition)/o-\(events.first?.offset ?? 0)-\(id()).ndjson.zst"
        guard let key = ObjectKey("\(name)/\(path)") else { throw CheckFailure("not a key: \(path)") }
        let info = try await (store ?? inner).put(bytes, to: key)
        let spans = Dictionary(grouping: events, by: \.source).sorted { $0.key < $1.key }.map { source, events in
            OffsetSpan(
                source, first: events.map(\.offset).min() ?? 0, last: events.map(\.offset).max() ?? 0,
                count: Int64(events.count))
        }
        let times = events.map { time(hour: hour, $0.offset) }
        return DataObject(
            path: path, side: side, partition: partition, format: .envelope, bytes: Int64(bytes.count),
            uncompressedBytes: Int64(plain.count), records: Int64(events.count),
            eventTime: times.min().flatMap { low in times.max().map { TimeSpan(min: low, max: $0) } },
            offsets: spans, checksum: Checksum(.crc64nvme, of: bytes), uploadedAt: info.modifiedAt, tags: tags)
    }

    /// Commits the next events of some topic partitions into one object, and tells the model.
    @discardableResult
    func append(
        _ table: Table, partitions: [Int32] = [0, 1], count: Int = 6, hour: Int = 1, shard: UInt16 = 0,
        side: TableSide = .main, tags: [String] = [], closed: [LakeHour] = []
    ) async throws -> DataObject {
        let head = try await table.refresh()
        var events: [ModelEvent] = []
        var ranges: [OffsetRange] = []
        for partition in partitions {
            let source = source(partition)
            let from = head.next(of: source) ?? 0
            events += (from..<(from + Int64(count))).map { ModelEvent(source: source, offset: $0) }
            ranges.append(OffsetRange(source, from: from, to: from + Int64(count), events: Int64(count)))
        }
        // As a writer meets them: topic partitions mixed, each in order.
        events.sort { ($0.offset / 3, $0.source, $0.offset) < ($1.offset / 3, $1.source, $1.offset) }
        let object = try await put(events, hour: hour, shard: shard, side: side, tags: tags)
        let change = Change(
            kind: .append, layout: Self.layout, offsets: ranges, add: [object],
            closed: closed.filter { !head.isComplete($0) })
        try await table.commit(change, id: id(), writer: Self.writer)
        model.withLock { model in
            for event in events {
                let line = line(event.source, event.offset, hour: hour, side: side)
                model[event] = Stored(side: side, line: String(line.dropLast()))
            }
        }
        return object
    }

    var events: [ModelEvent: Stored] { model.withLock { $0 } }

    /// Takes events out of the model: a test has removed their objects on purpose.
    func forget(_ events: Set<ModelEvent>) {
        model.withLock { model in for event in events { model[event] = nil } }
    }

    /// Every object in the store under the table's folder, by key.
    func listing() async throws -> [String] {
        try await inner.listAll(prefix: "\(name)/").map(\.key.description)
    }
}

extension MaintenanceLake {
    /// Reads the whole lake by itself, without the readers under test, and compares it with the model.
    func check(seed: UInt64, checksums: Bool = true) async throws {
        let found = try await contents(checksums: checksums)
        let expected = model.withLock { $0 }
        let missing = expected.keys.filter { found[$0] == nil }.sorted()
        let foreign = found.keys.filter { expected[$0] == nil }.sorted()
        guard missing.isEmpty, foreign.isEmpty else {
            throw CheckFailure("seed=\(seed): missing \(missing.prefix(5)), not expected \(foreign.prefix(5))")
        }
        for (event, stored) in expected where found[event] != stored {
            throw CheckFailure("seed=\(seed): \(event) is another: \(String(describing: found[event]))")
        }
    }

    /// Every event in the live objects; throws where one is there twice or an object is not what its entry says.
    func contents(checksums: Bool = true) async throws -> [ModelEvent: Stored] {
        let table = try await Table.open(
            name, in: inner, clock: clock, logger: quiet)
        var found: [ModelEvent: Stored] = [:]
        for object in try await table.snapshot().objects(.everything) {
            guard let key = ObjectKey("\(name)/\(object.path)") else { throw CheckFailure("not a key") }
            let bytes = try await inner.get(key, range: nil, bytesMax: 1 << 30).bytes
            let plain = try Self.plain(bytes, of: object)
            guard bytes.count == object.bytes, object.format == .parquet || plain.count == object.uncompressedBytes,
                Checksum(object.checksum.algorithm, of: bytes) == object.checksum
            else { throw CheckFailure("\(object.path) is not what its entry says") }
            let lines = String(decoding: plain, as: UTF8.self).split(separator: "\n")
            guard lines.count == object.records else { throw CheckFailure("\(object.path): \(lines.count) lines") }
            for line in lines {
                let event = try Self.parse(line)
                let stored = Stored(side: object.side, line: String(line))
                guard found.updateValue(stored, forKey: event) == nil else { throw CheckFailure("twice: \(event)") }
            }
        }
        return found
    }

    /// The lines of an object, without the readers under test; rows of Parquet as envelope lines.
    static func plain(_ bytes: [UInt8], of object: DataObject) throws -> [UInt8] {
        guard object.format == .parquet else { return try zstdDecompress(bytes, bytesMax: 1 << 30) }
        let reader = try ParquetTableReader(try ParquetFileReader(ParquetMemorySource(bytes)))
        guard reader.shape.schemaID == object.schemaID else { throw CheckFailure("\(object.path): another schema id") }
        let lines = FrameBuffer(capacityBytes: 0)
        var writer = StoredEventWriter()
        for group in 0..<reader.file.rowGroupCount {
            try reader.open(group: group)
            while let event = try reader.nextInGroup() { writer.append(event, to: lines) }
        }
        return Array(lines.bytes)
    }

    static func parse(_ line: Substring) throws -> ModelEvent {
        guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
            let topic = object["topic"] as? String, let partition = object["partition"] as? Int32,
            let offset = object["offset"] as? Int64
        else { throw CheckFailure("no envelope: \(line)") }
        return ModelEvent(source: TopicPartition(topic: topic, partition: partition), offset: offset)
    }

    /// Replays the log with the auditor, which shares no code with the writers.
    func audit() async throws -> [LogAuditor.Violation] {
        let table = try await Table.open(
            name, in: inner, clock: clock, logger: quiet)
        let snapshot = try await table.snapshot()
        let commits = try await table.commits(1...max(1, snapshot.version))
        guard commits.first?.version == 1 else { return [] }
        var auditor = LogAuditor()
        for commit in commits { auditor.examine(commit) }
        auditor.compare(head: snapshot.head, objects: try await snapshot.objects(.everything))
        return auditor.violations
    }
}
