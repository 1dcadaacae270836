import Catalog
import Compression
import LakeModel
import Logging
import ObjectStorage
import TestSupport

/// A lake in a temporary directory: table `orders`, two topic partitions, three commits, one dead letter.
///
/// Event `n` of a topic partition has offset `n`, time 2026-11-21T03:00Z plus `n` minutes, key `k<n>`. Version 1 has
/// hour 03, version 2 hour 04 and offset 120 of `orders/0` as a dead letter, version 3 declares hour 03 complete.
struct SmallLake {
    let directory: TemporaryDirectory
    let store: DirectoryObjectStore
    static let start = Timestamp("2026-11-21T03:00:00Z") ?? Timestamp(milliseconds: 0)

    var url: String { "file://\(directory.path)" }

    init() async throws {
        directory = try TemporaryDirectory("varve-small-lake")
        store = try DirectoryObjectStore(root: directory.path, durability: .none)
        let table = try await open()
        var objects = [
            try await object(hour: 3, shard: 0, source(0), offsets: 0..<60),
            try await object(hour: 3, shard: 1, source(1), offsets: 0..<60),
        ]
        var change = Change(
            kind: .append,
            layout: TableLayout(granularity: .hour, zone: "UTC", shards: 2, time: "kafka", shardBy: "partition"),
            offsets: [range(0, 0..<60), range(1, 0..<60)], add: objects)
        try await table.commit(change, id: id(1), writer: Self.writer)
        objects = [
            try await object(hour: 4, shard: 0, source(0), offsets: 60..<120),
            try await object(hour: 4, shard: 1, source(1), offsets: 60..<120),
            try await object(hour: 5, shard: 0, source(0), offsets: 120..<121, side: .deadLetter),
        ]
        change = Change(kind: .append, offsets: [range(0, 60..<121), range(1, 60..<120)], add: objects)
        try await table.commit(change, id: id(2), writer: Self.writer)
        let hour = LakeHour(date: Self.start.day, hour: 3)
        try await table.commit(Change(kind: .append, closed: [hour]), id: id(3), writer: Self.writer)
    }

    func open() async throws -> Table {
        let lake = Lake(store: store, clock: ManualClock(now: standingTime), logger: Logger(label: "test"))
        return try await lake.open(TableAddress.parse("orders").table)
    }

    static let writer = WriterIdentity(id: "w1", host: "here", program: "varve 0")

    func id(_ number: UInt64) -> CommitID {
        var generator = SeededGenerator(seed: number)
        return CommitID(using: &generator)
    }

    func source(_ partition: Int32) -> TopicPartition { TopicPartition(topic: "orders", partition: partition) }

    func time(_ offset: Int64) -> Timestamp { Self.start.advanced(byMilliseconds: offset * 60_000) }

    private func range(_ partition: Int32, _ offsets: Range<Int64>) -> OffsetRange {
        OffsetRange(
            source(partition), from: offsets.lowerBound, to: offsets.upperBound, events: Int64(offsets.count),
            watermark: time(offsets.upperBound - 1))
    }

    /// An envelope line as the format says it.
    func line(_ source: TopicPartition, _ offset: Int64) -> String {
        "{\"topic\":\"\(source.topic)\",\"partition\":\(source.partition),\"offset\":\(offset),"
            + "\"timestamp\":\(time(offset).milliseconds),\"timestamp_type\":\"create\",\"key\":\"k\(offset)\","
            + "\"value\":{\"n\":\(offset)}}\n"
    }

    private func object(
        hour: UInt8, shard: UInt16, _ source: TopicPartition, offsets: Range<Int64>, side: TableSide = .main
    ) async throws -> DataObject {
        let plain = Array(offsets.map { line(source, $0) }.joined().utf8)
        let bytes = try zstdCompress(plain, level: 3)
        let partition = PartitionPath(date: Self.start.day, hour: hour, shard: shard)
        let path = "\(side.folder)/\(partition)/\(source.topic)-\(source.partition)-\(offsets.lowerBound).ndjson.zst"
        guard let key = ObjectKey("orders/\(path)") else { throw CheckFailure("not a key: \(path)") }
        let info = try await store.put(bytes, to: key)
        return DataObject(
            path: path, side: side, partition: partition, format: .envelope, bytes: Int64(bytes.count),
            uncompressedBytes: Int64(plain.count), records: Int64(offsets.count),
            eventTime: TimeSpan(min: time(offsets.lowerBound), max: time(offsets.upperBound - 1)),
            offsets: [
                OffsetSpan(
                    source, first: offsets.lowerBound, last: offsets.upperBound - 1, count: Int64(offsets.count))
            ],
            checksum: Checksum(.crc32c, of: bytes), uploadedAt: info.modifiedAt)
    }

    func run(_ arguments: String...) async -> CommandOutcome { await run(arguments) }

    func run(_ arguments: [String]) async -> CommandOutcome {
        await runVarve(arguments + ["--lake", url])
    }
}
