import Catalog
import LakeModel
import Maintenance
import ObjectStorage
import Synchronization

/// One run of one verb: a process of its own, which can be killed and stopped like a writer.
final class MaintenanceProcess {
    enum Stage: Sendable {
        case running
        case done(ErasureCertificate?)
        /// A fault of the store, or others that were quicker, explain it.
        case gaveUp(String)
        case failed(String)
    }

    /// Outlives the process where its tasks do.
    private final class Ending: Sendable {
        let stage = Mutex(Stage.running)
    }

    let id: Int
    let verb: MaintenanceVerb
    let queue = JobQueue()
    let life = ProcessLife()
    /// Stopped by SIGSTOP, or a pause of its machine, until then.
    var frozenUntil: Duration?
    private let ending = Ending()

    init(id: Int, verb: MaintenanceVerb, site: MaintenanceSite, random: SplitMix) {
        (self.id, self.verb) = (id, verb)
        var random = random
        let skew = MaintenanceSite.clockSkewMax.milliseconds
        let clock = ProcessClock(
            time: site.network.time, skewMilliseconds: Int64.random(in: -skew...skew, using: &random), life: life)
        let (seed, life, ending) = (random.next() as UInt64, life, ending)
        Task(executorPreference: queue) {
            let stage = await site.stage(of: verb, clock, writer: "m\(id)", seed: seed)
            if life.isAlive { ending.stage.withLock { $0 = stage } }
        }
    }

    var stage: Stage { ending.stage.withLock { $0 } }

    /// kill -9.
    func kill() { life.end() }
}

/// Where maintenance works: the lake and its copy, behind one network.
struct MaintenanceSite: Sendable {
    static let clockSkewMax = Duration.seconds(240)

    var store: ObservedStore
    var copy: ObservedStore
    var network: SimulatedNetwork
    var scenario: Scenario
    var truth: Truth
    var replica: ReplicaTruth

    /// Does what a process is for.
    func stage(of verb: MaintenanceVerb, _ clock: ProcessClock, writer: String, seed: UInt64) async
        -> MaintenanceProcess.Stage
    {
        do {
            return .done(try await means(clock, writer: writer)?.run(verb, seed: seed))
        } catch {
            return Self.isExcused(error, of: verb) ? .gaveUp("\(error)") : .failed("\(error)")
        }
    }

    private static func isExcused(_ error: any Error, of verb: MaintenanceVerb) -> Bool {
        switch error {
        case is StoreError, ReadError.store: return true
        // What was read has been collected meanwhile, as a reader that is slower than the grace must expect.
        case CatalogError.store, CatalogError.contention, CatalogError.unsettled, CatalogError.cancelled,
            CatalogError.notFound:
            return true
        // It stood still for so long that what it had written was dead.
        case CatalogError.staleObjects: return true
        // In each of its rounds others were quicker.
        case ReadError.missing: if case .replicate = verb { return true } else { return false }
        default: return false
        }
    }

    /// What one process has; nil where there is no table yet.
    private func means(_ clock: ProcessClock, writer id: String) async throws -> MaintenanceMeans? {
        guard let name = TableName("orders") else { return nil }
        var options = CatalogOptions()
        options.checkpointEvery = scenario.checkpointEvery
        let store = NetworkStore(inner: store, network: network, life: clock.life)
        let table = try await Table.open(name, in: store, options: options, clock: clock, logger: quietLogger)
        guard await table.head().version > 0 else { return nil }
        let copy = Lake(
            store: NetworkStore(inner: copy, network: network, life: clock.life), options: options, clock: clock,
            logger: quietLogger)
        return MaintenanceMeans(
            table: table, copy: copy, clock: clock,
            writer: WriterIdentity(id: id, host: "simulated", program: "varve 0"), scenario: scenario, truth: truth,
            replica: replica)
    }
}
