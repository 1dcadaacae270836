import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

private let day: Int64 = 86_400

@Suite("archives")
struct ArchiveTests {
    private func fill(_ lake: MaintenanceLake, _ table: Table, hours: Int = 3) async throws {
        for hour in 0..<hours {
            for side in TableSide.allCases { try await lake.append(table, hour: hour, side: side) }
        }
    }

    @Test("get what is old enough, once, by commits that say why")
    func wholeWay() async throws {
        let archived = try ArchivedLake(seed: 1)
        let table = try await archived.lake.open()
        try await fill(archived.lake, table)
        #expect(try await archived.apply(table).isEmpty, "nothing is old enough")
        archived.lake.clock.advance(by: .seconds(40 * day))
        var planned: [LifecycleItem] = []
        try await archived.lifecycle(table).plan { item, _ in planned.append(item) }
        #expect(planned.count == 9 && planned.allSatisfy { $0.requests.total > 0 && $0.rule.action == .archive })
        let outcomes = try await archived.apply(table)
        #expect(outcomes.count == 9 && outcomes.allSatisfy { $0.problem == nil && $0.version == 1 })
        try await archived.check(archived.lake.events)
        #expect(try await archived.apply(table).isEmpty)
        let copy = try await archived.target.openExisting(archived.lake.name)
        var history: [MaintenanceEntry] = []
        try await copy.maintenanceHistory { history.append($0) }
        #expect(history.map(\.kind) == [.adopt])
        #expect(history.first?.reason?.hasPrefix("lifecycle archive: archive 9 objects of ") == true)
        #expect(try await table.snapshot().version == 9, "the table itself is as it was")
    }

    @Test("objects expire only once the archive holds them, and stay there")
    func retention() async throws {
        let archived = try ArchivedLake(seed: 2)
        let lake = archived.lake
        let table = try await lake.open()
        try await fill(lake, table)
        lake.clock.advance(by: .seconds(20 * day))
        let expire = LifecycleRule(name: "keep", action: .expire, after: .seconds(10 * day))
        let refused = try await archived.apply(table, rules: [expire])
        #expect(refused.count == 9 && refused.allSatisfy { $0.problem?.contains("does not hold it yet") == true })
        try await lake.check(seed: 2)
        // Where no rule archives it, it goes.
        var onlyMain = ArchivedLake.rule
        onlyMain.sides = [.main]
        let late = try await archived.apply(table, rules: [expire], archive: onlyMain)
        #expect(late.count { $0.problem == nil } == 6)
        lake.forget(Set(lake.events.filter { $0.value.side != .main }.keys))
        try await lake.check(seed: 2)
        lake.clock.advance(by: .seconds(20 * day))
        let everything = lake.events
        let outcomes = try await archived.apply(table, rules: [expire])
        #expect(outcomes.count == 6 && outcomes.allSatisfy { $0.problem == nil })
        #expect(try await table.snapshot().objects(.everything).isEmpty)
        try await archived.check(everything)
        #expect(try await archived.apply(table, rules: [expire]).isEmpty)
        try await archived.check(everything)
    }

    @Test("a copy that is lost or cut short keeps its original from expiring")
    func lostCopies() async throws {
        let archived = try ArchivedLake(seed: 3)
        let table = try await archived.lake.open()
        for hour in 0..<2 { try await archived.lake.append(table, hour: hour) }
        archived.lake.clock.advance(by: .seconds(40 * day))
        let paths = try await archived.apply(table).compactMap(\.replacement?.path).sorted()
        let keys = paths.compactMap { ObjectKey("orders/\($0)") }
        _ = try await archived.store.delete([keys[0]])
        _ = try await archived.store.put([1, 2, 3], to: keys[1])
        let expire = LifecycleRule(name: "keep", action: .expire, after: .seconds(day))
        let outcomes = try await archived.apply(table, rules: [expire])
        #expect(outcomes.count == 2 && outcomes.allSatisfy { $0.problem != nil })
        try await archived.lake.check(seed: 3)
    }

    @Test("held objects are archived and do not expire")
    func holds() async throws {
        let archived = try ArchivedLake(seed: 4)
        let table = try await archived.lake.open()
        let held = try await archived.lake.append(table, hour: 1, tags: ["case"])
        try await archived.lake.append(table, hour: 2)
        archived.lake.clock.advance(by: .seconds(40 * day))
        let everything = archived.lake.events
        let expire = LifecycleRule(name: "keep", action: .expire, after: .seconds(day))
        let hold = LegalHold(name: "h", tags: ["case"])
        try await archived.apply(table, rules: [expire], holds: [hold])
        #expect(try await table.snapshot().objects(.everything).map(\.path) == [held.path])
        try await archived.check(everything)
    }

    @Test("what was rewritten takes the place of what it was made of")
    func rewritten() async throws {
        let archived = try ArchivedLake(seed: 5)
        let lake = archived.lake
        let table = try await lake.open()
        for hour in 0..<2 { for _ in 0..<3 { try await lake.append(table, hour: hour) } }
        lake.clock.advance(by: .seconds(40 * day))
        try await archived.apply(table)
        // Compacted, then events erased, then moved to another class: the archive follows, and copies no class.
        #expect(try await lake.compact(table, seed: 51).allSatisfy { $0.state == .done })
        try await lake.erase(table, user: 3, seed: 52)
        let follow = try await archived.apply(table)
        #expect(follow.count { !$0.item.leavesArchive } == 2 && follow.count { $0.item.leavesArchive } == 6)
        #expect(follow.allSatisfy { $0.problem == nil }, "\(follow.compactMap(\.problem))")
        try await archived.check(lake.events)
        let tier = LifecycleRule(name: "cold", action: .tier(storageClass: "GLACIER_IR"), after: .seconds(day))
        #expect(try await archived.apply(table, rules: [tier]).count == 2)
        #expect(try await archived.apply(table, rules: [tier]).isEmpty)
        try await archived.check(lake.events)
        let copy = try await archived.target.openExisting(lake.name)
        #expect(try await copy.snapshot().objects(.everything).allSatisfy { $0.tags.isEmpty })
    }

    @Test("what an archived object became is archived, though the rule would not choose it, and waits for its age")
    func heirs() async throws {
        let archived = try ArchivedLake(seed: 9)
        let lake = archived.lake
        let table = try await lake.open()
        let first = try await lake.append(table, count: 40, hour: 1)
        lake.clock.advance(by: .seconds(40 * day))
        var rule = ArchivedLake.rule
        rule.bytesMin = first.bytes
        try await archived.apply(table, archive: rule)
        let before = lake.events
        try await archived.check(before)
        try await lake.erase(table, user: 1, seed: 91)
        rule.after = .seconds(80 * day)
        #expect(try await archived.apply(table, archive: rule).isEmpty)
        try await archived.check(before)
        rule.after = .seconds(30 * day)
        #expect(try await archived.apply(table, archive: rule).map(\.item.leavesArchive) == [false, true])
        try await archived.check(lake.events)
    }

    @Test("where the log no longer tells, nothing is copied twice, and it is said")
    func collectedLog() async throws {
        let archived = try ArchivedLake(seed: 7)
        let lake = archived.lake
        let table = try await lake.open(checkpointEvery: 2)
        for _ in 0..<3 { try await lake.append(table, hour: 1) }
        lake.clock.advance(by: .seconds(40 * day))
        try await archived.apply(table)
        let before = lake.events
        try await lake.compact(table, seed: 71)
        for _ in 0..<4 { try await lake.append(table, hour: 5) }
        lake.clock.advance(by: .seconds(60 * day))
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        let outcomes = try await archived.apply(table)
        #expect(outcomes.count { $0.problem?.contains("vacuum.log_after") == true } == 1, "\(outcomes.map(\.problem))")
        #expect(outcomes.count { $0.problem == nil } == 4)
        try await archived.check(lake.events)
        #expect(before.count == 36)
    }

    @Test("a crash at any step leaves an archive that is whole, and the next run finishes it")
    func crashes() async throws {
        var steps = 0
        while try await crash(afterCalls: steps) { steps += 1 }
        #expect(steps > 10)
    }

    /// False where the run was over before the crash came.
    private func crash(afterCalls step: Int) async throws -> Bool {
        let directory = try TemporaryDirectory("varve-archive")
        let archived = try ArchivedLake(
            seed: UInt64(step), archive: try DirectoryObjectStore(root: directory.path, durability: .none))
        let lake = archived.lake
        let table = try await lake.open()
        for hour in 0..<3 { try await lake.append(table, hour: hour) }
        lake.clock.advance(by: .seconds(40 * day))
        archived.store.setRules([FaultRule(.denied, calls: Set((step + 1)...10_000))])
        let expire = LifecycleRule(name: "keep", action: .expire, after: .seconds(day))
        let everything = lake.events
        var problems = 0
        do {
            problems = try await archived.apply(table, rules: [expire]).count { $0.problem != nil }
        } catch {
            problems += 1
        }
        archived.store.setRules([])
        // What has left the table is in the archive.
        let left = try await lake.contents()
        let copy = try await archived.target.open(lake.name)
        let held = try await copy.snapshot().objects(.everything).reduce(0) { $0 + $1.records }
        #expect(left.count + Int(held) >= everything.count, "step \(step)")
        try await archived.apply(table, rules: [expire])
        try await archived.check(everything)
        #expect(try await table.snapshot().objects(.everything).isEmpty)
        return problems > 0
    }

    @Test("a table that others write, or that is partitioned otherwise, is no archive")
    func foreign() async throws {
        let archived = try ArchivedLake(seed: 8)
        let table = try await archived.lake.open()
        try await archived.lake.append(table)
        archived.lake.clock.advance(by: .seconds(40 * day))
        _ = try await Replicator(table: table, target: archived.target, clock: archived.lake.clock).run()
        await #expect(throws: MaintenanceError.self) { try await archived.apply(table) }
    }
}
