import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

@Suite("vacuum while others write and stores fail")
struct VacuumRaceTests {
    @Test("a crash at any step leaves a lake that reads the same and that the next vacuum clears")
    func crashes() async throws {
        var steps = 0
        while try await crash(afterCalls: steps) { steps += 1 }
        // Fewer would mean that the crashes no longer reach the deletions.
        #expect(steps > 30)
    }

    /// False where the vacuum was over before the crash came.
    private func crash(afterCalls step: Int) async throws -> Bool {
        let lake = try MaintenanceLake(seed: UInt64(step))
        let table = try await lake.open(checkpointEvery: 3)
        let first = try await lake.append(table)
        for hour in 0..<12 { try await lake.append(table, hour: hour) }
        for hour in 0..<4 { _ = try await lake.put([ModelEvent(source: lake.source(9), offset: 0)], hour: hour) }
        let key = try #require(ObjectKey("orders/\(first.path)x"))
        _ = try await lake.inner.createUpload(to: key, options: PutOptions())
        lake.clock.advance(by: .seconds(40 * 86_400))
        try await lake.append(table)

        // From the given call on the process is gone: nothing it sends arrives any more.
        lake.store.setRules([FaultRule(.denied, calls: Set((step + 1)...10_000))])
        let fresh = try? await lake.open()
        let vacuum = Vacuum(table: fresh ?? table, clock: lake.clock)
        _ = try? await vacuum.run(id: lake.id(), writer: MaintenanceLake.writer)
        lake.store.setRules([])
        try await lake.check(seed: UInt64(step))

        let after = try await lake.open()
        _ = try await Vacuum(table: after, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        let live = Set(try await after.snapshot().objects(.everything).map { "orders/\($0.path)" })
        #expect(Set(try await lake.listing().filter { $0.contains("/data/") }) == live)
        #expect(try await lake.inner.listUploads(prefix: "").isEmpty)
        try await lake.check(seed: UInt64(step))
        return !lake.store.journal.isEmpty
    }

    @Test("appends, removals and vacuums in any order lose nothing", arguments: [UInt64](1...12))
    func random(seed: UInt64) async throws {
        let lake = try MaintenanceLake(seed: seed)
        var tables = [try await lake.open(), try await lake.open()]
        for _ in 0..<60 {
            lake.clock.advance(by: .seconds(Int64(lake.pick(0...40)) * 3600))
            let table = tables[lake.pick(0...1)]
            switch lake.pick(0...9) {
            case 0...4: try await lake.append(table, hour: lake.pick(0...23), shard: UInt16(lake.pick(0...1)))
            case 5: _ = try await lake.put([ModelEvent(source: lake.source(9), offset: 0)], hour: 2)
            case 6: tables[lake.pick(0...1)] = try await lake.open()
            default: try await unreliableVacuum(lake, table)
            }
        }
        try await lake.check(seed: seed)
        #expect(try await lake.audit().isEmpty, "seed=\(seed)")
    }

    private func unreliableVacuum(_ lake: MaintenanceLake, _ table: Table) async throws {
        if lake.pick(0...1) == 0 {
            lake.store.setRules([
                FaultRule(.lostAnswer, on: [.put, .delete], probability: 0.1),
                FaultRule(.unavailableBefore, probability: 0.02),
                FaultRule(.missingNewest, on: [.list], probability: 0.5),
            ])
        }
        _ = try? await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        lake.store.setRules([])
    }

    @Test("whatever the clocks and listings say, what is live is never dead")
    func liveFirst() {
        var generator = SeededGenerator(seed: 3)
        let path = "data/date=2026-11-21/hour=05/shard=0000/x.ndjson.zst"
        for _ in 0..<1000 {
            let now = Timestamp(milliseconds: Int64.random(in: -1 << 40...1 << 42, using: &generator))
            let times = VacuumTimes(VacuumPolicy(), now: now)
            #expect(times.orphansBefore <= times.horizon)
            let at = Timestamp(milliseconds: Int64.random(in: .min...(.max), using: &generator))
            let rule = VacuumRule(times: times, removals: Removals())
            #expect(!rule.verdict(path: path, modifiedAt: at, isLive: true).isDead)
            #expect(rule.verdict(path: path, modifiedAt: at, isLive: false).isDead == (at < times.orphansBefore))
        }
    }
}
