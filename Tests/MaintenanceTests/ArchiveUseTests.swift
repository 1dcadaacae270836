import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

private let day: Int64 = 86_400

@Suite("what archives are for, and not for")
struct ArchiveUseTests {
    private func restorer(_ table: Table, _ lake: MaintenanceLake, saveEventsMax: Int = 7) -> Restorer {
        var restorer = Restorer(table: table, selection: RestoreSelection(), clock: lake.clock, request: "r")
        restorer.limits.stepBytesMax = 600
        restorer.limits.saveEventsMax = saveEventsMax
        return restorer
    }

    private func expected(_ lake: MaintenanceLake) -> [TopicPartition: [Int64]] {
        let events = lake.events.filter { $0.value.side == .main }.keys
        return Dictionary(grouping: events, by: \.source).mapValues { $0.map(\.offset).sorted() }
    }

    @Test("events go back to Kafka from an archive, though its log has no offsets")
    func restored() async throws {
        let archived = try ArchivedLake(seed: 31)
        let lake = archived.lake
        let table = try await lake.open()
        for hour in 0..<3 { for side in TableSide.allCases { try await lake.append(table, hour: hour, side: side) } }
        lake.clock.advance(by: .seconds(40 * day))
        let expire = LifecycleRule(name: "keep", action: .expire, after: .seconds(day))
        try await archived.apply(table, rules: [expire])
        let copy = try await archived.target.openExisting(lake.name)
        #expect(await copy.head().progress.isEmpty)
        #expect(try await restorer(copy, lake).plan().events == 36)
        let sink = ModelSink()
        #expect(try await restorer(copy, lake).run(into: sink).events == 36)
        #expect(sink.bySource == expected(lake))
    }

    @Test("a restore that goes on sends what the archive held when it began, whatever came since")
    func resumed() async throws {
        let archived = try ArchivedLake(seed: 32)
        let lake = archived.lake
        let table = try await lake.open()
        // The lower offsets are of the younger hour.
        try await lake.append(table, hour: 20)
        try await lake.append(table, hour: 1)
        let left = lake.events.filter { $0.key.offset >= 6 }.keys
        let old = LifecycleRule(name: "archive", action: .archive, after: .seconds(20 * 3600))
        try await archived.apply(table, archive: old)
        let copy = try await archived.target.openExisting(lake.name)
        let sink = ModelSink()
        sink.stepsLeft = 9
        // Nothing of the second topic partition is sent yet: what comes into the archive now has offsets before those.
        await #expect(throws: ModelSink.Killed.self) {
            _ = try await restorer(copy, lake, saveEventsMax: 5).run(into: sink)
        }
        #expect(sink.bySource == [lake.source(0): [6, 7, 8, 9, 10]])
        lake.clock.advance(by: .seconds(day))
        #expect(try await archived.apply(table, archive: old).count == 1)
        sink.stepsLeft = nil
        #expect(try await restorer(copy, lake).run(into: sink).wasResumed)
        #expect(
            sink.bySource == Dictionary(grouping: left, by: \.source).mapValues { $0.map(\.offset).sorted() })
    }

    @Test("an archive is known as one from its first run on, whatever that left open", arguments: [false, true])
    func known(broken: Bool) async throws {
        let archived = try ArchivedLake(seed: 33)
        let lake = archived.lake
        let table = try await lake.open()
        for _ in 0..<2 { try await lake.append(table, hour: 1) }
        lake.clock.advance(by: .seconds(40 * day))
        let archiver = try await archived.archiver(table)
        _ = try await archiver.forEachBatch { steps in _ = try await archiver.carryOut(steps, id: lake.id()) }
        #expect(try await !archiver.archive.isArchive(), "nobody has said so yet")
        if broken {
            // Its copy is one that the log does not tell of.
            try await lake.compact(table, seed: 33)
            for object in try await table.snapshot().objects(.everything) {
                _ = try await lake.inner.delete([try #require(object.key(in: lake.name))])
            }
        }
        let outcomes = try await archived.apply(table)
        #expect(outcomes.isEmpty != broken && outcomes.allSatisfy { $0.problem != nil })
        #expect(try await archiver.archive.isArchive())
        #expect(try await ArchiveMark.read(archiver.archive)?.version == (broken ? 0 : 2))
        #expect(try await !table.isArchive())
    }

    @Test("the copy of an archive is known as one too, from its beginning on, and follows what is settled")
    func copied() async throws {
        let archived = try ArchivedLake(seed: 35)
        let lake = archived.lake
        let table = try await lake.open()
        let second = Lake(store: MemoryObjectStore(clock: lake.clock), clock: lake.clock, logger: quiet)
        for round in 0..<2 {
            try await lake.append(table, hour: 1)
            lake.clock.advance(by: .seconds(40 * day))
            try await archived.apply(table)
            let archive = try await archived.target.openExisting(lake.name)
            _ = try await Replicator(table: archive, target: second, clock: lake.clock).run()
            let copy = try await second.openExisting(lake.name)
            #expect(try await copy.isArchive(), "round \(round)")
            #expect(try await ArchiveMark.read(copy) == ArchiveMark.read(archive), "round \(round)")
        }
        #expect(try await ArchiveMark.read(second.openExisting(lake.name))?.days != nil)
    }

    @Test("objects without offsets that have the same bytes are archived each, and expire only then")
    func twins() async throws {
        let archived = try ArchivedLake(seed: 34)
        let lake = archived.lake
        let table = try await lake.open()
        for _ in 0..<2 {
            var object = try await lake.put((0..<4).map { ModelEvent(source: lake.source(0), offset: $0) }, hour: 1)
            object.offsets = []
            let change = Change(kind: .adopt, layout: MaintenanceLake.layout, add: [object])
            try await table.commit(change, id: lake.id(), writer: MaintenanceLake.writer)
            // The second comes when the first has been archived.
            lake.clock.advance(by: .seconds(40 * day))
            try await archived.apply(table)
        }
        let expire = LifecycleRule(name: "keep", action: .expire, after: .seconds(day))
        let tier = LifecycleRule(name: "cold", action: .tier(storageClass: "GLACIER_IR"), after: .seconds(day))
        for rules in [[tier], [], [expire], []] {
            let outcomes = try await archived.apply(table, rules: rules)
            #expect(outcomes.allSatisfy { $0.problem == nil }, "\(outcomes.compactMap(\.problem))")
            let held = try await archived.target.openExisting(lake.name).snapshot().objects(.everything)
            #expect(held.count == 2 && held.reduce(0) { $0 + $1.records } == 8)
        }
        #expect(try await table.snapshot().objects(.everything).isEmpty)
    }
}
