import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

@Suite("adoption records in a copy")
struct AdoptionCopyTests {
    private func target(_ lake: MaintenanceLake) -> (store: FaultyStore, lake: Lake) {
        let store = FaultyStore(MemoryObjectStore(clock: lake.clock), seed: 1, clock: lake.clock)
        return (store, Lake(store: store, clock: lake.clock, logger: quiet))
    }

    private func adopt(_ lake: MaintenanceLake, _ table: Table, _ ranges: [Range<Int64>], hour: Int) async throws {
        try await lake.leaveConnectFiles(0, ranges, hour: hour)
        let report = try await lake.run(lake.importer(table, offsets: .fromNames), seed: UInt64(hour))
        #expect(report.adopted.count == ranges.count, "\(report.fault ?? "")")
    }

    @Test("a crash at any step leaves a copy that adopts no file twice", arguments: [2, 100])
    func crashes(checkpointEvery: Int64) async throws {
        var (steps, refusals) = (0, 0)
        while let refused = try await crash(afterCalls: steps, checkpointEvery: checkpointEvery) {
            steps += 1
            refusals += refused ? 1 : 0
        }
        #expect(steps > 5)
        // A copy that begins at a checkpoint has no log that could tell, until its three records are closed.
        #expect(refusals <= (checkpointEvery == 2 ? 3 : 0))
    }

    /// Whether the copy refused an import; nil where the replication was over before the crash came.
    private func crash(afterCalls step: Int, checkpointEvery: Int64) async throws -> Bool? {
        let lake = try MaintenanceLake(seed: 3)
        let table = try await lake.open(checkpointEvery: checkpointEvery)
        try await adopt(lake, table, [0..<10, 10..<20], hour: 5)
        let copy = target(lake)
        var replicator = Replicator(table: table, target: copy.lake, clock: lake.clock)
        replicator.parallelMax = 1
        if checkpointEvery > 2 { _ = try await replicator.run() }
        for hour in 6...7 {
            let first = Int64(hour) * 10 - 40
            try await adopt(lake, table, [first..<first + 10], hour: hour)
        }
        copy.store.setRules([FaultRule(.denied, calls: Set((step + 1)...10_000))])
        let wasCut = await (try? replicator.run()) == nil
        copy.store.setRules([])

        let opened = try await copy.lake.open(lake.name)
        var isRefused = false
        let next = await opened.head().next(of: lake.source(0))
        // Then no object of the table tells of its file any more.
        if await opened.head().version > 0 { try await lake.compact(opened) }
        do {
            try await lake.run(lake.importer(opened))
        } catch let error as MaintenanceError {
            #expect("\(error)".contains("was cut off"))
            isRefused = true
        }
        let lines = try await lake.payloadLines(opened)
        #expect(Set(lines).count == lines.count, "step=\(step): twice")
        // What lies behind the table's offsets is left to its writer.
        let files = try await copy.store.listAll(prefix: "topics/").count
        let expected = min(files * 10, next.map { Int($0) } ?? .max)
        #expect(isRefused || lines.count == expected, "step=\(step): \(expected) events, not \(lines.count)")
        return wasCut ? isRefused : nil
    }

    @Test("a round with nothing new lists the records, and reads none")
    func quietRounds() async throws {
        let lake = try MaintenanceLake(seed: 5)
        let table = try await lake.open()
        for hour in 5...7 { try await adopt(lake, table, [Int64(hour) * 10..<Int64(hour) * 10 + 10], hour: hour) }
        let copy = target(lake)
        let memory = ReplicationMemory()
        func reads() async throws -> Int {
            // Each that is counted waits for a moment.
            let rule = FaultRule(.latency(.milliseconds(1)), on: [.get], keyContains: "_varve/adopted/")
            for store in [lake.store, copy.store] { store.setRules([rule]) }
            let before = lake.store.journal.count + copy.store.journal.count
            var replicator = Replicator(table: table, target: copy.lake, clock: lake.clock)
            replicator.memory = memory
            _ = try await replicator.run()
            return lake.store.journal.count + copy.store.journal.count - before
        }
        #expect(try await reads() == 6, "each before its commit is there, and then")
        #expect(try await reads() == 0)
        try await lake.append(table, partitions: [1])
        #expect(try await reads() == 0)
        try await adopt(lake, table, [80..<90], hour: 8)
        #expect(try await reads() == 2)
        let opened = try await copy.lake.openExisting(lake.name)
        #expect(try await lake.run(lake.importer(opened)).adopted.isEmpty)
    }
}
