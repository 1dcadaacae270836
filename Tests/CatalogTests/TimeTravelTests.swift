import Catalog
import LakeModel
import Testing

@Suite("Time travel")
struct TimeTravelTests {
    @Test("every version reads as it was, with and without checkpoints", arguments: [0, 8])
    func versions(checkpointEvery: Int64) async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = checkpointEvery }
        for index in 0..<30 { try await bench.append(table, hour: index) }
        let reader = try await bench.open()
        for version in Int64(1)...30 {
            let snapshot = try await reader.snapshot(at: .version(version))
            #expect(snapshot.version == version)
            #expect(try await snapshot.objects().count == Int(version))
            #expect(snapshot.head.next(of: orders0) == version * 10)
        }
        for version: Int64 in [0, -1, 31, .max] {
            await #expect(throws: CatalogError.self) { try await reader.snapshot(at: .version(version)) }
        }
    }

    @Test("a time means the last version whose commits are not later, even where clocks went back")
    func times() async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 5 }
        for index in 0..<20 {
            try await bench.append(table)
            bench.clock.advance(milliseconds: index == 10 ? -5000 : 1000)
        }
        let reader = try await bench.open()
        let start = bench.clock.start
        func version(_ milliseconds: Int64) async throws -> Int64 {
            try await reader.snapshot(at: .time(start.advanced(byMilliseconds: milliseconds))).version
        }
        #expect(try await version(0) == 1)
        #expect(try await version(999) == 1)
        #expect(try await version(9000) == 10)
        // Commits 12 to 17 say 5 to 10 s, but came after commit 11 of 10 s.
        #expect(try await version(10_000) == 17)
        #expect(try await version(11_000) == 18)
        #expect(try await version(1_000_000) == 20)
        await #expect(throws: CatalogError.self) { try await version(-1) }
    }

    @Test("versions below the boundary are gone unless a checkpoint was kept, and the error says where the log begins")
    func collected() async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 8 }
        for index in 0..<30 { try await bench.append(table, hour: index) }
        let longAgo = bench.store.now.advanced(byMilliseconds: -1)
        try await table.collectLog(through: 20, unusedSince: longAgo)
        let reader = try await bench.open()
        #expect(try await reader.snapshot(at: .version(8)).objects().count == 8)
        #expect(try await reader.snapshot(at: .version(16)).objects().count == 16)
        #expect(try await reader.snapshot(at: .version(27)).objects().count == 27)
        for version: Int64 in [1, 7, 9, 17, 20, 21] {
            let refusal = await refusal { try await reader.snapshot(at: .version(version)) }
            guard case .notFound(let text) = refusal else {
                Issue.record("version \(version): \(String(describing: refusal))")
                continue
            }
            #expect(text.contains("version 21"))
        }
        #expect(try await reader.commits(1...30).map(\.version) == Array(21...30))
    }

    @Test("a diff names what came and went, whether or not checkpoints lie between")
    func diff() async throws {
        let bench = try Bench()
        let table = try await bench.open {
            $0.checkpointEvery = 4
            $0.manifestEntriesMax = 4
        }
        for index in 0..<18 { try await bench.append(table, hour: index) }
        let before = try await table.snapshot()
        let all = try await before.objects()
        let gone = [all[1].path, all[9].path, all[17].path]
        try await table.commit(Change(kind: .lifecycle, remove: gone), id: bench.id(), writer: anyWriter)
        for index in 18..<23 { try await bench.append(table, hour: index) }
        let after = try await table.snapshot()
        let diff = try await before.diff(to: after)
        #expect(diff.removed.map(\.path) == gone)
        #expect(diff.added.count == 5)
        #expect(diff.offsets.map(\.to) == [230])
        let back = try await after.diff(to: before)
        #expect(back.added == diff.removed)
        #expect(back.removed == diff.added)
        #expect(try await after.diff(to: after).added.isEmpty)
    }

    @Test("partitions are summed up per side")
    func rollups() async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 2 }
        for index in 0..<9 { try await bench.append(table, hour: index / 3) }
        let rollups = try await table.snapshot().partitions()
        #expect(rollups.map(\.totals.objects) == [3, 3, 3])
        #expect(rollups.map(\.totals.records) == [30, 30, 30])
        #expect(rollups.map(\.partition) == (0..<3).map { bench.partition(hour: $0) })
    }
}
