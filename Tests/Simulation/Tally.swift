/// Sums over many seeds.
public struct Tally: Sendable, CustomStringConvertible {
    private var seeds = 0
    private var sum = SimulationReport(seed: 0)

    public init() {}

    public mutating func add(_ report: SimulationReport) {
        seeds += 1
        sum.steps += report.steps
        sum.events += report.events
        sum.commits.merge(report.commits, uniquingKeysWith: +)
        sum.verbs.merge(report.verbs, uniquingKeysWith: +)
        sum.verbsKilled += report.verbsKilled
        sum.certificates += report.certificates
        sum.eventsRemoved += report.eventsRemoved
        sum.kills += report.kills
        sum.freezes += report.freezes
        sum.evictions += report.evictions
        sum.rebalances += report.rebalances
        sum.storeFaults += report.storeFaults
        sum.ghosts += report.ghosts
    }

    public var description: String {
        func list(_ counts: [String: Int]) -> String {
            counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        }
        return "\(seeds) seeds, \(sum.steps) steps: \(sum.events) events; commits: \(list(sum.commits)); verbs:"
            + " \(list(sum.verbs)), \(sum.verbsKilled) of them killed; \(sum.certificates) certificates,"
            + " \(sum.eventsRemoved) events erased or expired; \(sum.kills) kills of writers,"
            + " \(sum.freezes) pauses, \(sum.evictions) evictions, \(sum.rebalances) moves of a topic partition,"
            + " \(sum.storeFaults) faults of the store, \(sum.ghosts) entries into the collected log;"
            + " 0 lost, 0 doubled"
    }
}
