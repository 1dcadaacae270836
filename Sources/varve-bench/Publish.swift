import ArgumentParser
import Catalog
import Formats
import Ingest
import Kafka
import LakeModel
import Logging
import ObjectStorage
import Synchronization

/// Measures what the ingest thread pays for telling others what it does, with many topic partitions of a real consumer.
struct Publish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets an idle writer hold many topic partitions, and says how long its rounds take.")

    @Option(help: "How many topics, all of one table.")
    var topics = 100

    @Option(help: "How many partitions each of them has.")
    var partitions = 100

    @Option(help: "How many rounds.")
    var rounds = 200

    func validate() throws {
        guard topics > 0, partitions > 0, rounds > 0 else { throw ValidationError("all numbers must be positive") }
    }

    func run() async throws {
        let cluster = try MockCluster()
        for topic in 0..<topics { try cluster.createTopic("bench-\(topic)", partitions: partitions) }
        let log = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let clock = SkewedClock()
        let store = MemoryObjectStore(clock: clock)
        let table = try await Table.open(try TableName.parse("bench"), in: store, clock: clock, logger: log)
        try await commitStarts(table, clock)
        let consumer = try KafkaConsumer(
            KafkaSettings(brokers: cluster.brokers, group: "bench", assignment: .range, reportsEnd: true), logger: log)
        try consumer.subscribe((0..<topics).map { "bench-\($0)" })
        let source = KafkaEventSource(consumer)
        let control = IngestControl()
        let loop = try IngestLoop(
            settings: IngestSettings(), tables: [(try settings(), table)], source: source, store: store,
            writer: WriterIdentity(id: "bench", host: "bench", program: "varve-bench"), clock: clock,
            random: SystemRandomNumberGenerator(), logger: log, control: control)
        try settle(loop, control, clock)
        // Upkeep is due every 50 ms, a new status every 200 ms.
        let upkeep = try times(loop, clock, skip: .milliseconds(51))
        let both = try times(loop, clock, skip: .milliseconds(251))
        let names = control.status.partitions.map(\.name)
        let start = ContinuousClock.now
        let known = names.count { source.knownEnd(of: $0) != nil }
        let asking = start.duration(to: .now) / .milliseconds(1)
        print("\(names.count) topic partitions of \(topics) topics, the ends of \(known) known")
        print("a round of upkeep: \(says(upkeep)); with a new status: \(says(both))")
        print("asking librdkafka for every end: \(Int(asking * 1000)) µs")
    }

    /// The table knows every topic partition, as one that has been written for a while does.
    private func commitStarts(_ table: Table, _ clock: SkewedClock) async throws {
        var random = SystemRandomNumberGenerator()
        let ranges = (0..<topics).flatMap { topic in
            (0..<partitions).map { partition in
                OffsetRange(
                    TopicPartition(topic: "bench-\(topic)", partition: Int32(partition)), from: 0, to: 0, events: 0,
                    watermark: clock.now())
            }
        }
        try await table.commit(
            Change(kind: .append, layout: Self.layout, offsets: ranges), id: CommitID(using: &random),
            writer: WriterIdentity(id: "bench", host: "bench", program: "varve-bench"))
    }

    private static let layout = TableLayout(
        granularity: .hour, zone: "UTC", shards: 4, time: "kafka", shardBy: "partition")

    private func settings() throws -> TableSettings {
        guard let shards = ShardRule("partition") else { throw ValidationError("no rule for shards") }
        return TableSettings(
            name: "bench", takesTopic: { _ in true }, layout: Self.layout, time: EventTimeRule(.kafka),
            shardRule: shards, format: .envelope)
    }

    /// Runs the loop until it reads everything and has heard most ends.
    private func settle(_ loop: IngestLoop, _ control: IngestControl, _ clock: SkewedClock) throws {
        let deadline = ContinuousClock.now + .seconds(120)
        var known = 0
        while known < topics * partitions * 9 / 10 {
            _ = try loop.turn(waitMax: .milliseconds(50))
            known = control.status.partitions.count { $0.isConsuming && $0.lagEvents != nil }
            guard ContinuousClock.now < deadline else {
                throw ValidationError("after two minutes only \(known) topic partitions were read")
            }
        }
    }

    /// How long rounds take that come `skip` after the one before, in order.
    private func times(_ loop: IngestLoop, _ clock: SkewedClock, skip: Duration) throws -> [Double] {
        var times: [Double] = []
        for _ in 0..<rounds {
            clock.skip(skip)
            let start = ContinuousClock.now
            _ = try loop.turn(waitMax: .zero)
            times.append(start.duration(to: .now) / .milliseconds(1))
        }
        return times.sorted()
    }

    private func says(_ times: [Double]) -> String {
        func at(_ part: Double) -> Int { Int(times[Int(Double(times.count - 1) * part)] * 1000) }
        return "median \(at(0.5)) µs, 99th \(at(0.99)) µs"
    }
}

/// The machine's clock, further on by what was skipped.
private final class SkewedClock: LakeClock {
    private let skipped = Mutex(Duration.zero)
    private let system = SystemClock()

    func skip(_ duration: Duration) { skipped.withLock { $0 += duration } }
    func now() -> Timestamp { system.now() }
    func elapsed() -> Duration { system.elapsed() + skipped.withLock { $0 } }
    func sleep(for duration: Duration) async throws { try await system.sleep(for: duration) }
}
