import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

@Suite("vacuum")
struct VacuumTests {
    private func policy(_ change: (inout VacuumPolicy) -> Void = { _ in }) -> VacuumPolicy {
        var policy = VacuumPolicy()
        change(&policy)
        return policy
    }

    private func vacuum(_ lake: MaintenanceLake, _ table: Table, _ policy: VacuumPolicy) async throws -> VacuumReport {
        try await Vacuum(table: table, policy: policy, clock: lake.clock).run(
            id: lake.id(), writer: MaintenanceLake.writer)
    }

    @Test("an orphan goes when it is old, and not before")
    func orphans() async throws {
        let lake = try MaintenanceLake(seed: 1)
        let table = try await lake.open()
        try await lake.append(table)
        let orphan = try await lake.put([ModelEvent(source: lake.source(9), offset: 0)], hour: 3)
        let young = try await vacuum(lake, table, policy())
        #expect(young.tallies[.young]?.objects == 1)
        #expect(young.deleted.objects == 0)
        lake.clock.advance(by: .seconds(4 * 86_400))
        let plan = try await Vacuum(table: table, clock: lake.clock).plan { #expect($0.path == orphan.path) }
        #expect(plan.dead.objects == 1)
        let old = try await vacuum(lake, table, policy())
        #expect(old.deleted == ObjectTally(objects: 1, bytes: orphan.bytes))
        #expect(try await !lake.listing().contains("orders/\(orphan.path)"))
        try await lake.check(seed: 1)
    }

    @Test("a writer that slept past the horizon is refused and its object may be gone")
    func sleepingWriter() async throws {
        let lake = try MaintenanceLake(seed: 2)
        let table = try await lake.open()
        try await lake.append(table)
        let late = try await lake.put([ModelEvent(source: lake.source(9), offset: 0)], hour: 3)
        lake.clock.advance(by: .seconds(4 * 86_400))
        _ = try await vacuum(lake, try await lake.open(), policy())
        let range = OffsetRange(lake.source(9), from: 0, to: 1, events: 1)
        await #expect(throws: CatalogError.self) {
            try await table.commit(
                Change(kind: .append, offsets: [range], add: [late]), id: lake.id(), writer: MaintenanceLake.writer)
        }
        try await lake.check(seed: 2)
    }

    @Test("removed objects stay for their grace, those of an erasure for a shorter one")
    func grace() async throws {
        let lake = try MaintenanceLake(seed: 3)
        let table = try await lake.open()
        let first = try await lake.append(table)
        let second = try await lake.append(table)
        try await lake.append(table)
        lake.clock.advance(by: .seconds(5 * 86_400))
        try await remove([first], .lifecycle, lake, table)
        try await remove([second], .erase, lake, table)
        let early = try await vacuum(lake, table, policy())
        #expect(early.tallies[.grace]?.objects == 2)
        #expect(early.deleted.objects == 0)
        lake.clock.advance(by: .seconds(2 * 86_400))
        let later = try await vacuum(lake, table, policy())
        #expect(later.tallies[.removed]?.objects == 1)
        #expect(try await !lake.listing().contains("orders/\(second.path)"))
        #expect(try await lake.listing().contains("orders/\(first.path)"))
        lake.clock.advance(by: .seconds(6 * 86_400))
        #expect(try await vacuum(lake, table, policy()).deleted.objects == 1)
        try await lake.check(seed: 3)
    }

    private func remove(
        _ objects: [DataObject], _ kind: CommitKind, _ lake: MaintenanceLake, _ table: Table
    ) async throws {
        try await table.commit(
            Change(kind: kind, remove: objects.map(\.path), reason: "test"), id: lake.id(),
            writer: MaintenanceLake.writer)
        let sources = Set(
            objects.flatMap { object in
                object.offsets.flatMap { span in
                    (span.first...span.last).map { ModelEvent(source: span.topicPartition, offset: $0) }
                }
            })
        lake.forget(sources)
    }

    @Test("clocks that differ stop it before anything is changed", arguments: [-1, 1])
    func clocks(direction: Int64) async throws {
        let lake = try MaintenanceLake(seed: 4)
        let table = try await lake.open()
        try await lake.append(table)
        let wrong = ManualClock(now: lake.clock.now().advanced(byMilliseconds: direction * 3_600_000))
        let before = try await table.refresh().version
        await #expect(throws: MaintenanceError.self) {
            try await Vacuum(table: table, clock: wrong).run(id: lake.id(), writer: MaintenanceLake.writer)
        }
        #expect(try await table.refresh().version == before)
    }

    @Test("abandoned uploads of this table are aborted, young ones and those of others are not")
    func uploads() async throws {
        let lake = try MaintenanceLake(seed: 5)
        let table = try await lake.open()
        try await lake.append(table)
        let own = try #require(ObjectKey("orders/data/x"))
        let other = try #require(ObjectKey("orders.b/data/x"))
        _ = try await lake.inner.createUpload(to: own, options: PutOptions())
        _ = try await lake.inner.createUpload(to: other, options: PutOptions())
        lake.clock.advance(by: .seconds(4 * 86_400))
        let young = try await lake.inner.createUpload(to: own, options: PutOptions())
        let report = try await vacuum(lake, table, policy())
        #expect(report.uploads.count == 1)
        #expect(try await lake.inner.listUploads(prefix: "orders/").map(\.upload) == [young])
        #expect(try await lake.inner.listUploads(prefix: "orders.b/").count == 1)
    }

    @Test("the log is collected behind its age, but not past objects in their grace")
    func log() async throws {
        let lake = try MaintenanceLake(seed: 6)
        let table = try await lake.open()
        let first = try await lake.append(table)
        for _ in 0..<10 { try await lake.append(table) }
        lake.clock.advance(by: .seconds(2 * 86_400))
        try await remove([first], .lifecycle, lake, table)
        for _ in 0..<3 { try await lake.append(table) }
        lake.clock.advance(by: .seconds(6 * 86_400))
        let report = try await vacuum(lake, table, policy { $0.logAfter = .seconds(3 * 86_400) })
        #expect(report.collected?.boundary.version == 11)
        #expect(report.collected?.entriesDeleted == 11)
        try await lake.check(seed: 6)
    }

    @Test("foreign files and markers are left alone")
    func foreign() async throws {
        let lake = try MaintenanceLake(seed: 7)
        let table = try await lake.open()
        try await lake.append(table)
        try await table.markComplete([LakeHour(lake.partition(hour: 1))])
        let readme = try #require(ObjectKey("orders/data/README.md"))
        _ = try await lake.inner.put([1], to: readme)
        lake.clock.advance(by: .seconds(400 * 86_400))
        let report = try await vacuum(lake, table, policy())
        #expect(report.tallies[.foreign]?.objects == 2)
        #expect(report.deleted.objects == 0)
    }

    @Test("many objects are gone through page by page")
    func pages() async throws {
        let lake = try MaintenanceLake(seed: 8)
        let table = try await lake.open()
        try await lake.append(table)
        for number in 0..<2300 {
            let partition = lake.partition(hour: number % 24)
            let key = try #require(ObjectKey("orders/data/\(partition)/x-\(number).ndjson.zst"))
            _ = try await lake.inner.put([1, 2], to: key)
        }
        lake.clock.advance(by: .seconds(4 * 86_400))
        let report = try await vacuum(lake, table, policy())
        #expect(report.deleted == ObjectTally(objects: 2300, bytes: 4600))
        #expect(report.tallies[.live]?.objects == 1)
        try await lake.check(seed: 8)
    }
}
