import Catalog
import LakeModel
import Logging
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// A clock that moves only when someone sleeps on it.
final class TestClock: LakeClock {
    private let milliseconds = Mutex<Int64>(0)
    let start = Timestamp(milliseconds: 1_795_000_000_000)

    func now() -> Timestamp { start.advanced(byMilliseconds: milliseconds.withLock { $0 }) }

    func elapsed() -> Duration { .milliseconds(milliseconds.withLock { $0 }) }

    func advance(milliseconds delta: Int64) { milliseconds.withLock { $0 += delta } }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        advance(milliseconds: max(1, Int64(duration / .milliseconds(1))))
        await Task.yield()
    }
}

let anyWriter = WriterIdentity(id: "w1", host: "test", program: "varve 0.0.0")
let hourly = TableLayout(granularity: .hour, zone: "UTC", shards: 1, time: "kafka", shardBy: "partition")
let orders0 = TopicPartition(topic: "orders", partition: 0)
let orders1 = TopicPartition(topic: "orders", partition: 1)

/// One table's surroundings: a store, a clock, ids that repeat for one seed.
final class Bench: Sendable {
    let store = TinyStore()
    let clock = TestClock()
    let name: TableName
    private let random: Mutex<SeededGenerator>

    init(seed: UInt64 = 1, table: String = "orders") throws {
        random = Mutex(SeededGenerator(seed: seed))
        name = try #require(TableName(table))
    }

    func id() -> CommitID { random.withLock { CommitID(using: &$0) } }

    func open(_ configure: (inout CatalogOptions) -> Void = { _ in }) async throws -> Table {
        var options = CatalogOptions()
        configure(&options)
        return try await Table.open(name, in: store, options: options, clock: clock, logger: quiet)
    }

    /// An append of `count` events of one topic partition from where the table's head stands.
    @discardableResult
    func append(
        _ table: Table, _ source: TopicPartition = orders0, count: Int64 = 10, hour: Int = 0
    ) async throws -> CommitReceipt {
        let known = await table.head().progress[source]
        var change = appending(source, from: known?.next ?? 0, count: count, hour: hour)
        change.offsets[0].watermark = [known?.watermark, change.offsets[0].watermark].compactMap(\.self).max()
        return try await table.commit(change, id: id(), writer: anyWriter)
    }

    func appending(_ source: TopicPartition, from: Int64, count: Int64, hour: Int = 0) -> Change {
        let object = object(source, first: from, count: count, hour: hour)
        return Change(
            kind: .append, layout: hourly,
            offsets: [
                OffsetRange(source, from: from, to: from + count, events: count, watermark: object.eventTime?.max)
            ],
            add: [object])
    }

    /// An object of `count` events from one topic partition, `hour` hours after 2026-11-21T00:00Z.
    func object(
        _ source: TopicPartition, first: Int64, count: Int64, hour: Int = 0, side: TableSide = .main,
        name: String? = nil
    ) -> DataObject {
        let partition = partition(hour: hour)
        let name = name ?? "\(source.topic)-\(source.partition)-\(first)-\(id().description.prefix(8))"
        let begin = Timestamp(milliseconds: 1_795_219_200_000 + Int64(hour) * 3_600_000)
        return DataObject(
            path: "\(side.folder)/\(partition)/\(name).ndjson.zst", side: side, partition: partition, format: .envelope,
            bytes: count * 40, uncompressedBytes: count * 200, records: count,
            eventTime: TimeSpan(min: begin, max: begin.advanced(byMilliseconds: min(count, 3_599_999))),
            offsets: [OffsetSpan(source, first: first, last: first + count - 1, count: count)],
            checksum: Checksum(algorithm: .crc64nvme, value: "ae8b14860a799888"), uploadedAt: store.now)
    }

    func partition(hour: Int) -> PartitionPath {
        PartitionPath(
            date: CalendarDay(daysSinceEpoch: 20_778 + Int32(hour / 24)), hour: UInt8(hour % 24), shard: 0)
    }
}

/// Drops what is logged.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Counts from 1, across tasks.
final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}

/// The catalog's reason for refusing what `body` does; nil where it does not.
func refusal(_ body: () async throws -> some Sendable) async -> CatalogError? {
    do {
        _ = try await body()
        return nil
    } catch let error as CatalogError {
        return error
    } catch {
        Issue.record(error)
        return nil
    }
}
