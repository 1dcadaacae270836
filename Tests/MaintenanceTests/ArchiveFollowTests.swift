import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

private let day: Int64 = 86_400

@Suite("archives follow their table")
struct ArchiveFollowTests {
    @Test(
        "events that were erased altogether leave the archive too, whatever was done there since",
        arguments: [false, true])
    func erasedWhole(vacuumed: Bool) async throws {
        let archived = try ArchivedLake(seed: 6)
        let lake = archived.lake
        let table = try await lake.open()
        try await lake.append(table, partitions: [0], count: 1, hour: 1)
        try await lake.append(table, partitions: [1], count: 4, hour: 2)
        lake.clock.advance(by: .seconds(40 * day))
        try await archived.apply(table)
        try await archived.check(lake.events)
        try await lake.erase(table, user: 0)
        if vacuumed {
            lake.clock.advance(by: .seconds(7200))
            try await archived.vacuum()
        }
        var planned: [LifecycleItem] = []
        try await archived.lifecycle(table).plan { item, problem in
            #expect(problem == nil)
            planned.append(item)
        }
        #expect(planned.count { $0.leavesArchive } == 2 && planned.count == 3, "\(planned)")
        let outcomes = try await archived.apply(table)
        #expect(
            outcomes.map(\.item).sorted { $0.object.path < $1.object.path }
                == planned.sorted { $0.object.path < $1.object.path })
        #expect(outcomes.allSatisfy { $0.version != nil })
        try await archived.check(lake.events)
        #expect(try await archived.apply(table).isEmpty)
    }

    private struct Crash: Error {}

    @Test("a run that crashed between two commits takes nothing from the next one's sight")
    func crashBetweenCommits() async throws {
        let archived = try ArchivedLake(seed: 12)
        let lake = archived.lake
        let table = try await lake.open()
        try await lake.append(table, partitions: [0], count: 1, hour: 2)
        lake.clock.advance(by: .seconds(40 * day))
        try await archived.apply(table)
        try await lake.erase(table, user: 0)
        lake.clock.advance(by: .seconds(7200))
        try await lake.append(table, partitions: [1], count: 4, hour: 1)
        var archiver = try await archived.archiver(table)
        archiver.objectsPerCommit = 1
        await #expect(throws: Crash.self) {
            _ = try await archiver.forEachBatch { steps in
                _ = try await archiver.carryOut(steps, id: lake.id())
                throw Crash()
            }
        }
        lake.clock.advance(by: .seconds(7200))
        #expect(try await archived.apply(table).map(\.item.leavesArchive) == [true])
        try await archived.check(lake.events)
    }

    @Test("an object that is rewritten while it is being copied gives way to what it became", arguments: [false, true])
    func rewrittenMeanwhile(finished: Bool) async throws {
        let archived = try ArchivedLake(seed: 13)
        let lake = archived.lake
        let table = try await lake.open()
        for _ in 0..<3 { try await lake.append(table, hour: 1) }
        lake.clock.advance(by: .seconds(40 * day))
        let archiver = try await archived.archiver(table)
        let mark = try await archiver.forEachBatch { steps in
            let compacted = try await lake.compact(table, seed: 131)
            #expect(compacted.map(\.state) == [.done])
            lake.clock.advance(by: .seconds(3 * 3600))
            let outcomes = try await archiver.carryOut(steps, id: lake.id()).outcomes
            #expect(outcomes.allSatisfy { $0.problem == nil })
        }
        if finished { try await #require(mark).write(archiver.archive) }
        let outcomes = try await archived.apply(table)
        #expect(outcomes.allSatisfy { $0.problem == nil }, "\(outcomes.compactMap(\.problem))")
        #expect(outcomes.count == 4)
        try await archived.check(lake.events)
        #expect(try await archived.apply(table).isEmpty)
    }

    @Test("what a slower run copies behind a faster one is seen by the next")
    func slowRun() async throws {
        let archived = try ArchivedLake(seed: 14)
        let lake = archived.lake
        let table = try await lake.open()
        for _ in 0..<3 { try await lake.append(table, hour: 1) }
        lake.clock.advance(by: .seconds(40 * day))
        let slow = try await archived.archiver(table)
        _ = try await slow.forEachBatch { steps in
            try await lake.compact(table, seed: 141)
            for _ in 0..<2 {
                let outcomes = try await archived.apply(table)
                #expect(outcomes.allSatisfy { $0.problem == nil })
            }
            _ = try await slow.carryOut(steps, id: lake.id())
        }
        #expect(try await archived.apply(table).map(\.item.leavesArchive) == [true, true, true])
        try await archived.check(lake.events)
    }

    @Test("a copy that is gone on with after its table was lost has a history of its own")
    func failover() async throws {
        let archived = try ArchivedLake(seed: 18)
        let lake = archived.lake
        let table = try await lake.open()
        for hour in 1...2 { try await lake.append(table, hour: hour) }
        let second = Lake(store: MemoryObjectStore(clock: lake.clock), clock: lake.clock, logger: quiet)
        _ = try await Replicator(table: table, target: second, clock: lake.clock).run()
        for hour in 4...5 { try await lake.append(table, partitions: [2], hour: hour) }
        let everything = lake.events
        lake.clock.advance(by: .seconds(40 * day))
        try await archived.apply(table)
        try await archived.check(everything)
        let copy = try await second.openExisting(lake.name)
        for user in 1...3 { try await lake.erase(copy, user: Int64(user), seed: UInt64(user)) }
        #expect(await copy.head().version > table.head().version, "the copy has the version that the mark names")
        let left = everything.filter { $0.key.source.partition == 2 || !(1...3).contains($0.key.offset % 5) }
        for run in 1...2 {
            let outcomes = try await archived.apply(copy)
            #expect(outcomes.count == (run == 1 ? 4 : 0) && outcomes.allSatisfy { $0.problem == nil })
            try await archived.check(left)
        }
    }

    @Test("an object that cannot be copied takes nothing from the sight of later runs")
    func brokenBeside() async throws {
        let archived = try ArchivedLake(seed: 19)
        let lake = archived.lake
        let table = try await lake.open(checkpointEvery: 2)
        try await lake.append(table, hour: 1)
        let broken = try await lake.append(table, partitions: [2], hour: 2)
        let key = try #require(broken.key(in: lake.name))
        let bytes = try await lake.inner.get(key, range: nil, bytesMax: 1 << 20).bytes
        _ = try await lake.inner.delete([key])
        lake.clock.advance(by: .seconds(40 * day))
        let tier = LifecycleRule(
            name: "cold", action: .tier(storageClass: "GLACIER_IR"), after: .seconds(day), bytesMax: broken.bytes * 9)
        #expect(try await archived.apply(table, rules: [tier]).count { $0.problem != nil } == 2)
        try await archived.apply(table)
        for _ in 0..<3 { try await lake.append(table, hour: 5) }
        lake.clock.advance(by: .seconds(60 * day))
        for _ in 0..<3 { try await lake.append(table, hour: 6) }
        try await archived.apply(table)
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        #expect(try await table.listedCommits().first?.version ?? 0 > 3, "the log has forgotten the move")
        _ = try await lake.inner.put(bytes, to: key)
        try await lake.erase(table, user: 1)
        let outcomes = try await archived.apply(table)
        #expect(outcomes.allSatisfy { $0.problem == nil }, "\(outcomes.compactMap(\.problem))")
        try await archived.check(lake.events)
    }

    @Test("objects that were moved together may expire and be erased from apart")
    func movedTogether() async throws {
        let archived = try ArchivedLake(seed: 15)
        let lake = archived.lake
        let table = try await lake.open()
        let kept = try await lake.append(table, partitions: [0], hour: 1)
        try await lake.append(table, partitions: [1], hour: 1, tags: ["short"])
        let everything = lake.events
        lake.clock.advance(by: .seconds(40 * day))
        let tier = LifecycleRule(name: "cold", action: .tier(storageClass: "GLACIER_IR"), after: .seconds(day))
        try await archived.apply(table, rules: [tier])
        let expire = LifecycleRule(name: "short", action: .expire, after: .seconds(day), tags: ["short"])
        try await archived.apply(table, rules: [expire])
        try await lake.erase(table, user: 2)
        let outcomes = try await archived.apply(table)
        #expect(outcomes.count == 2 && outcomes.allSatisfy { $0.problem == nil }, "\(outcomes.compactMap(\.problem))")
        let source = try #require(kept.offsets.first?.topicPartition)
        try await archived.check(everything.filter { $0.key.source != source || $0.key.offset % 5 != 2 })
    }

    @Test("late events of an hour are archived, however long ago the rest of it has expired")
    func late() async throws {
        let archived = try ArchivedLake(seed: 16)
        let lake = archived.lake
        let table = try await lake.open(checkpointEvery: 2)
        try await lake.append(table, hour: 1)
        lake.clock.advance(by: .seconds(40 * day))
        let expire = LifecycleRule(name: "keep", action: .expire, after: .seconds(day))
        try await archived.apply(table, rules: [expire])
        // The archive has followed up to here; then the log forgets.
        for _ in 0..<3 { try await lake.append(table, hour: 5) }
        try await archived.apply(table)
        lake.clock.advance(by: .seconds(60 * day))
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        #expect(try await table.listedCommits().first?.version ?? 0 > 2, "the log has forgotten the expiry")
        #expect(try await archived.apply(table).isEmpty)
        try await lake.append(table, hour: 1)
        let outcomes = try await archived.apply(table)
        #expect(outcomes.count == 1 && outcomes.allSatisfy { $0.problem == nil }, "\(outcomes.compactMap(\.problem))")
        try await archived.check(lake.events)
    }

    @Test("what has expired is erased from in the archive, which stays as it is then")
    func erasedThere() async throws {
        let archived = try ArchivedLake(seed: 17)
        let lake = archived.lake
        let table = try await lake.open()
        try await lake.append(table, hour: 1)
        lake.clock.advance(by: .seconds(40 * day))
        let expire = LifecycleRule(name: "keep", action: .expire, after: .seconds(day))
        try await archived.apply(table, rules: [expire])
        let copy = try await archived.target.openExisting(lake.name)
        #expect(try await lake.erase(copy, user: 3).events > 0)
        try await archived.check(lake.events)
        for hour in [2, 1] {
            try await lake.append(table, hour: hour)
            let outcomes = try await archived.apply(table, rules: [expire])
            #expect(
                outcomes.count == 2 && outcomes.allSatisfy { $0.problem == nil }, "\(outcomes.compactMap(\.problem))")
            try await archived.check(lake.events)
        }
    }
}
