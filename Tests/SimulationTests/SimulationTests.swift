import class Foundation.Thread
import Simulation
import Testing

@Suite("Simulated installations", .serialized)
struct SimulationTests {
    @Test("one seed gives one trace", arguments: [1, 7, 23] as [UInt64])
    func repeats(seed: UInt64) {
        let (first, second) = (World.run(seed: seed), World.run(seed: seed))
        #expect(first.traceHash == second.traceHash, "seed \(seed)")
        #expect(first.steps == second.steps, "seed \(seed)")
    }

    @Test("nothing is lost or doubled, whatever breaks: 500 seeds")
    func seeds() async {
        let (tally, broken) = await onThreadOfItsOwn { () -> (Tally, SimulationReport?) in
            var tally = Tally()
            for seed in 1...500 as ClosedRange<UInt64> {
                let report = World.run(seed: seed)
                tally.add(report)
                if report.violation != nil { return (tally, report) }
            }
            return (tally, nil)
        }
        if let broken {
            Issue.record(
                """
                seed \(broken.seed): \(broken.violation ?? ""); make simulate SEED=\(broken.seed)
                \(broken.trace.joined(separator: "\n"))
                """)
        }
        print(tally)
    }

    /// Minutes of work on one of the few threads that all tests share would hold the others up.
    private func onThreadOfItsOwn<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: body()) }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }
}
