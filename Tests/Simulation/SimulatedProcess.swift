import Catalog
import Formats
import Ingest
import LakeModel
import Logging
import Maintenance
import ObjectStorage
import Synchronization

/// What one seed decides before the first step.
struct Scenario {
    var partitions: Int
    var writers: Int
    var shards: Int
    var latePolicy: LateSettings.Policy
    var rotateRecords: Int64
    var commitEvery: Duration
    var checkpointEvery: Int64
    var weather: SimulatedNetwork.Weather
    var steps: Int
    /// Chances in a step.
    var kills: Double
    var freezes: Double
    var outages: Double
    var rebalances: Double
    var maintenance: Double
    /// Collects the log as far as the protocol allows, at any time. Vacuum relies on removals staying in the log for
    /// their grace, so then there is none.
    var collectsAtOnce: Bool
    /// Of what writers write, and of what compaction makes of it; nil to keep it.
    var format: DataFormat
    var compactsTo: DataFormat?
    /// The age by which events are expired; nil where they stay for ever.
    var retention: Duration?
    /// Whether the copy in the other store is pruned.
    var prunesCopy: Bool

    init(_ random: inout SplitMix) {
        func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &random)] }
        (partitions, writers, shards) = (pick([1, 2, 4]), pick([1, 2, 3]), pick([1, 2]))
        latePolicy = pick(LateSettings.Policy.allCases)
        rotateRecords = pick([3, 10, 40])
        commitEvery = .milliseconds(pick([20, 200, 2000]))
        checkpointEvery = pick([2, 3, 8, 32])
        weather = .init(faults: pick([0, 0.02, 0.1, 0.3]), latencyMillisecondsMax: pick([0, 5, 50, 300]))
        steps = pick([1000, 3000, 8000])
        kills = pick([0, 0.0005, 0.003])
        freezes = pick([0, 0.0005, 0.003])
        outages = pick([0, 0.0003, 0.001])
        rebalances = pick([0, 0.001, 0.005])
        collectsAtOnce = pick([false, true])
        maintenance = pick([0.001, 0.004, 0.015])
        format = pick([.envelope, .envelope, .envelope, .envelope, .envelope, .envelope, .envelope, .parquet])
        compactsTo = pick([nil, nil, nil, .parquet])
        retention = pick([nil, .seconds(180), .seconds(3600)])
        prunesCopy = pick([false, true])
    }

    /// Events grow old fast here: packed after half their time, moved after most of it.
    var lifecycle: LifecyclePolicy {
        let age = retention ?? .seconds(3600)
        var rules = [
            LifecycleRule(name: "move", action: .tier(storageClass: "COLD"), after: age * 3 / 4),
            LifecycleRule(name: "pack", action: .recompress(level: 5), after: age / 2, bytesMin: 512),
        ]
        if retention != nil { rules.append(LifecycleRule(name: "retain", action: .expire, after: age)) }
        return LifecyclePolicy(rules: rules)
    }

    var table: TableSettings {
        TableSettings(
            name: "orders", takesTopic: { $0 == "orders" },
            layout: TableLayout(
                granularity: .hour, zone: "UTC", shards: shards, time: "kafka", shardBy: "partition"),
            time: EventTimeRule(.kafka), shardRule: .partition, format: format, compressionLevel: 1,
            rotate: RotationSettings(bytes: 1 << 20, records: rotateRecords, age: .seconds(5)),
            late: LateSettings(afterMilliseconds: 3_600_000, policy: latePolicy))
    }

    func ingest(once: Bool) -> IngestSettings {
        var ingest = IngestSettings()
        ingest.commitEvery = commitEvery
        ingest.frameBytes = 1 << 12
        ingest.eventsPerPollMax = 25
        ingest.uploadsInFlightMax = 3
        // Some objects go in parts: those of more than ten events or so.
        (ingest.singlePutBytesMax, ingest.partBytes) = (1 << 10, 1 << 9)
        ingest.memoryBytesMax = 8 << 20
        ingest.once = once
        return ingest
    }
}

/// One `varve run`, as far as the world can tell: its memory, its tasks, its clock, its view of the store.
final class SimulatedWriter {
    enum Stage {
        case starting
        case running(IngestLoop)
        case ended(String)
    }

    let id: Int
    let life = ProcessLife()
    let queue = JobQueue()
    let control = IngestControl()
    let source: MemorySource
    private let clock: ProcessClock
    private let store: NetworkStore
    private let scenario: Scenario
    private let once: Bool
    private let random: SplitMix
    private let opened = Mutex<Result<Table, CatalogError>?>(nil)
    private(set) var stage = Stage.starting
    /// Stopped by SIGSTOP, or a pause of its machine, until then.
    var frozenUntil: Duration?

    init(
        id: Int, scenario: Scenario, broker: MemoryBroker, store: ObservedStore, network: SimulatedNetwork,
        random: SplitMix, once: Bool = false
    ) {
        (self.id, self.scenario, self.once) = (id, scenario, once)
        var random = random
        source = MemorySource(broker)
        clock = ProcessClock(
            time: network.time, skewMilliseconds: Int64.random(in: -600_000...600_000, using: &random), life: life)
        self.store = NetworkStore(inner: store, network: network, life: life)
        self.random = random
        open()
    }

    private func open() {
        var options = CatalogOptions()
        options.checkpointEvery = scenario.checkpointEvery
        guard let name = TableName("orders") else { return }
        let (opened, store, clock) = (OpenedBox(self), store, clock)
        Task(executorPreference: queue) { [options] in
            do throws(CatalogError) {
                opened.set(
                    .success(
                        try await Table.open(name, in: store, options: options, clock: clock, logger: quietLogger)))
            } catch {
                opened.set(.failure(error))
            }
        }
    }

    /// Brings the result of opening back without keeping the writer alive.
    private final class OpenedBox: @unchecked Sendable {
        // Everything runs on the scheduler's thread.
        private weak var writer: SimulatedWriter?

        init(_ writer: SimulatedWriter) {
            self.writer = writer
        }

        func set(_ result: Result<Table, CatalogError>) { writer?.opened.withLock { $0 = result } }
    }

    var isAlive: Bool { life.isAlive }

    var hasEnded: Bool {
        if case .ended = stage { true } else { false }
    }

    /// One turn of the ingest thread. Returns why the writer gave up, where it did.
    func turn(_ group: SimulatedGroup) -> String? {
        switch stage {
        case .ended: return nil
        case .starting:
            switch opened.withLock({ $0 }) {
            case nil: return nil
            case .failure(let error):
                stage = .ended("\(error)")
                // A store that does not answer keeps a writer from starting; its supervisor starts another.
                if case .store = error { return nil }
                if case .contention = error { return nil }
                return "could not open the table: \(error)"
            case .success(let table): return begin(table, group)
            }
        case .running(let loop):
            group.heartbeat(id)
            do {
                guard let outcome = try loop.turn(waitMax: .zero) else { return nil }
                stage = .ended("\(outcome)")
                group.leave(id)
                return nil
            } catch {
                stage = .ended("\(error)")
                group.leave(id)
                return "gave up: \(error)"
            }
        }
    }

    private func begin(_ table: Table, _ group: SimulatedGroup) -> String? {
        do {
            let loop = try IngestLoop(
                settings: scenario.ingest(once: once), tables: [(scenario.table, table)], source: source, store: store,
                writer: WriterIdentity(id: "w\(id)", host: "simulated", program: "varve 0"), clock: clock,
                random: random, logger: quietLogger, control: control, executor: queue, compressesInline: true)
            stage = .running(loop)
            group.join(id, source)
            return nil
        } catch {
            return "could not start: \(error)"
        }
    }

    /// kill -9: its memory is gone, its connections are cut, what it has sent may still arrive.
    func kill() {
        life.end()
        stage = .ended("killed")
    }
}

let quietLogger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
