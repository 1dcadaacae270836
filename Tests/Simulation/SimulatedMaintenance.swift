import LakeModel
import Maintenance

/// What else works on the table while writers write; several verbs may run at once.
final class SimulatedMaintenance {
    static let grace = Duration.seconds(60)
    /// Requests to erase in one world.
    private static let erasuresMax = 4

    private let site: MaintenanceSite
    private var started = 0
    private(set) var processes: [MaintenanceProcess] = []
    /// Killed ones, whose tasks run on to their next request and end there.
    private(set) var killed: [MaintenanceProcess] = []
    private(set) var erasures: [SimulatedErasure] = []
    private(set) var certificates: [ErasureCertificate] = []
    private(set) var gaveUp: [String] = []

    init(site: MaintenanceSite) {
        self.site = site
    }

    var isBusy: Bool { !processes.isEmpty }

    /// Picks what to do next.
    func draw(_ random: inout SplitMix, events: Int) -> MaintenanceVerb {
        let keep = Int64.random(in: 0...6, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .checkpoint
        case 1, 2: return site.scenario.collectsAtOnce ? .collect(keep: keep) : .vacuum
        case 3, 4: return .lifecycle
        case 5: return drawErasure(&random, events: events)
        case 6, 7:
            // Pruning relies on no other run being slower than the age that it spares.
            guard site.scenario.prunesCopy else { return .replicate(prunes: false) }
            return isReplicating ? .checkpoint : .replicate(prunes: true)
        default: return .compact
        }
    }

    private func drawErasure(_ random: inout SplitMix, events: Int) -> MaintenanceVerb {
        if erasures.count < Self.erasuresMax, let new = try? SimulatedErasure(&random, events: events) {
            erasures.append(new)
            return .erase(new)
        }
        return .erase(erasures[Int.random(in: 0..<erasures.count, using: &random)])
    }

    private var isReplicating: Bool {
        processes.contains { if case .replicate = $0.verb { true } else { false } }
    }

    /// Starts a process; says which.
    func start(_ verb: MaintenanceVerb, _ random: inout SplitMix) -> String {
        started += 1
        processes.append(
            MaintenanceProcess(id: started, verb: verb, site: site, random: SplitMix(seed: random.next())))
        return "m\(started) starts: \(verb.name)"
    }

    func kill(_ random: inout SplitMix) -> String {
        let victim = processes.remove(at: Int.random(in: processes.indices, using: &random))
        victim.kill()
        killed.append(victim)
        return "m\(victim.id) is killed: \(victim.verb.name)"
    }

    /// Takes out who has ended; says what became of them, and who failed for a reason that no fault explains.
    func reap() -> (ends: [String], problems: [String]) {
        var (ends, problems): ([String], [String]) = ([], [])
        processes.removeAll { process in
            switch process.stage {
            case .running: return false
            case .done(let certificate):
                if let certificate { certificates.append(certificate) }
                ends.append("m\(process.id) is done")
            case .gaveUp(let why):
                gaveUp.append(why)
                ends.append("m\(process.id) gave up: \(why)")
            case .failed(let why): problems.append("m\(process.id), \(process.verb.name): \(why)")
            }
            return true
        }
        return (ends, problems)
    }
}
