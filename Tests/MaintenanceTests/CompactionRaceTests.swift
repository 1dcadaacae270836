import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

@Suite("compaction while others write and stores fail")
struct CompactionRaceTests {
    @Test("two compactors with the same plan: each group is done once, and the loser leaves nothing", arguments: 1...6)
    func twice(seed: UInt64) async throws {
        let lake = try MaintenanceLake(seed: seed)
        let (one, two) = (try await lake.open(), try await lake.open())
        for hour in 0..<4 { for _ in 0..<3 { try await lake.append(one, hour: hour) } }
        var policy = CompactionPolicy()
        policy.coldAfterMilliseconds = 0
        let plan = try await CompactionPlan.make(try await one.snapshot(), policy: policy, now: lake.clock.now())
        async let first = outcomes(plan, one, seed: seed)
        async let second = outcomes(plan, two, seed: seed + 100)
        let all = try await first + second
        #expect(all.count { $0.state == .done } == 4)
        #expect(all.count { $0.state == .skipped } == 4, "\(all.map(\.problem))")
        #expect(try await lake.listing().count { $0.contains("/data/") } == 12 + 4)
        try await lake.check(seed: seed)
        #expect(try await lake.audit().isEmpty)
    }

    private func outcomes(_ plan: CompactionPlan, _ table: Table, seed: UInt64) async throws -> [CompactionOutcome] {
        var generator = SeededGenerator(seed: seed)
        var outcomes: [CompactionOutcome] = []
        _ = try await Compactor(table: table, writer: MaintenanceLake.writer).run(
            plan.groups, policy: plan.policy, using: &generator
        ) { outcomes.append($0) }
        return outcomes
    }

    @Test("an input that another removed is left out, and the rest is compacted")
    func vanished() async throws {
        let lake = try MaintenanceLake(seed: 11)
        let table = try await lake.open()
        let gone = try await lake.append(table)
        for _ in 0..<3 { try await lake.append(table) }
        var policy = CompactionPolicy()
        policy.coldAfterMilliseconds = 0
        let plan = try await CompactionPlan.make(try await table.snapshot(), policy: policy, now: lake.clock.now())
        try await table.commit(
            Change(kind: .lifecycle, remove: [gone.path]), id: lake.id(), writer: MaintenanceLake.writer)
        lake.forget(
            Set(
                gone.offsets.flatMap { span in
                    (span.first...span.last).map { ModelEvent(source: span.topicPartition, offset: $0) }
                }))
        let outcome = try #require(try await outcomes(plan, try await lake.open(), seed: 1).first)
        #expect(outcome.state == .done)
        #expect(outcome.inputs == 3)
        try await lake.check(seed: 11)
    }

    @Test("a crash at any step leaves every event once, and nothing that vacuum does not clear")
    func crashes() async throws {
        var steps = 0
        while try await crash(afterCalls: steps) { steps += 1 }
        #expect(steps > 15)
    }

    /// False where the compaction was over before the crash came.
    private func crash(afterCalls step: Int) async throws -> Bool {
        let lake = try MaintenanceLake(seed: UInt64(step))
        let table = try await lake.open(checkpointEvery: 3)
        for hour in 0..<2 { for _ in 0..<3 { try await lake.append(table, hour: hour) } }
        lake.store.setRules([FaultRule(.denied, calls: Set((step + 1)...10_000))])
        _ = try? await lake.compact(table) { _, compactor in compactor.parallelMax = 1 }
        lake.store.setRules([])
        try await lake.check(seed: UInt64(step))
        #expect(try await lake.audit().isEmpty)

        lake.clock.advance(by: .seconds(10 * 86_400))
        let after = try await lake.open()
        _ = try await Vacuum(table: after, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        let live = Set(try await after.snapshot().objects(.everything).map { "orders/\($0.path)" })
        #expect(Set(try await lake.listing().filter { $0.contains("/data/") }) == live)
        try await lake.check(seed: UInt64(step))
        return !lake.store.journal.isEmpty
    }

    @Test("answers that are lost do not lose, double or delete anything", arguments: [UInt64](1...20))
    func lostAnswers(seed: UInt64) async throws {
        let lake = try MaintenanceLake(seed: seed)
        let table = try await lake.open()
        for hour in 0..<3 { for _ in 0..<4 { try await lake.append(table, hour: hour) } }
        lake.store.setRules([
            FaultRule(.lostAnswer, on: [.put], keyContains: "_varve/log", probability: 0.5),
            FaultRule(.unavailableBefore, on: [.get], probability: 0.1),
            FaultRule(.ownConflict, on: [.put], keyContains: "_varve/log", probability: 0.3),
        ])
        for round in 0..<3 { _ = try? await lake.compact(table, seed: seed &* 31 &+ UInt64(round)) }
        lake.store.setRules([])
        try await lake.check(seed: seed)
        #expect(try await lake.audit().isEmpty, "seed=\(seed)")
    }

    @Test(
        "a commit whose outcome stays open keeps what it may have added", arguments: ["compact", "tier", "erase"])
    func unsettled(verb: String) async throws {
        let lake = try MaintenanceLake(seed: 31)
        let table = try await lake.open()
        for _ in 0..<3 { try await lake.append(table) }
        lake.clock.advance(by: .seconds(100 * 86_400))
        // Looks for new entries before the commit: compaction looks once more than the others.
        let looks = verb == "compact" ? 2 : 1
        // The entry is written, its answer is lost, and nobody can read it back for as long as the writer asks.
        lake.store.setRules([
            FaultRule(.lostAnswer, on: [.put], keyContains: "_varve/log"),
            FaultRule(.unavailableBefore, on: [.get], keyContains: "_varve/log", calls: Set((looks + 1)...10_000)),
        ])
        switch verb {
        case "compact":
            let outcomes = try await lake.compact(table)
            #expect(outcomes.map(\.state) == [.failed])
        case "tier":
            let rule = LifecycleRule(name: "t", action: .tier(storageClass: "STANDARD_IA"), after: .seconds(1))
            let lifecycle = Lifecycle(
                table: table, policy: LifecyclePolicy(rules: [rule]), clock: lake.clock,
                writer: MaintenanceLake.writer)
            var generator = SeededGenerator(seed: 31)
            await #expect(throws: CatalogError.self) { try await lifecycle.apply(using: &generator) { _ in } }
        default:
            await #expect(throws: CatalogError.self) { try await lake.erase(table, user: 1) }
            lake.forget(Set(lake.events.keys.filter { $0.offset % 5 == 1 }))
        }
        #expect(lake.store.journal.contains { $0.hasPrefix("lostAnswer put") })
        lake.store.setRules([])
        try await lake.check(seed: 31)
        #expect(try await lake.audit().isEmpty)
        #expect(try await table.snapshot().version == 4)
    }

    @Test("writers, compactors and vacuums at once: every event is there once", arguments: [UInt64](1...10))
    func everything(seed: UInt64) async throws {
        let lake = try MaintenanceLake(seed: seed)
        let writer = try await lake.open()
        try await lake.append(writer)
        for round in 0..<8 {
            if lake.pick(0...2) == 0 {
                lake.store.setRules([
                    FaultRule(.lostAnswer, on: [.put, .delete], probability: 0.1),
                    FaultRule(.unavailableBefore, probability: 0.03),
                ])
            }
            async let compacted: Void = compact(lake, seed: seed &* 100 &+ UInt64(round))
            async let again: Void = compact(lake, seed: seed &* 100 &+ 50 &+ UInt64(round))
            async let vacuumed: Void = vacuum(lake)
            // The one writer of these topic partitions; its own faults are the ingest tests' matter.
            let quiet = try await Table.open(lake.name, in: lake.inner, clock: lake.clock, logger: quiet)
            for _ in 0..<5 { try await lake.append(quiet, hour: lake.pick(0...3), shard: UInt16(lake.pick(0...1))) }
            _ = await (compacted, again, vacuumed)
            lake.store.setRules([])
            lake.clock.advance(by: .seconds(Int64(lake.pick(0...60)) * 3600))
            try await lake.check(seed: seed)
        }
        #expect(try await lake.audit().isEmpty, "seed=\(seed)")
    }

    private func compact(_ lake: MaintenanceLake, seed: UInt64) async {
        guard let table = try? await lake.open() else { return }
        _ = try? await lake.compact(table, seed: seed)
    }

    private func vacuum(_ lake: MaintenanceLake) async {
        guard let table = try? await lake.open() else { return }
        var policy = VacuumPolicy()
        (policy.removedAfter, policy.orphansAfter) = (.seconds(86_400), .seconds(2 * 86_400))
        let vacuum = Vacuum(table: table, policy: policy, clock: lake.clock)
        _ = try? await vacuum.run(id: lake.id(), writer: MaintenanceLake.writer)
    }
}
