import ArgumentParser
import Dispatch
import Simulation
import Synchronization

/// Runs whole installations from seeds and checks that nothing is lost or doubled, whatever breaks.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "varve-simulate")

    @Option(help: "The first seed.") var seed: UInt64 = 1
    @Option(help: "How many seeds, one after another.") var seeds: UInt64 = 1
    @Flag(help: "Print what happened, step by step.") var trace = false

    func run() throws {
        var total = Tally()
        for seed in seed..<seed + seeds {
            let report = World.run(seed: seed)
            total.add(report)
            if trace || report.violation != nil { for line in report.trace { print(line) } }
            if let violation = report.violation {
                print("seed \(seed): \(violation)")
                print("repeat it with: make simulate SEED=\(seed)")
                throw ExitCode(1)
            }
        }
        print(total)
    }
}
