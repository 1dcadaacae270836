import Catalog
import LakeModel
import Maintenance
import ObjectStorage
import Synchronization

/// What else works on the table while writers write: checkpoints, collection of the log, vacuum, compaction.
final class SimulatedMaintenance: Sendable {
    static let grace = Duration.seconds(60)

    let queue = JobQueue()
    private let life = ProcessLife()
    private let clock: ProcessClock
    private let store: NetworkStore
    private let checkpointEvery: Int64
    private let running = Mutex(0)
    private let problems = Mutex<[String]>([])

    init(store: ObservedStore, network: SimulatedNetwork, checkpointEvery: Int64) {
        clock = ProcessClock(time: network.time, skewMilliseconds: 240_000, life: life)
        self.store = NetworkStore(inner: store, network: network, life: life)
        self.checkpointEvery = checkpointEvery
    }

    var isBusy: Bool { running.withLock { $0 > 0 } }

    /// Starts one piece of work; several may run at once. Says which.
    func start(_ random: inout SplitMix, collectsAtOnce: Bool) -> String {
        let (keep, seed) = (Int64.random(in: 0...6, using: &random), random.next() as UInt64)
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            run { table in _ = try await table.checkpoint() }
            return "checkpoint"
        case 1 where collectsAtOnce:
            // By a clock that is not the store's.
            let unusedSince = clock.now().advanced(byMilliseconds: -600_000)
            run { table in
                _ = try await table.collectLog(through: await table.head().version - keep, unusedSince: unusedSince)
            }
            return "collect the log but for \(keep)"
        case 1:
            run { [clock, writer] table in
                var random = SplitMix(seed: seed)
                _ = try await Vacuum(table: table, policy: Self.vacuumPolicy, clock: clock)
                    .run(id: CommitID(using: &random), writer: writer)
            }
            return "vacuum"
        default:
            run { [clock, writer] table in
                var random = SplitMix(seed: seed)
                var policy = CompactionPolicy()
                (policy.coldAfterMilliseconds, policy.targetBytes) = (10_000, 4096)
                let plan = try await CompactionPlan.make(try await table.snapshot(), policy: policy, now: clock.now())
                _ = try await Compactor(table: table, writer: writer).run(
                    plan.groups, policy: policy, using: &random)
            }
            return "compact"
        }
    }

    private var writer: WriterIdentity { WriterIdentity(id: "m1", host: "simulated", program: "varve 0") }

    private static let vacuumPolicy: VacuumPolicy = {
        var policy = VacuumPolicy()
        (policy.removedAfter, policy.erasedAfter) = (grace, grace)
        (policy.orphansAfter, policy.uploadTimeMax) = (.seconds(40), .seconds(10))
        (policy.uploadsAfter, policy.logAfter) = (.seconds(60), .seconds(90))
        return policy
    }()

    private func run(_ work: @escaping @Sendable (Table) async throws -> Void) {
        guard let name = TableName("orders") else { return }
        var options = CatalogOptions()
        options.checkpointEvery = checkpointEvery
        running.withLock { $0 += 1 }
        Task(executorPreference: queue) { [self, options] in
            do {
                let table = try await Table.open(name, in: store, options: options, clock: clock, logger: quietLogger)
                if await table.head().version > 0 { try await work(table) }
            } catch {
                if !isExcused(error) { problems.withLock { $0.append("maintenance: \(error)") } }
            }
            running.withLock { $0 -= 1 }
        }
    }

    private func isExcused(_ error: any Error) -> Bool {
        if error is StoreError { return true }
        switch error as? CatalogError {
        case .store, .contention, .unsettled, .cancelled: return true
        // What was read has been collected meanwhile, as a reader that is slower than the grace must expect.
        case .notFound: return true
        default: return false
        }
    }

    /// What no fault of the store explains.
    func problem() -> String? {
        problems.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
