import ArgumentParser
import Catalog
import Glibc
import LakeModel
import Logging
import ObjectStorage

/// Lays down a catalog of any size without its data objects: for the console and for what reads catalogs.
struct CatalogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog", abstract: "Writes a table's catalog without data, as large as is wanted.")

    @Option(help: "The lake's directory.")
    var lake: String

    @Option(help: "The table.")
    var table = "events"

    @Option(help: "How many data objects.")
    var objects = 1_000_000

    @Option(help: "Days of event time that they are spread over.")
    var days = 365

    @Option(help: "hour or day.")
    var granularity = "hour"

    @Option(help: "How many events in dead-letter objects, in the last hours.")
    var deadLetters: Int64 = 0

    @Option(help: "The topic that events come from; by default named like the table.")
    var topic: String?

    @Option(help: "The writer's id.")
    var writer = "bench-1"

    @Flag(help: "Objects of less than a megabyte.")
    var small = false

    @Flag(help: "Event times end now, not on 2026-11-21.")
    var now = false

    @Option(help: "Another seed makes another table.")
    var seed: UInt64 = 7

    func validate() throws {
        guard objects > 0, (1...20_000).contains(days), TableName(table) != nil else {
            throw ValidationError("objects and days must be positive, and the table needs a name")
        }
    }

    func run() async throws {
        let store = try DirectoryObjectStore(root: lake, durability: .none)
        let last = now ? SystemClock().now() : Timestamp(milliseconds: 1_795_237_629_000)
        var options = CatalogOptions()
        options.checkpointEvery = 8
        let clock = SetClock(last.advanced(byMilliseconds: Int64(-days) * 86_400_000))
        let log = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let name = try TableName.parse(table)
        let table = try await Table.open(name, in: store, options: options, clock: clock, logger: log)
        try await fill(table, clock, until: last)
    }

    /// Large commits for the bulk, then fifty as a writer makes them.
    private func fill(_ table: Table, _ clock: SetClock, until last: Timestamp) async throws {
        var maker = ObjectMaker(command: self, until: last)
        var random = SplitMix(seed: seed)
        let layout = TableLayout(
            granularity: granularity == "day" ? .day : .hour, zone: "UTC", shards: 4, time: "kafka",
            shardBy: "partition")
        let identity = WriterIdentity(id: writer, host: "bench", program: "varve-bench")
        let tail = min(objects / 2, 200)
        var left = objects - tail
        while left > 0 {
            let batch = (0..<min(left, 20_000)).map { _ in maker.next() }
            left -= batch.count
            clock.set(maker.time)
            try await table.commit(
                change(batch, &maker, layout), id: CommitID(using: &random), writer: identity)
        }
        for step in 0..<50 {
            let count = tail * (step + 1) / 50 - tail * step / 50
            var batch = (0..<count).map { _ in maker.next() }
            let isLast = step == 49
            if isLast, deadLetters > 0 { batch.append(maker.deadLetter(deadLetters)) }
            clock.set(maker.time)
            guard !batch.isEmpty else { continue }
            try await table.commit(
                change(batch, &maker, layout), id: CommitID(using: &random), writer: identity)
            guard step % 17 == 16 else { continue }
            try await table.commit(
                merge(batch.prefix(3), &maker), id: CommitID(using: &random),
                writer: WriterIdentity(id: "maintainer", host: "bench", program: "varve-bench"))
        }
    }

    private func change(_ objects: [DataObject], _ maker: inout ObjectMaker, _ layout: TableLayout) -> Change {
        Change(kind: .append, layout: layout, offsets: maker.takeRanges(), add: objects, closed: maker.closed())
    }

    private func merge(_ objects: ArraySlice<DataObject>, _ maker: inout ObjectMaker) -> Change {
        guard var merged = objects.first else { return Change(kind: .compact) }
        let same = objects.filter { $0.partition == merged.partition }
        merged.path = merged.path.replacing(".ndjson", with: "-merged.ndjson")
        merged.records = same.reduce(0) { $0 + $1.records }
        merged.bytes = same.reduce(0) { $0 + $1.bytes }
        merged.uncompressedBytes = same.reduce(0) { $0 + $1.uncompressedBytes }
        let bySource = Dictionary(grouping: same.flatMap(\.offsets), by: \.topicPartition)
        merged.offsets = bySource.sorted { $0.key < $1.key }.map { source, spans in
            OffsetSpan(
                source, first: spans.map(\.first).min() ?? 0, last: spans.map(\.last).max() ?? 0,
                count: spans.reduce(0) { $0 + $1.count })
        }
        return Change(kind: .compact, add: [merged], remove: same.map(\.path))
    }
}

/// A clock that stands where it was put, so that commits have times of the past.
private final class SetClock: LakeClock, @unchecked Sendable {
    // One task uses it: the command's own.
    private var time: Timestamp

    init(_ time: Timestamp) { self.time = time }

    func set(_ new: Timestamp) { time = max(time, new) }
    func now() -> Timestamp { time }
    func elapsed() -> Duration { .milliseconds(time.milliseconds) }
    func sleep(for duration: Duration) async throws {}
}

/// Makes objects in the order of their event times, more by day than by night.
private struct ObjectMaker {
    private let topic: String
    private let isByDay: Bool
    private let isSmall: Bool
    private let start: Int64
    private let step: Double
    private let total: Int
    private var made = 0
    private var random: SplitMix
    private var ends: [Int32: Int64] = [:]
    private var committed: [Int32: Int64] = [:]
    private var closedThrough: Int64
    private(set) var time: Timestamp

    init(command: CatalogCommand, until last: Timestamp) {
        topic = command.topic ?? command.table
        (isByDay, isSmall, total) = (command.granularity == "day", command.small, command.objects)
        let span = Int64(command.days) * 86_400_000
        start = last.milliseconds - span
        step = Double(span - 15_000) / Double(max(1, command.objects))
        random = SplitMix(seed: command.seed)
        time = Timestamp(milliseconds: start)
        closedThrough = start / 3_600_000 - 1
    }

    mutating func next() -> DataObject {
        // Time runs faster by night: fewer objects.
        let plain = Double(made) * step
        let day = plain / 86_400_000
        let wave = 86_400_000 * 0.11 * sin(2 * .pi * (day + 0.15))
        made += 1
        let at = min(start + Int64(Double(total) * step), max(start, start + Int64(plain + wave)))
        time = max(time, Timestamp(milliseconds: at))
        let scale = isSmall ? 0.02 : 1.0
        let records = Int64(Double(20_000 + random.next() % 60_000) * scale) + 1
        return object(side: .main, records: records, shard: UInt16(random.next() % 4))
    }

    mutating func deadLetter(_ records: Int64) -> DataObject {
        object(side: .deadLetter, records: records, shard: 0)
    }

    private mutating func object(side: TableSide, records: Int64, shard: UInt16) -> DataObject {
        let source = Int32(shard) * 3 + Int32(random.next() % 3)
        let first = ends[source] ?? 0
        ends[source] = first + records
        let hour = UInt8((time.milliseconds / 3_600_000) % 24)
        let partition = PartitionPath(date: time.day, hour: isByDay ? nil : hour, shard: shard)
        let name = "\(source)-\(padded(first, 12))-\(hex(random.next()).prefix(8))"
        return DataObject(
            path: "\(side.folder)/\(partition)/\(name).ndjson.zst", side: side, partition: partition, format: .envelope,
            bytes: records * 118, uncompressedBytes: records * 640, records: records,
            eventTime: TimeSpan(min: time, max: time.advanced(byMilliseconds: 999)),
            offsets: [
                OffsetSpan(
                    TopicPartition(topic: topic, partition: source), first: first, last: first + records - 1,
                    count: records)
            ],
            checksum: Checksum(algorithm: .crc64nvme, value: "ae8b14860a799888"),
            uploadedAt: time.advanced(byMilliseconds: 4000))
    }

    mutating func takeRanges() -> [OffsetRange] {
        let ranges = ends.sorted { $0.key < $1.key }.map { source, to in
            let from = committed[source] ?? 0
            return OffsetRange(
                TopicPartition(topic: topic, partition: source), from: from, to: to, events: to - from,
                watermark: time.advanced(byMilliseconds: -Int64(source) * 700))
        }
        committed = ends
        return ranges
    }

    /// The last hour that lies an hour back, where it is a new one.
    mutating func closed() -> [LakeHour] {
        let hour = time.milliseconds / 3_600_000 - 2
        guard hour > closedThrough, !isByDay else { return [] }
        closedThrough = hour
        let begin = Timestamp(milliseconds: hour * 3_600_000)
        return [LakeHour(date: begin.day, hour: UInt8(hour % 24))]
    }
}
