import Catalog
import LakeModel
import ObjectStorage
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
    @Test("the writer of every n-th version saves a checkpoint, and readers start there")
    func every() async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 8 }
        for index in 0..<20 { try await bench.append(table, hour: index) }
        #expect(try await bench.store.keys.filter { $0.hasSuffix("list.ndjson.zst") }.count == 2)
        bench.store.resetCalls()
        let reader = try await bench.open()
        #expect(await reader.head() == table.head())
        // The hint, the list, entries 17–20 and one miss at least, the boundary.
        #expect(bench.store.callCount <= 3 + 4 + 8)
        #expect(try await reader.snapshot().objects().count == 20)
        #expect(try await reader.snapshot().checkpointVersion == 16)
    }

    @Test("a manifest that did not change is named again, not written again")
    func reuse() async throws {
        let bench = try Bench()
        let table = try await bench.open {
            $0.checkpointEvery = 0
            $0.manifestEntriesMax = 10
        }
        for index in 0..<95 { try await bench.append(table, hour: index) }
        try await table.checkpoint()
        let before = try await table.snapshot().manifests
        #expect(before.count == 10)
        for index in 95..<98 { try await bench.append(table, hour: index) }
        bench.store.resetCalls()
        try await table.checkpoint()
        let after = try await table.snapshot().manifests
        #expect(before.prefix(9) == after.prefix(9))
        #expect(after.map(\.objects).reduce(0, +) == 98)
        // One manifest, the list, the hint.
        #expect(bench.store.calls[.put] == 3)
    }

    @Test("late objects wait in the overflow, are found there, and reach their leaf in the end")
    func overflow() async throws {
        let bench = try Bench()
        let table = try await bench.open {
            $0.checkpointEvery = 0
            $0.manifestEntriesMax = 64
        }
        for index in 0..<256 { try await bench.append(table, count: 1, hour: index) }
        try await table.checkpoint()
        try await bench.append(table, count: 1, hour: 3)
        try await bench.append(table, count: 1, hour: 100)
        try await table.checkpoint()
        var snapshot = try await table.snapshot()
        #expect(snapshot.manifests.filter(\.overflow).map(\.objects) == [2])
        let hour = LakeHour(bench.partition(hour: 3))
        #expect(try await snapshot.objects(ObjectQuery(hours: hour...hour)).count == 2)
        for index in 0..<40 { try await bench.append(table, count: 1, hour: index) }
        try await table.checkpoint()
        snapshot = try await table.snapshot()
        #expect(try await snapshot.objects().count == 298)
        #expect(Set(try await snapshot.objects().map(\.path)).count == 298)
        let leaves = snapshot.manifests.filter { !$0.overflow }
        #expect(zip(leaves, leaves.dropFirst()).allSatisfy { $0.last <= $1.first })
    }

    @Test("a query for a day reads the manifests of that day and no others")
    func pruning() async throws {
        let bench = try Bench()
        let table = try await bench.open {
            $0.checkpointEvery = 0
            $0.manifestEntriesMax = 24
            $0.manifestCacheEntriesMax = 0
        }
        for index in 0..<(24 * 30) { try await bench.append(table, count: 1, hour: index) }
        try await table.checkpoint()
        let snapshot = try await bench.open().snapshot()
        #expect(snapshot.manifests.count == 30)
        bench.store.resetCalls()
        let day = bench.partition(hour: 24 * 7).date
        #expect(try await snapshot.objects(.days(day, through: day)).count == 24)
        #expect(bench.store.calls == [.get: 1])
        bench.store.resetCalls()
        let offsets = ObjectQuery(topicPartition: orders0, offsets: 100..<101)
        #expect(try await snapshot.objects(offsets).map(\.offsets.first?.first) == [100])
        #expect(bench.store.calls == [.get: 1])
        bench.store.resetCalls()
        #expect(try await snapshot.objects(ObjectQuery(topicPartition: orders1)).isEmpty)
        #expect(bench.store.callCount == 0)
    }

    @Test("removals leave the manifests, and small neighbours are merged")
    func removals() async throws {
        let bench = try Bench()
        let table = try await bench.open {
            $0.checkpointEvery = 0
            $0.manifestEntriesMax = 16
        }
        for index in 0..<64 { try await bench.append(table, count: 1, hour: index) }
        try await table.checkpoint()
        let objects = try await table.snapshot().objects()
        let gone = objects.enumerated().filter { $0.offset % 8 != 0 }.map(\.element.path)
        try await table.commit(Change(kind: .lifecycle, remove: gone), id: bench.id(), writer: anyWriter)
        #expect(try await table.snapshot().objects().count == 8)
        try await table.checkpoint()
        let snapshot = try await bench.open().snapshot()
        #expect(try await snapshot.objects().map(\.path) == objects.map(\.path).filter { !gone.contains($0) })
        #expect(snapshot.manifests.count == 1)
        #expect(snapshot.head.total(of: .main).objects == 8)
    }

    @Test("a checkpoint that fails does not fail the commit, and a later commit writes it")
    func failing() async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 4 }
        bench.store.intercept { call, key in
            call == .put && key.description.contains("/checkpoint/") ? Fault.down(key) : nil
        }
        for _ in 0..<7 { try await bench.append(table) }
        #expect(try await !bench.store.keys.contains { $0.contains("/checkpoint/") })
        bench.store.intercept(nil)
        try await bench.append(table)
        #expect(try await bench.store.keys.contains { $0.hasSuffix("00000000000000000008/list.ndjson.zst") })
    }

    @Test("two writers that save the same version agree on one list")
    func race() async throws {
        let bench = try Bench()
        let first = try await bench.open { $0.checkpointEvery = 0 }
        for index in 0..<30 { try await bench.append(first, hour: index) }
        let second = try await bench.open {
            $0.checkpointEvery = 0
            $0.manifestEntriesMax = 7
        }
        try await first.checkpoint()
        try await bench.store.set("orders/_varve/latest.json", nil)
        try await second.checkpoint()
        #expect(try await first.snapshot().manifests == second.snapshot().manifests)
        #expect(try await second.snapshot().objects().count == 30)
    }

    @Test(
        "a hint that is missing, stale, wrong or unreadable costs requests and no truth",
        arguments: [
            nil, "{\"checkpoint\":8,\"format\":1}\n", "{\"checkpoint\":7,\"format\":1}\n",
            "{\"checkpoint\":99,\"format\":1}",
            "{\"checkpoint\":-5,\"format\":1}", "", "rubbish",
        ])
    func staleHint(hint: String?) async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 8 }
        for _ in 0..<20 { try await bench.append(table) }
        try await bench.store.set("orders/_varve/latest.json", hint.map { Array($0.utf8) })
        #expect(try await bench.open().head() == table.head())
    }

    @Test("damage to a checkpoint is reported with its place", arguments: ["list.ndjson.zst", "manifest-0001"])
    func damage(file: String) async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 4 }
        for _ in 0..<4 { try await bench.append(table) }
        let key = try #require(try await bench.store.keys.first { $0.contains(file) })
        let bytes = try #require(try await bench.store.bytes(key))
        for index in bytes.indices {
            var broken = bytes
            broken[index] ^= 0x20
            try await bench.store.set(key, broken)
            do {
                _ = try await bench.open().snapshot().objects()
                // zstd frames have a few bits that mean nothing; then the content must be whole.
            } catch CatalogError.corrupt(let place, _) {
                #expect(place.contains(file))
            } catch CatalogError.newerFormat {
            }
        }
        try await bench.store.set(key, Array(bytes.prefix(bytes.count / 2)))
        await #expect(throws: CatalogError.self) { try await bench.open().snapshot().objects() }
    }
}
