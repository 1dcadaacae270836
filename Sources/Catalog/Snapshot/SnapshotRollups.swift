public import LakeModel

/// One partition's live objects, summed up.
public struct PartitionRollup: Hashable, Sendable {
    public var partition: PartitionPath
    public var totals: SideTotals
    public var eventTime: TimeSpan?
    /// When its newest object was uploaded, by the store's clock.
    public var newestUpload: Timestamp
    public var isComplete: Bool
}

/// What changed between two snapshots of one table.
public struct SnapshotDiff: Hashable, Sendable {
    /// In order of partition and path.
    public var added: [DataObject]
    public var removed: [DataObject]
    /// Topic partitions whose next offset differs; `from` is nil where it was unknown.
    public var offsets: [OffsetMove]

    public struct OffsetMove: Hashable, Sendable {
        public var topicPartition: TopicPartition
        public var from: Int64?
        public var to: Int64?
    }
}

extension Snapshot {
    /// Sums per partition (each of a side), in order of partition.
    public func partitions(_ query: ObjectQuery = ObjectQuery()) async throws(CatalogError) -> [PartitionRollup] {
        struct Key: Hashable {
            var partition: PartitionPath
            var side: TableSide
        }
        var rollups: [Key: PartitionRollup] = [:]
        try await forEachBatch(query) { batch throws(CatalogError) in
            for object in batch {
                let key = Key(partition: object.partition, side: object.side)
                var rollup =
                    rollups[key]
                    ?? PartitionRollup(
                        partition: object.partition, totals: SideTotals(side: object.side), eventTime: nil,
                        newestUpload: object.uploadedAt, isComplete: head.isComplete(LakeHour(object.partition)))
                _ = rollup.totals.add(SideTotals(object))
                rollup.newestUpload = max(rollup.newestUpload, object.uploadedAt)
                if let span = object.eventTime {
                    let known = rollup.eventTime ?? span
                    rollup.eventTime = TimeSpan(min: min(known.min, span.min), max: max(known.max, span.max))
                }
                rollups[key] = rollup
            }
        }
        return rollups.values.sorted {
            ($0.partition, $0.totals.side.rawValue) < ($1.partition, $1.totals.side.rawValue)
        }
    }

    /// What came and went from this snapshot to `other`. Manifests that both name are not read.
    public func diff(
        to other: Snapshot, _ query: ObjectQuery = .everything
    ) async throws(CatalogError) -> SnapshotDiff {
        let shared = Set(manifests.map(\.path)).intersection(other.manifests.map(\.path))
        let (mine, theirs) = (try await ownObjects(query, shared), try await other.ownObjects(query, shared))
        // What one side's tail takes out of a shared manifest is a difference too.
        let hidden = tail.removed.symmetricDifference(other.tail.removed)
        let before = try await objects(withPaths: hidden).filter { query.matches($0.value) }
        let after = try await other.objects(withPaths: hidden).filter { query.matches($0.value) }
        let old = mine.merging(before) { first, _ in first }
        let new = theirs.merging(after) { first, _ in first }
        return SnapshotDiff(
            added: sorted(new.filter { old[$0.key] == nil }.values),
            removed: sorted(old.filter { new[$0.key] == nil }.values), offsets: offsetMoves(to: other.head))
    }

    private func sorted(_ objects: some Sequence<DataObject>) -> [DataObject] {
        objects.sorted { ($0.partition, $0.path) < ($1.partition, $1.path) }
    }

    private func offsetMoves(to other: TableHead) -> [SnapshotDiff.OffsetMove] {
        Set(head.progress.keys).union(other.progress.keys).sorted().compactMap { source in
            let (from, to) = (head.next(of: source), other.next(of: source))
            return from == to ? nil : SnapshotDiff.OffsetMove(topicPartition: source, from: from, to: to)
        }
    }
}
