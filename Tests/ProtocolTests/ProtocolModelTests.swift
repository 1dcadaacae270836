import Foundation
import Testing

/// Every history within small bounds, visited one by one. `docs/reliability.md` says what is modelled.
@Suite("The commit protocol, every interleaving")
struct ProtocolModelTests {
    struct Scenario: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bounds: Bounds
        /// What must happen in some history, or the scenario shows nothing.
        var reaches: [Coverage.Happening]

        init(_ text: String, _ bounds: Bounds, reaches: [Coverage.Happening]) {
            (testDescription, self.bounds, self.reaches) = (text, bounds, reaches)
        }
    }

    static let scenarios = [
        Scenario(
            "two writers, two changes each, a log collection, one spoiled put",
            Bounds(appendsA: 2, appendsB: 2, collections: 1, faults: 1),
            reaches: [
                .holeFilled, .collectedPast, .unsettled, .offsetsRefused, .brokenExplained, .ownConflict, .latePut,
                .allEvents,
            ]),
        Scenario(
            "two writers, a compactor, a log collection, one spoiled put",
            Bounds(appendsA: 1, appendsB: 1, compactions: 1, collections: 1, faults: 1),
            reaches: [.holeFilled, .collectedPast, .unsettled, .offsetsRefused, .brokenExplained, .latePut]),
        Scenario(
            "two writers, a vacuum and a log collection, one spoiled put",
            Bounds(appendsA: 1, appendsB: 1, vacuums: 1, collections: 1, faults: 1),
            reaches: [.holeFilled, .collectedPast, .staleRefused, .offsetsRefused, .latePut]),
        Scenario(
            "a writer, two compactors, a log collection, one spoiled put",
            Bounds(appendsA: 1, rivals: 1, compactions: 1, collections: 1, events: 2, faults: 1),
            reaches: [.holeFilled, .collectedPast, .removalRefused, .latePut]),
        Scenario(
            "a writer, two compactors, a vacuum, one spoiled put",
            Bounds(appendsA: 1, rivals: 1, compactions: 1, vacuums: 1, events: 2, faults: 1),
            reaches: [.staleRefused, .removalRefused, .latePut]),
        Scenario(
            "two writers, a compactor, a vacuum and a log collection",
            Bounds(appendsA: 1, appendsB: 1, compactions: 1, vacuums: 1, collections: 1, events: 2),
            reaches: [.holeFilled, .collectedPast, .staleRefused, .offsetsRefused, .removalRefused]),
    ]

    /// Minutes and gigabytes each: run with VARVE_MODEL=large.
    static let large = [
        Scenario(
            "two writers, a compactor, a vacuum and a log collection, one spoiled put",
            Bounds(appendsA: 1, appendsB: 1, compactions: 1, vacuums: 1, collections: 1, events: 2, faults: 1),
            reaches: [.holeFilled, .collectedPast, .staleRefused, .offsetsRefused, .removalRefused, .latePut]),
        Scenario(
            "two writers, a compactor and a log collection, up to two changes, one spoiled put",
            Bounds(appendsA: 2, appendsB: 1, compactions: 1, collections: 1, faults: 1),
            reaches: [.holeFilled, .collectedPast, .removalRefused, .latePut]),
        Scenario(
            "two writers, a log collection, two spoiled puts",
            Bounds(appendsA: 2, appendsB: 2, collections: 1, faults: 2),
            reaches: [.holeFilled, .collectedPast, .unsettled, .latePut]),
    ]

    @Test("no history breaks an invariant", arguments: scenarios)
    func safe(_ scenario: Scenario) { check(scenario) }

    @Test(
        "no history breaks an invariant, with larger bounds",
        .enabled(if: ProcessInfo.processInfo.environment["VARVE_MODEL"] == "large", "set VARVE_MODEL=large"),
        arguments: large)
    func safeAtLarge(_ scenario: Scenario) { check(scenario) }

    private func check(_ scenario: Scenario, _ rules: Rules = Rules()) {
        let clock = ContinuousClock()
        let start = clock.now
        let result = Explorer(bounds: scenario.bounds, rules: rules).run()
        print(
            "model: \(scenario.testDescription): \(result.states) states, \(result.moves) moves, depth \(result.depth),"
                + " \(start.duration(to: clock.now))")
        #expect(result.violation == nil, Comment(rawValue: "\n" + result.trace.joined(separator: "\n")))
        for happening in scenario.reaches {
            #expect(result.coverage.has(happening), "the scenario never reaches \(happening)")
        }
    }

    @Test("each rule is needed: without it a history breaks an invariant", arguments: Rules.Mutation.allCases)
    func mutations(_ mutation: Rules.Mutation) {
        let bounds = [
            Bounds(appendsA: 2, appendsB: 1, collections: 1, faults: 1),
            Bounds(appendsA: 1, appendsB: 1, vacuums: 1, faults: 1),
            Bounds(appendsA: 1, rivals: 1, compactions: 1, collections: 1, events: 2, faults: 1),
        ]
        let results = bounds.lazy.map { Explorer(bounds: $0, rules: Rules(mutation: mutation)).run() }
        guard let found = results.first(where: { $0.violation != nil }) else {
            Issue.record("nothing notices that \(mutation.rawValue)")
            return
        }
        print("mutation: \(mutation.rawValue): found after \(found.states) states, \(found.trace.count - 1) moves")
        if ProcessInfo.processInfo.environment["VARVE_MODEL"] == "traces" {
            print(found.trace.map { "  " + $0 }.joined(separator: "\n"))
        }
    }

    @Test("the boundary's distance from the newest entry is a second fence: without it the rest still holds")
    func secondFence() {
        var rules = Rules()
        rules.boundaryReachesNewest = true
        for scenario in Self.scenarios.prefix(3) { check(scenario, rules) }
    }

    @Test("a world is one run of bytes without padding, so that equal worlds have equal bytes")
    func layout() {
        #expect(MemoryLayout<World>.alignment == 1)
        #expect(MemoryLayout<World>.size == MemoryLayout<World>.stride)
        let world = World(Bounds(appendsA: 1))
        #expect(Fingerprint(world) == Fingerprint(World(Bounds(appendsA: 1))))
        #expect(Fingerprint(world) != Fingerprint(World(Bounds(appendsA: 2))))
    }
}
