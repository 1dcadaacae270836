import Catalog
import Foundation
import LakeModel
import Logging
import ObjectStorage
import Operations
import Synchronization
import TestSupport
import Testing

@testable import WebConsole

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
let anyWriter = WriterIdentity(id: "w1", host: "test", program: "varve 0.0.0")

/// 2026-11-21T00:00Z.
let midnight = Timestamp(milliseconds: 1_795_219_200_000)

/// A lake in memory, and the console over it, at 2026-11-21T05:00Z.
final class Bench: Sendable {
    let clock: ManualClock
    let store: MemoryObjectStore
    private let random = Mutex(SeededGenerator(seed: 1))

    init() {
        clock = ManualClock(now: midnight.advanced(byMilliseconds: 5 * 3_600_000))
        store = MemoryObjectStore(clock: clock)
    }

    func id() -> CommitID { random.withLock { CommitID(using: &$0) } }

    func table(_ name: String = "orders") async throws -> Table {
        var options = CatalogOptions()
        options.checkpointEvery = 4
        options.manifestEntriesMax = 10
        return try await Table.open(
            try #require(TableName(name)), in: store, options: options, clock: clock, logger: quiet)
    }

    /// Commits `count` objects of ten events in one hour of the day (negative hours are the day before's).
    @discardableResult
    func append(
        _ table: Table, hour: Int, count: Int = 1, bytes: Int64 = 1000, side: TableSide = .main,
        topic: String = "orders"
    ) async throws -> [DataObject] {
        let source = TopicPartition(topic: topic, partition: 0)
        let known = await table.head().progress[source]
        let from = known?.next ?? 0
        let begin = midnight.advanced(byMilliseconds: Int64(hour) * 3_600_000)
        let objects = (0..<count).map { index in
            let first = from + Int64(index) * 10
            let partition = PartitionPath(date: begin.day, hour: UInt8((hour + 240) % 24), shard: 0)
            return DataObject(
                path: "\(side.folder)/\(partition)/\(padded(first, 8)).ndjson.zst", side: side, partition: partition,
                format: .envelope, bytes: bytes, uncompressedBytes: bytes * 5, records: 10,
                eventTime: TimeSpan(min: begin, max: begin.advanced(byMilliseconds: 1000)),
                offsets: [OffsetSpan(source, first: first, last: first + 9, count: 10)],
                checksum: Checksum(algorithm: .crc64nvme, value: "ae8b14860a799888"), uploadedAt: begin)
        }
        let to = from + Int64(count) * 10
        let mark = max(known?.watermark ?? begin, begin.advanced(byMilliseconds: 1000))
        let change = Change(
            kind: .append,
            layout: TableLayout(granularity: .hour, zone: "UTC", shards: 1, time: "kafka", shardBy: "partition"),
            offsets: [OffsetRange(source, from: from, to: to, events: to - from, watermark: mark)], add: objects)
        try await table.commit(change, id: id(), writer: anyWriter)
        return objects
    }

    func pages(
        token: String? = nil, writer: @escaping ConsoleAPI.Writer = { nil }, options: ConsoleOptions = ConsoleOptions()
    ) -> ConsolePages {
        let lake = Lake(store: ReadOnlyStore(store), clock: clock, logger: quiet)
        let watch = LakeWatch(lake: lake, options: options, clock: SystemClock(), logger: quiet)
        let api = ConsoleAPI(watch: watch, writer: writer, clock: clock, options: options, program: "varve test")
        return ConsolePages(api: api, door: ConsoleDoor(token: token, clock: clock))
    }
}

extension ConsolePages {
    /// The answer to a GET, which must be there.
    func get(_ target: String, headers: [String: String] = [:]) async throws -> WebAnswer {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let query = (parts.count > 1 ? parts[1] : "").split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return (name: sides[0], value: sides.count > 1 ? sides[1] : "")
        }
        return try #require(await answer(WebRequest("GET", parts[0], query: query, headers: headers)))
    }

    /// The JSON of a GET of the API that must succeed, asked again until `isDone`.
    func json(_ target: String, until isDone: ([String: Any]) -> Bool = { _ in true }) async throws -> [String: Any] {
        var last: [String: Any] = [:]
        try await eventually("\(target) is answered") {
            let answer = try await get("/api/v1/\(target)")
            guard answer.status == 200 else {
                throw CheckFailure("\(target): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
            }
            last = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
            return isDone(last)
        }
        return last
    }
}
