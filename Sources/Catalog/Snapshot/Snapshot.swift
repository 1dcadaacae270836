public import LakeModel

/// A table's live objects as of one commit.
///
/// Objects are fetched when they are asked for, and only from the manifests that can hold them. Where the collector
/// removed a manifest meanwhile, a query throws `.notFound`: make a new snapshot.
public struct Snapshot: Sendable {
    public let table: TableName
    public let head: TableHead
    /// The manifests of the checkpoint that this snapshot stands on.
    public let manifests: [ManifestSummary]
    /// The version of that checkpoint; 0 where there is none.
    public let checkpointVersion: Int64
    let tail: TailDelta
    private let loader: ManifestLoader

    init(table: TableName, state: TableState, loader: ManifestLoader) {
        (self.table, self.loader, head) = (table, loader, state.head)
        (manifests, checkpointVersion) = (state.base.manifests, state.base.head.version)
        tail = TailDelta(state.tail)
    }

    public var version: Int64 { head.version }

    /// The objects that match, in order of partition and path.
    public func objects(_ query: ObjectQuery = ObjectQuery()) async throws(CatalogError) -> [DataObject] {
        var all: [DataObject] = []
        try await forEachBatch(query) { batch throws(CatalogError) in all += batch }
        all.sort { ($0.partition, $0.path) < ($1.partition, $1.path) }
        return all
    }

    /// Hands out the objects that match a manifest at a time, so that memory stays that of one manifest. Batches come
    /// in no useful order.
    public func forEachBatch(
        _ query: ObjectQuery = ObjectQuery(), _ body: ([DataObject]) throws(CatalogError) -> Void
    ) async throws(CatalogError) {
        try await forEachBatch(query, except: [], body)
    }

    private func forEachBatch(
        _ query: ObjectQuery, except skipped: Set<String>, _ body: ([DataObject]) throws(CatalogError) -> Void
    ) async throws(CatalogError) {
        for manifest in manifests where query.mayMatch(manifest) && !skipped.contains(manifest.path) {
            let objects = try await loader.objects(of: manifest).filter {
                query.matches($0) && !tail.removed.contains($0.path)
            }
            if !objects.isEmpty { try body(objects) }
        }
        let recent = tail.added.values.filter(query.matches)
        if !recent.isEmpty { try body(recent.sorted { ($0.partition, $0.path) < ($1.partition, $1.path) }) }
    }

    /// The matching objects that do not come from one of these manifests, by path.
    func ownObjects(_ query: ObjectQuery, _ skipped: Set<String>) async throws(CatalogError) -> [String: DataObject] {
        var own: [String: DataObject] = [:]
        try await forEachBatch(query, except: skipped) { batch throws(CatalogError) in
            for object in batch { own[object.path] = object }
        }
        return own
    }

    /// The live objects among `paths`, by path. Reads only the manifests of their partitions.
    public func objects(withPaths paths: Set<String>) async throws(CatalogError) -> [String: DataObject] {
        var found: [String: DataObject] = [:]
        var wanted: [PartitionPath: Set<String>] = [:]
        for path in paths {
            if let object = tail.added[path] {
                found[path] = object
            } else if !tail.removed.contains(path), let partition = ObjectRules.partition(ofPath: path) {
                wanted[partition, default: []].insert(path)
            }
        }
        let partitions = wanted.keys.sorted()
        for manifest in manifests {
            guard let first = partitions.first(where: { $0 >= manifest.first }), first <= manifest.last else {
                continue
            }
            for object in try await loader.objects(of: manifest) {
                guard let paths = wanted[object.partition], paths.contains(object.path) else { continue }
                found[object.path] = object
            }
        }
        return found
    }

    /// What one manifest lists, the objects removed since among them.
    func objects(of manifest: ManifestSummary) async throws(CatalogError) -> [DataObject] {
        try await loader.objects(of: manifest)
    }

    /// Whether a commit since the checkpoint removed this path.
    func wasRemovedLately(_ path: String) -> Bool { tail.gone.contains(path) }
}
