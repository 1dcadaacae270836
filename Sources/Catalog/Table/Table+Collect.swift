public import LakeModel
import Logging
public import ObjectStorage

/// What a collection did.
public struct CollectReport: Hashable, Sendable {
    /// Where the boundary stands now: log entries up to it are gone or going.
    public var boundary: Boundary
    public var entriesDeleted = 0
    public var checkpointsDeleted = 0
    public var manifestsDeleted = 0
    /// Keys that the store would not delete; the next collection tries them again.
    public var failures: [DeleteFailure] = []
}

extension Table {
    /// Deletes log entries up to `version`, and checkpoint files that nobody needs.
    ///
    /// In this order: a checkpoint at or above the boundary, the hint, the boundary, and only then deletions; so a
    /// crash at any step leaves a table that reads the same. The newest entry always stays. Time travel to versions
    /// below the boundary ends, but for those that still have a checkpoint.
    ///
    /// - `unusedSince`: checkpoints that a newer one had replaced before this time, by the store's clock, are deleted,
    ///   and so are manifests older than it that no checkpoint names any more. Readers that opened the table later than
    ///   this are never disturbed.
    @discardableResult
    public func collectLog(
        through version: Int64, unusedSince: Timestamp
    ) async throws(CatalogError) -> CollectReport {
        try await exclusively { table throws(CatalogError) in
            try await table.catchUp()
            // Entry `boundary + 1` must exist, so that no invented chain below it can join the log.
            let wanted = min(version, table.state.head.version - 1)
            guard wanted > 0 else { return CollectReport(boundary: try await table.reader.boundary()) }
            if table.state.base.head.version < wanted { _ = try await table.writeCheckpoint() }
            await table.pointHint(at: table.state.base.head.version)
            let boundary = try await table.reader.advanceBoundary(
                to: Boundary(version: wanted, checkpoint: table.state.base.head.version))
            var report = CollectReport(boundary: boundary)
            try await table.deleteEntries(&report)
            try await table.deleteCheckpoints(unusedSince: unusedSince, &report)
            return report
        }
    }

    private func deleteEntries(_ report: inout CollectReport) async throws(CatalogError) {
        let listed = try await listing(keys.logPrefix)
        let dead = listed.map(\.key).filter { key in
            keys.entryVersion(key).map { $0 <= report.boundary.version } ?? false
        }
        report.entriesDeleted = try await delete(dead, &report)
    }

    /// Lists first, then manifests: a list never names a manifest that is gone.
    private func deleteCheckpoints(
        unusedSince: Timestamp, _ report: inout CollectReport
    ) async throws(CatalogError) {
        let files = try await listing(keys.checkpointPrefix)
        let lists = files.compactMap { file in keys.checkpointVersion(file.key).map { (version: $0, file: file) } }
        // The newest checkpoint that is old enough serves all who opened the table since; older ones serve nobody.
        let old = lists.filter { $0.version <= report.boundary.checkpoint && $0.file.modifiedAt < unusedSince }
        guard let oldest = old.map(\.version).max() else { return }
        report.checkpointsDeleted = try await delete(
            lists.filter { $0.version < oldest }.map(\.file.key), &report)

        var named: Set<ObjectKey> = []
        for list in lists where list.version >= oldest {
            guard let checkpoint = try await manifests.checkpoint(list.version) else { continue }
            for manifest in checkpoint.manifests { named.insert(try keys.manifest(manifest.path)) }
        }
        let dead = files.filter { file in
            keys.checkpointVersion(file.key) == nil && file.modifiedAt < unusedSince && !named.contains(file.key)
        }
        report.manifestsDeleted = try await delete(dead.map(\.key), &report)
    }

    private func listing(_ prefix: String) async throws(CatalogError) -> [ListedObject] {
        do {
            return try await store.listAll(prefix: prefix)
        } catch {
            throw .store(error)
        }
    }

    private func delete(_ dead: [ObjectKey], _ report: inout CollectReport) async throws(CatalogError) -> Int {
        var deleted = 0
        for start in stride(from: 0, to: dead.count, by: 1000) {
            let batch = Array(dead[start..<min(start + 1000, dead.count)])
            do {
                let failures = try await store.delete(batch)
                report.failures += failures
                deleted += batch.count - failures.count
            } catch {
                throw .store(error)
            }
        }
        return deleted
    }
}

extension LogReader {
    /// Moves the boundary up to `wanted` with a conditional put, or leaves it where it is higher already.
    func advanceBoundary(to wanted: Boundary) async throws(CatalogError) -> Boundary {
        let key = try keys.boundary()
        for _ in 0..<max(1, options.reloadsMax) {
            let content: ObjectContent?
            do {
                content = try await store.getIfPresent(key, bytesMax: 1 << 20)
            } catch {
                throw .store(error)
            }
            let old = try boundary(in: content?.bytes)
            guard old.version < wanted.version else { return old }
            let next = Boundary(version: wanted.version, checkpoint: max(wanted.checkpoint, old.checkpoint))
            let body = try CatalogJSON.encode(next)
            do {
                _ = try await store.put(body, to: key, when: content.map { .matches($0.info.tag) } ?? .absent)
                return next
            } catch {
                guard error.kind == .conflict || error.mayHaveHappened else { throw .store(error) }
            }
        }
        throw .contention(attempts: options.reloadsMax)
    }
}
