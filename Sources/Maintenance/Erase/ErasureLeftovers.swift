import Catalog
import LakeModel
public import ObjectStorage

/// What became of old bytes that were to be deleted.
public struct PurgeReport: Hashable, Sendable {
    /// Objects whose bytes are gone now.
    public var deleted: Int64 = 0
    public var failures: [DeleteFailure] = []
}

extension Eraser {
    /// Paths of objects that some erasure has replaced and whose bytes are still in the store, by the log as far as it
    /// reaches: vacuum waits for their grace, or their own run was killed before it deleted them.
    public func leftovers() async throws -> [String] {
        let newest = try await table.refresh().version
        var paths: Set<String> = []
        var next = max(1, try await table.listedCommits().first?.version ?? 1)
        while next <= newest {
            let last = min(newest, next + 255)
            for commit in try await table.commits(next...last) where commit.kind.removesErased {
                paths.formUnion(commit.remove)
            }
            next = last + 1
        }
        // Nothing lies at the path of an adopted file.
        return try await mapConcurrently(paths.sorted(), runningMax: askedAtOnceMax) {
            try await isThere($0) ? $0 : nil
        }
        .compactMap(\.self)
    }

    private func isThere(_ path: String) async throws -> Bool {
        guard let key = ObjectKey("\(table.name)/\(path)") else { return false }
        do throws(StoreError) {
            _ = try await table.store.head(key)
            return true
        } catch {
            guard error.kind == .notFound else { throw error }
            return false
        }
    }

    /// Deletes the bytes of objects that the erasure replaced, where they are not live: what vacuum would do after its
    /// grace. Readers of older snapshots miss them. Files that were adopted stay: `ErasureReport.filesLeft`.
    public func purge(_ objects: [ErasureReport.ErasedObject]) async throws -> PurgeReport {
        try await purge(objects.filter { $0.before.adopted == nil }.map(\.before.path))
    }

    /// The same by paths.
    public func purge(_ paths: [String]) async throws -> PurgeReport {
        let live = try await table.snapshot().objects(withPaths: Set(paths))
        let keys = paths.filter { live[$0] == nil }.compactMap { ObjectKey("\(table.name)/\($0)") }
        var report = PurgeReport()
        for start in stride(from: 0, to: keys.count, by: keysPerRequestMax) {
            let batch = Array(keys[start..<min(start + keysPerRequestMax, keys.count)])
            let failures = try await table.store.delete(batch)
            report.failures += failures
            report.deleted += Int64(batch.count - failures.count)
        }
        return report
    }
}
