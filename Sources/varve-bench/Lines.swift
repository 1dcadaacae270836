import ArgumentParser
import Catalog
import Compression
import LakeModel
import Logging
import ObjectStorage
import SampleEvents

/// Lays down a table of sample events in envelope lines, one object for each hour, as a writer would leave it.
struct Lines: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lines",
        abstract: "Writes a table of sample events, one object an hour, and prints one of their users.")

    @Option(help: "The lake's directory.")
    var lake: String

    @Option(help: "The table.")
    var table = "events"

    @Option(help: "How many data objects, and hours.")
    var objects = 400

    @Option(help: "How many events in each.")
    var events = 10_000

    func validate() throws {
        guard (1...20_000).contains(objects), (1...1_000_000).contains(events), TableName(table) != nil else {
            throw ValidationError("objects and events must be positive, and the table needs a name")
        }
    }

    func run() async throws {
        let store = try DirectoryObjectStore(root: lake, durability: .none)
        let log = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let table = try await Table.open(try TableName.parse(table), in: store, clock: SystemClock(), logger: log)
        let sample = SampleEvents(SampleOptions(count: objects * events, startMilliseconds: Self.start))
        var random = SplitMix(seed: 7)
        let writer = WriterIdentity(id: "bench-1", host: "bench", program: "varve-bench")
        let layout = TableLayout(granularity: .hour, zone: "UTC", shards: 1, time: "kafka", shardBy: "partition")
        for number in 0..<objects {
            let object = try await put(number, sample, table)
            let first = Int64(number * events)
            let range = OffsetRange(source, from: first, to: first + Int64(events), events: Int64(events))
            try await table.commit(
                Change(kind: .append, layout: layout, offsets: [range], add: [object]), id: CommitID(using: &random),
                writer: writer)
        }
        // Of an event in the middle.
        print(sample.event(objects / 2 * events).key.map { String(decoding: $0, as: UTF8.self) } ?? "")
    }

    /// 2026-01-15T00:00:00Z.
    private static let start: Int64 = 1_768_435_200_000

    private var source: TopicPartition { TopicPartition(topic: table, partition: 0) }

    private func put(_ number: Int, _ sample: SampleEvents, _ table: Table) async throws -> DataObject {
        let first = Int64(number * events)
        let start = Timestamp(milliseconds: Self.start + Int64(number) * 3_600_000)
        let last = start.advanced(byMilliseconds: 3_599_999)
        var plain: [UInt8] = []
        plain.reserveCapacity(events * 900)
        for index in 0..<events {
            let (_, key, value) = sample.event(number * events + index)
            let time = start.milliseconds + Int64(index) * 3_600_000 / Int64(events)
            plain += Array("{\"topic\":\"\(source.topic)\",\"partition\":0,\"offset\":\(first + Int64(index)),".utf8)
            plain += Array("\"timestamp\":\(time),\"timestamp_type\":\"create\",\"key\":\"".utf8)
            plain += (key ?? []) + Array("\",\"value\":".utf8) + (value ?? Array("null".utf8))
            plain += Array("}\n".utf8)
        }
        let bytes = try zstdCompress(plain, level: 1)
        let hour = UInt8(number % 24)
        let partition = PartitionPath(
            date: start.day, hour: hour, shard: 0)
        let path = "data/\(partition)/\(source.topic)-\(first).ndjson.zst"
        guard let key = ObjectKey("\(table.name)/\(path)") else { throw ValidationError("not a key: \(path)") }
        let info = try await table.store.put(bytes, to: key)
        return DataObject(
            path: path, partition: partition, format: .envelope, bytes: Int64(bytes.count),
            uncompressedBytes: Int64(plain.count), records: Int64(events),
            eventTime: TimeSpan(min: start, max: last),
            offsets: [OffsetSpan(source, first: first, last: first + Int64(events) - 1, count: Int64(events))],
            checksum: Checksum(.crc64nvme, of: bytes), uploadedAt: info.modifiedAt)
    }
}
