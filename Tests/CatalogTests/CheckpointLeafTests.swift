import Catalog
import LakeModel
import ObjectStorage
import Testing

@Suite("Leaves of a checkpoint")
struct CheckpointLeafTests {
    /// Found by more seeds of the random histories: the checkpoint took a leaf for unchanged because as many objects
    /// were carried into it as were removed from it, and so lost the carried and kept the removed.
    @Test("a leaf that takes over as many objects as it loses is written anew", arguments: 1...4)
    func carriedAsManyAsRemoved(lost: Int) async throws {
        let bench = try Bench()
        let table = try await bench.open {
            $0.checkpointEvery = 0
            $0.manifestEntriesMax = 8
        }
        for hour in 0..<16 { try await bench.append(table, hour: hour) }
        try await table.checkpoint()
        let objects = try await table.snapshot().objects().sorted { $0.path < $1.path }
        // The first leaf shrinks to `lost` objects and is carried into the second, which loses as many.
        let gone = objects.prefix(8 - lost) + objects.suffix(8).prefix(lost)
        try await table.commit(
            Change(kind: .lifecycle, remove: gone.map(\.path)), id: bench.id(), writer: anyWriter)
        let before = Set(try await table.snapshot().objects().map(\.path))
        try await table.checkpoint()
        let after = Set(try await bench.open().snapshot().objects().map(\.path))
        #expect(before == after)
        #expect(after == Set(objects.map(\.path)).subtracting(gone.map(\.path)))
    }

    /// Found by more seeds of the random histories: a 409 that means nothing but "not now" counted as "is there".
    @Test("a manifest that the store did not take fails the checkpoint, which a later one makes good")
    func conflictWithoutManifest() async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 0 }
        try await bench.append(table)
        bench.store.intercept { call, key in
            call == .put && key.description.contains("/manifest-") ? Fault.conflict(key) : nil
        }
        await #expect(throws: CatalogError.self) { try await table.checkpoint() }
        bench.store.intercept(nil)
        #expect(try await bench.open().snapshot().objects().count == 1)
        #expect(try await table.checkpoint() == 1)
        #expect(try await bench.open().snapshot().objects().count == 1)
    }
}
