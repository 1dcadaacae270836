import Catalog
import Compression
import Foundation
import LakeModel
import Logging
import ObjectStorage
import TestSupport

@testable import varve

/// A table `orders` whose one hour lies in four small objects, one from each of four commits.
struct SplitLake {
    let directory: TemporaryDirectory
    /// What `varve cat` prints of it.
    private(set) var expected = ""

    var url: String { "file://\(directory.path)" }

    /// - Parameter byDay: the table is partitioned by day.
    init(byDay: Bool = false) async throws {
        directory = try TemporaryDirectory("varve-split-lake")
        let store = try DirectoryObjectStore(root: directory.path, durability: .none)
        let lake = Lake(store: store, clock: ManualClock(now: standingTime), logger: Logger(label: "test"))
        let table = try await lake.open(TableAddress.parse("orders").table)
        let source = TopicPartition(topic: "orders", partition: 0)
        let partition = PartitionPath(date: SmallLake.start.day, hour: byDay ? nil : 3, shard: 0)
        var generator = SeededGenerator(seed: 4)
        for first in stride(from: Int64(0), to: 40, by: 10) {
            let lines = (first..<(first + 10)).map { offset in
                "{\"topic\":\"orders\",\"partition\":0,\"offset\":\(offset),"
                    + "\"timestamp\":\(SmallLake.start.milliseconds + offset),\"timestamp_type\":\"create\","
                    + "\"key\":\"k\(offset)\",\"value\":{\"n\":\(offset)}}\n"
            }.joined()
            expected += lines
            let bytes = try zstdCompress(Array(lines.utf8), level: 3)
            let path = "data/\(partition)/orders-0-\(first).ndjson.zst"
            guard let key = ObjectKey("orders/\(path)") else { throw CheckFailure("not a key: \(path)") }
            let info = try await store.put(bytes, to: key)
            let object = DataObject(
                path: path, partition: partition, format: .envelope, bytes: Int64(bytes.count),
                uncompressedBytes: Int64(lines.utf8.count), records: 10,
                eventTime: TimeSpan(
                    min: SmallLake.start.advanced(byMilliseconds: first),
                    max: SmallLake.start.advanced(byMilliseconds: first + 9)),
                offsets: [OffsetSpan(source, first: first, last: first + 9, count: 10)],
                checksum: Checksum(.crc64nvme, of: bytes), uploadedAt: info.modifiedAt)
            let layout = TableLayout(
                granularity: byDay ? .day : .hour, zone: "UTC", shards: 1, time: "kafka", shardBy: "partition")
            try await table.commit(
                Change(
                    kind: .append, layout: layout,
                    offsets: [OffsetRange(source, from: first, to: first + 10, events: 10)], add: [object]),
                id: CommitID(using: &generator), writer: SmallLake.writer)
        }
    }

    /// Runs a command on this lake, with the machine's clock: a directory's files are dated by it.
    func run(_ arguments: String...) async -> CommandOutcome {
        await run(arguments)
    }

    func run(
        _ arguments: [String], environment: [String: String] = [:], files: [String: String] = [:], isRead: Bool = true
    ) async -> CommandOutcome {
        await runVarve(
            arguments + ["--lake", url], environment: environment, files: files, clock: SystemClock(), isRead: isRead)
    }

    /// The keys of all objects.
    func files() throws -> [String] {
        let all = FileManager.default.enumerator(atPath: directory.path)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(".zst") || $0.hasSuffix(".json") }.filter { !$0.hasPrefix(".") }.sorted()
    }
}
