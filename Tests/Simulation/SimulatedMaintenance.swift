import Catalog
import LakeModel
import ObjectStorage
import Synchronization

/// What else works on the table while writers write: checkpoints and the collection of the log.
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
    func start(_ random: inout SplitMix) -> String {
        let isCollection = Bool.random(using: &random)
        let keep = Int64.random(in: 0...6, using: &random)
        run { (table) async throws(CatalogError) in
            if isCollection {
                let head = await table.head()
                // By the store's clock, which nobody's clock agrees with.
                let unusedSince = self.clock.now().advanced(byMilliseconds: -600_000)
                _ = try await table.collectLog(through: head.version - keep, unusedSince: unusedSince)
            } else {
                _ = try await table.checkpoint()
            }
        }
        return isCollection ? "collect the log but for \(keep)" : "checkpoint"
    }

    private func run(_ work: @escaping @Sendable (Table) async throws(CatalogError) -> Void) {
        guard let name = TableName("orders") else { return }
        var options = CatalogOptions()
        options.checkpointEvery = checkpointEvery
        running.withLock { $0 += 1 }
        Task(executorPreference: queue) { [self, options] in
            do throws(CatalogError) {
                let table = try await Table.open(name, in: store, options: options, clock: clock, logger: quietLogger)
                try await work(table)
            } catch {
                switch error {
                case .store, .contention, .unsettled, .cancelled: break
                default: problems.withLock { $0.append("maintenance: \(error)") }
                }
            }
            running.withLock { $0 -= 1 }
        }
    }

    /// What no fault of the store explains.
    func problem() -> String? {
        problems.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
