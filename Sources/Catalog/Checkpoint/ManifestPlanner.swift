import LakeModel

/// Decides which manifests a new checkpoint keeps, which it rewrites, and what goes into new ones. Pure.
///
/// Manifests are of two sorts. *Leaves* are disjoint runs in order of partition, so that a query for a day reads a few.
/// One *overflow* gathers objects that belong into older leaves (late data, compaction of an old hour): a leaf is
/// rewritten only when enough of them wait for it, or when the overflow is full. The newest leaf takes what is new. So
/// a checkpoint costs about what changed since the last one, and a query reads the leaves it needs and the overflow.
struct ManifestPlanner {
    let entriesMax: Int

    /// What to do with the base's leaves, in order, and with the overflow.
    struct Plan: Equatable {
        /// Index of a leaf → the added objects that go into it.
        var additions: [Int: [DataObject]] = [:]
        /// Leaves that lose objects or take some, to be read and written anew; the others are kept by path.
        var rewritten: Set<Int> = []
        /// Objects newer than every leaf.
        var appended: [DataObject] = []
        /// Objects that wait.
        var overflow: [DataObject] = []
    }

    /// A leaf takes waiting objects as soon as they are this share of it: rewriting then costs at most 16 for 1.
    private static let shareMin = 16

    /// - `leaves`: the base's leaves in order.
    /// - `added`: new objects and those of the old overflow, removed ones taken out.
    /// - `removedFrom`: partitions of the paths that leave the leaves.
    func plan(leaves: [ManifestSummary], added: [DataObject], removedFrom: Set<PartitionPath>) -> Plan {
        var plan = Plan()
        let removed = removedFrom.sorted()
        for (index, leaf) in leaves.enumerated() {
            if let first = removed.first(where: { $0 >= leaf.first }), first <= leaf.last {
                plan.rewritten.insert(index)
            }
        }
        var waiting: [Int: [DataObject]] = [:]
        for object in added {
            guard let index = place(object.partition, in: leaves) else {
                plan.appended.append(object)
                continue
            }
            waiting[index, default: []].append(object)
        }
        let isFull = waiting.values.reduce(0) { $0 + $1.count } > entriesMax / 2
        for (index, objects) in waiting {
            let isNewest = index == leaves.count - 1
            let isMany = objects.count * Self.shareMin >= Int(leaves[index].objects)
            if isNewest || isMany || isFull || plan.rewritten.contains(index) {
                plan.rewritten.insert(index)
                plan.additions[index] = objects
            } else {
                plan.overflow += objects
            }
        }
        if !plan.appended.isEmpty, let last = leaves.indices.last, Int(leaves[last].objects) < entriesMax {
            plan.rewritten.insert(last)
            plan.additions[last, default: []] += plan.appended
            plan.appended = []
        }
        mergeSmallNeighbours(of: leaves, &plan)
        return plan
    }

    /// The leaf that a partition belongs into: the last that begins at it or before; the first leaf for anything
    /// older. Nil where it is newer than every leaf.
    private func place(_ partition: PartitionPath, in leaves: [ManifestSummary]) -> Int? {
        guard let newest = leaves.last, partition <= newest.last else { return nil }
        return leaves.lastIndex { $0.first <= partition } ?? 0
    }

    /// Leaves that shrink would pile up: a rewritten one that is small takes its small neighbour with it.
    private func mergeSmallNeighbours(of leaves: [ManifestSummary], _ plan: inout Plan) {
        for index in leaves.indices.dropLast() where leaves[index].objects < entriesMax / 4 {
            guard leaves[index + 1].objects < entriesMax / 4 else { continue }
            if plan.rewritten.contains(index) || plan.rewritten.contains(index + 1) {
                plan.rewritten.formUnion([index, index + 1])
            }
        }
    }

    /// Cuts a sorted run into manifests of at most `entriesMax` objects. The newest leaf is cut to full ones, as it
    /// goes on growing at its end; others are cut evenly, so that each has room. Where it can, a cut falls between two
    /// partitions.
    func cut(_ objects: [DataObject], evenly: Bool) -> [ArraySlice<DataObject>] {
        var pieces: [ArraySlice<DataObject>] = []
        var start = 0
        while start < objects.count {
            let left = objects.count - start
            let count = (left + entriesMax - 1) / entriesMax
            var end = start + (evenly ? (left + count - 1) / count : min(left, entriesMax))
            if end < objects.count {
                let floor = start + (end - start) / 2
                var back = end
                while back > floor, objects[back].partition == objects[back - 1].partition { back -= 1 }
                if back > floor { end = back }
            }
            pieces.append(objects[start..<end])
            start = end
        }
        return pieces
    }
}

extension ManifestSummary {
    /// Topic partitions beyond which a manifest states no offsets, so that lists stay small.
    static let offsetBoundsMax = 32

    /// Sums up a run of objects in order of partition; nil where there is none.
    init?(of objects: ArraySlice<DataObject>, path: String, checksum: String, overflow: Bool) {
        guard let first = objects.first?.partition, let last = objects.last?.partition else { return nil }
        (self.path, self.checksum, self.overflow) = (path, checksum, overflow)
        (self.first, self.last) = (first, last)
        sides = TableSide.allCases.filter { side in objects.contains { $0.side == side } }
        var total = SideTotals(side: .main)
        var bounds: [TopicPartition: OffsetBounds] = [:]
        var (least, greatest) = (Timestamp?.none, Timestamp?.none)
        untimed = false
        for object in objects {
            _ = total.add(SideTotals(object))
            untimed = untimed || object.eventTime == nil
            if let span = object.eventTime {
                (least, greatest) = (min(least ?? span.min, span.min), max(greatest ?? span.max, span.max))
            }
            guard bounds.count <= Self.offsetBoundsMax else { continue }
            for span in object.offsets {
                let known = bounds[span.topicPartition]
                bounds[span.topicPartition] = OffsetBounds(
                    topic: span.topic, partition: span.partition, first: min(known?.first ?? span.first, span.first),
                    last: max(known?.last ?? span.last, span.last))
            }
        }
        (self.objects, bytes, records) = (total.objects, total.bytes, total.records)
        eventTime = least.flatMap { least in greatest.map { TimeSpan(min: least, max: $0) } }
        offsets =
            bounds.count > Self.offsetBoundsMax
            ? nil : bounds.values.sorted { $0.topicPartition < $1.topicPartition }
    }
}
