import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

private let day: Int64 = 86_400

@Suite("erasures in an archive")
struct ArchiveErasureTests {
    private let expire = LifecycleRule(name: "keep", action: .expire, after: .seconds(day))

    private func erase(_ archived: ArchivedLake, user: Int64) async throws -> ErasureReport {
        let copy = try await archived.target.openExisting(archived.lake.name)
        let eraser = Eraser(
            table: copy, request: try ErasureRequest(where: "user = 'u\(user)'"), clock: archived.lake.clock,
            writer: MaintenanceLake.writer)
        let plan = try await eraser.plan(id: archived.lake.id())
        var generator = SeededGenerator(seed: 8)
        let report = try await eraser.run(id: archived.lake.id(), using: &generator)
        #expect(plan.events == report.events && plan.held == report.held && plan.ofTable == report.ofTable)
        return report
    }

    private func expectDone(_ outcomes: [LifecycleOutcome], _ count: Int) {
        #expect(outcomes.count == count && outcomes.allSatisfy { $0.problem == nil }, "\(outcomes)")
    }

    @Test("what the table still has is left alone, and leaves the archive once it is erased there")
    func ofTheTable() async throws {
        let archived = try ArchivedLake(seed: 41)
        let lake = archived.lake
        let table = try await lake.open()
        try await lake.append(table, hour: 1)
        lake.clock.advance(by: .seconds(40 * day))
        try await archived.apply(table)
        let report = try await erase(archived, user: 3)
        #expect(report.objects.isEmpty && report.ofTable == 1 && report.held.count == 1 && report.heldByRules == 0)
        try await archived.check(lake.events)
        let archive = try await archived.target.openExisting(lake.name)
        let certificate = ErasureCertificate(
            table: lake.name, request: try ErasureRequest(where: "user = u3"), report: report,
            writer: MaintenanceLake.writer, salt: lake.id(), grace: .zero, olderGrace: .zero)
        let findings = try await ErasureVerifier(table: archive, certificate: certificate)
            .findings(key: nil, now: lake.clock.now())
        #expect(findings.map(\.detail) == ["a legal hold, or the archived table, keeps 2 matching events"])

        try await lake.append(table, hour: 1)
        expectDone(try await archived.apply(table), 1)
        try await archived.check(lake.events)
        try await lake.erase(table, user: 3)
        expectDone(try await archived.apply(table), 4)
        try await archived.check(lake.events)
        expectDone(try await archived.apply(table, rules: [expire]), 2)
        #expect(try await erase(archived, user: 3).held.isEmpty)
    }

    @Test("late events of an hour are archived right after an erasure of what has expired of it")
    func lateEvents() async throws {
        let archived = try ArchivedLake(seed: 42)
        let lake = archived.lake
        let table = try await lake.open()
        // One object of which nothing will be left.
        try await lake.append(table, partitions: [0], count: 1, hour: 1)
        try await lake.append(table, partitions: [1], hour: 1)
        lake.clock.advance(by: .seconds(40 * day))
        try await archived.apply(table, rules: [expire])
        for user in [Int64(3), 0] {
            let report = try await erase(archived, user: user)
            #expect(report.ofTable == 0 && !report.objects.isEmpty)
            lake.forget(Set(lake.events.keys.filter { $0.offset % 5 == user }))
            try await archived.check(lake.events)
            // The hour has not been gone through since.
            try await lake.append(table, partitions: [2], count: 2, hour: 1)
            expectDone(try await archived.apply(table, rules: [expire]), 2)
            try await archived.check(lake.events)
        }
        #expect(try await table.snapshot().objects(.everything).isEmpty)
    }

    @Test("what was archived since the table was last looked at is left alone")
    func archivedSince() async throws {
        let archived = try ArchivedLake(seed: 43)
        let lake = archived.lake
        let table = try await lake.open()
        try await lake.append(table, partitions: [0], hour: 1)
        lake.clock.advance(by: .seconds(40 * day))
        try await archived.apply(table, rules: [expire])
        try await lake.append(table, partitions: [1], hour: 1)
        // A run that is cut off before its end.
        let archiver = try await archived.archiver(table)
        _ = try await archiver.forEachBatch { steps in
            let outcomes = try await archiver.carryOut(steps, id: lake.id()).outcomes
            #expect(outcomes.allSatisfy { $0.problem == nil })
        }
        let report = try await erase(archived, user: 3)
        #expect(report.objects.count == 1 && report.ofTable == 1)
        lake.forget(Set(lake.events.keys.filter { $0.source.partition == 0 && $0.offset % 5 == 3 }))
        try await archived.check(lake.events)
        for _ in 0..<2 { try await archived.apply(table, rules: [expire]) }
        #expect(try await erase(archived, user: 3).ofTable == 0)
    }

    @Test("where nothing tells what the table has, nothing is erased")
    func unknown() async throws {
        let archived = try ArchivedLake(seed: 44)
        let lake = archived.lake
        let table = try await lake.open()
        try await lake.append(table, hour: 1)
        lake.clock.advance(by: .seconds(40 * day))
        try await archived.apply(table, rules: [expire])
        let archive = try await archived.target.openExisting(lake.name)
        var mark = try #require(try await ArchiveMark.read(archive))
        #expect(mark.days?.spans == [])
        mark.days = nil
        try await mark.write(archive)
        await #expect(throws: MaintenanceError.self) { _ = try await erase(archived, user: 3) }
        try await archived.check(lake.events)
    }

    @Test("a copy that has expired objects again brings back nothing that was erased, and says why")
    func failover() async throws {
        let archived = try ArchivedLake(seed: 45)
        let lake = archived.lake
        let table = try await lake.open()
        try await lake.append(table, hour: 1)
        let second = Lake(store: MemoryObjectStore(clock: lake.clock), clock: lake.clock, logger: quiet)
        _ = try await Replicator(table: table, target: second, clock: lake.clock).run()
        lake.clock.advance(by: .seconds(40 * day))
        try await archived.apply(table, rules: [expire])
        #expect(try await erase(archived, user: 3).objects.count == 1)
        let left = lake.events.filter { $0.key.offset % 5 != 3 }
        let copy = try await second.openExisting(lake.name)
        for _ in 0..<2 {
            let outcomes = try await archived.apply(copy, rules: [expire])
            #expect(!outcomes.isEmpty && outcomes.allSatisfy { $0.problem != nil }, "\(outcomes)")
            try await archived.check(left)
        }
    }

    @Test("what an erasure took goes from the archive's store after the short grace, what was merged after the long")
    func grace() async throws {
        let archived = try ArchivedLake(seed: 46)
        let lake = archived.lake
        let table = try await lake.open()
        for _ in 0..<2 {
            // Of users 0 and 1 only.
            try await lake.append(table, partitions: [0], count: 1, hour: 1)
            try await lake.append(table, partitions: [1], hour: 2)
        }
        func stored() async throws -> Set<String> {
            Set(try await archived.target.store.listAll(prefix: "orders/data/").map(\.key.description))
        }
        lake.clock.advance(by: .seconds(40 * day))
        expectDone(try await archived.apply(table), 4)
        let old = try await stored()
        try await lake.compact(table)
        #expect(try await lake.erase(table, user: 3).objects.count == 1)
        expectDone(try await archived.apply(table), 6)
        let new = try await stored().subtracting(old)
        #expect(old.count == 4 && new.count == 2)
        lake.clock.advance(by: .seconds(2 * day))
        try await archived.vacuum()
        #expect(try await stored() == new.union(old.filter { $0.contains("hour=01") }))
        lake.clock.advance(by: .seconds(6 * day))
        try await archived.vacuum()
        #expect(try await stored() == new)
        try await archived.check(lake.events)
    }

    @Test("days of a table are told by where they begin and end")
    func days() throws {
        let days = TableDays(archive: 3, days: Set([5, 1, 2, 3, 9].map { CalendarDay(daysSinceEpoch: $0) }))
        #expect(days.spans.count == 3)
        for number in Int32(0)..<12 {
            let expected = [1, 2, 3, 5, 9].contains(number)
            #expect(days.contain(CalendarDay(daysSinceEpoch: number)) == expected, "\(number)")
        }
    }
}
