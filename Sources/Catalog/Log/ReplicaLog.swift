import Foundation
public import LakeModel
public import ObjectStorage

/// Makes the log of a table in another store the same as here, file by file.
///
/// A copy has the same entries with the same ids, so it is the same table: it opens, verifies and can be written to
/// once the original is given up. Entries are put in order and only where none is, after the objects that they add; so
/// the copy is whole at every moment, at an earlier version. A copy that has a commit of its own is refused.
public struct ReplicaLog: Sendable {
    private let source: LogReader
    private let target: any ObjectStore

    init(source: LogReader, target: any ObjectStore) {
        (self.source, self.target) = (source, target)
    }

    /// Whether the original still has this entry.
    public func hasEntry(_ version: Int64) async throws(CatalogError) -> Bool {
        try await source.entry(version) != nil
    }

    /// Copies one entry and returns what it adds and removes; nil where the original does not have it any more.
    @discardableResult
    public func copyEntry(_ version: Int64) async throws(CatalogError) -> Commit? {
        guard let commit = try await source.entry(version) else { return nil }
        let key = try source.keys.entry(version)
        guard let bytes = try await source.bytes(of: key, bytesMax: source.options.entryBytesMax) else { return nil }
        do {
            _ = try await target.put(bytes, to: key, when: .absent)
        } catch  where error.kind == .conflict || error.mayHaveHappened {
            try await expect(bytes, at: key)
        } catch {
            throw .store(error)
        }
        return commit
    }

    /// Copies the files of the checkpoint that a snapshot stands on.
    public func copyCheckpoint(of snapshot: Snapshot) async throws(CatalogError) {
        guard snapshot.checkpointVersion > 0 else { return }
        for manifest in snapshot.manifests { try await copyFile(try source.keys.manifest(manifest.path)) }
        // The list last: where it is, its manifests are.
        try await copyFile(try source.keys.checkpointList(snapshot.checkpointVersion))
    }

    /// Tells readers of the copy where to begin: at a checkpoint that is there, with no entry needed up to `boundary`.
    ///
    /// A run that stood still while another went on moves nothing back.
    public func begin(atCheckpoint checkpoint: Int64, boundary version: Int64) async throws(CatalogError) {
        let copy = LogReader(store: target, keys: source.keys, options: source.options)
        _ = try await copy.advanceBoundary(to: Boundary(version: version, checkpoint: checkpoint))
    }

    /// Lets readers of the copy start from a checkpoint that is there.
    public func hint(atCheckpoint checkpoint: Int64) async throws(CatalogError) {
        try await put(try CatalogJSON.encode(LatestHint(checkpoint: checkpoint)), to: try source.keys.latest())
    }

    private func put(_ bytes: [UInt8], to key: ObjectKey) async throws(CatalogError) {
        do {
            _ = try await target.put(bytes, to: key)
        } catch {
            throw .store(error)
        }
    }

    /// Checkpoint files are never changed, so one that is there is the same.
    private func copyFile(_ key: ObjectKey) async throws(CatalogError) {
        guard let bytes = try await source.bytes(of: key, bytesMax: 1 << 30) else {
            throw .notFound("\(key) was collected meanwhile; run it again")
        }
        do {
            _ = try await target.put(bytes, to: key, when: .absent)
        } catch  where error.kind == .conflict {
            return
        } catch {
            throw .store(error)
        }
    }

    private func expect(_ bytes: [UInt8], at key: ObjectKey) async throws(CatalogError) {
        let found: ObjectContent?
        do {
            found = try await target.getIfPresent(key, bytesMax: source.options.entryBytesMax)
        } catch {
            throw .store(error)
        }
        guard let found else { throw .notFound("\(key) was not written; run it again") }
        guard found.bytes == bytes else {
            throw .invalid(
                "the copy has a commit of its own at \(key): it was written to, and cannot follow the original any more"
            )
        }
    }
}

extension Table {
    /// The log of this table, for copying it into another store.
    public nonisolated func replicaLog(in target: any ObjectStore) -> ReplicaLog {
        ReplicaLog(
            source: LogReader(store: store, keys: TableKeys(table: name), options: options), target: target)
    }
}
