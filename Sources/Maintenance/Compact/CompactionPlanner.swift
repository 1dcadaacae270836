public import Catalog
import Formats
public import LakeModel

/// Decides what to merge: a pure function of objects, head, policy and time.
///
/// Objects come a stretch of whole partitions at a time, so that planning needs no more memory than that.
public struct CompactionPlanner: Sendable {
    public let policy: CompactionPolicy
    public let head: TableHead
    public let now: Timestamp
    /// What merges may take together: groups that have to be sorted are kept to it.
    public let memoryBytesMax: Int64
    public private(set) var groups: [CompactionGroup] = []

    public init(policy: CompactionPolicy, head: TableHead, now: Timestamp, memoryBytesMax: Int64 = .max) {
        (self.policy, self.head, self.now, self.memoryBytesMax) = (policy, head, now, memoryBytesMax)
    }

    /// What can be in one output: never two partitions, two sides, two formats, or different labels. The label `late`
    /// does not count: late events are merged with the others of their hour. Nor do those that say what was made of an
    /// object so far. Adopted objects go by themselves, as all of them are written anew, whatever their sizes.
    private struct Kind: Hashable, Comparable {
        var partition: PartitionPath
        var side: TableSide
        var format: DataFormat
        var schemaID: String?
        var tags: [String]
        var isAdopted: Bool

        init(_ object: DataObject) {
            (partition, side, format) = (object.partition, object.side, object.format)
            // Shredded objects are merged whatever their fields are: the output has those of all.
            schemaID = object.schemaID.map { String($0.prefix { $0 != ":" }) }
            tags = ObjectLabels(object.tags).ofContent.filter { $0 != "late" }
            isAdopted = object.adopted != nil
        }

        static func < (a: Kind, b: Kind) -> Bool { a.sortKey < b.sortKey }

        private var sortKey: (PartitionPath, String, String, String, String, Int) {
            let labels = tags.joined(separator: "\u{0}")
            return (partition, side.rawValue, format.rawValue, schemaID ?? "", labels, isAdopted ? 1 : 0)
        }
    }

    /// Plans the objects of some partitions; all live objects of a partition come in one call.
    public mutating func add(_ objects: [DataObject]) {
        for (partition, objects) in Dictionary(grouping: objects, by: \.partition).sorted(by: { $0.key < $1.key }) {
            guard policy.covers(LakeHour(partition)), isSettled(partition, objects) else { continue }
            let wanted = objects.filter { object in
                policy.sides.contains(object.side) && ObjectLabels(object.tags).isReadable
                    && !policy.holds.contains { $0.holds(object) }
            }
            for (kind, objects) in Dictionary(grouping: wanted, by: Kind.init).sorted(by: { $0.key < $1.key }) {
                plan(kind, objects)
            }
        }
    }

    /// Complete, or cold by the store's dates of its objects.
    private func isSettled(_ partition: PartitionPath, _ objects: [DataObject]) -> Bool {
        if head.isComplete(LakeHour(partition)) { return true }
        guard let newest = objects.map(\.uploadedAt).max() else { return false }
        return newest <= now.advanced(byMilliseconds: -policy.coldAfterMilliseconds)
    }

    private mutating func plan(_ kind: Kind, _ objects: [DataObject]) {
        let format = outputFormat(kind)
        let isConverted = format != kind.format || isShredded(kind) || kind.isAdopted
        let spec = RewriteSpec(inputs: objects, format: format)
        let ordered = spec.inputsInOrder
        if policy.keepsLastOfKey, kind.side != .deadLetter, kind.format != .value {
            // A key's events have to meet, so the whole partition is one group; once they have, it is done.
            let isDone = objects.allSatisfy { $0.tags.contains(ObjectLabels.lastOfKey) }
            if isConverted || !isDone { append(kind, ordered, format) }
            return
        }
        let candidates = ordered.filter { isConverted || $0.bytes < policy.smallBytesBelow }
        for bin in bins(candidates, format) {
            if isConverted { append(kind, bin, format) } else { appendIfWorthwhile(kind, bin) }
        }
    }

    /// Whether raw rows become shredded ones.
    private func isShredded(_ kind: Kind) -> Bool {
        policy.shreds == true && kind.format == .parquet && kind.schemaID == ParquetTableShape.rawID
            && kind.side != .deadLetter && !kind.tags.contains(ObjectLabels.unshredded)
    }

    private func outputFormat(_ kind: Kind) -> DataFormat {
        // Value lines lack what other formats need, and dead letters stay what tools expect of them.
        guard let format = policy.format, kind.format != .value, kind.side != .deadLetter else { return kind.format }
        return format
    }

    /// Neighbours by offset are packed together, so that outputs have narrow spans of offsets.
    private func bins(_ objects: [DataObject], _ format: DataFormat) -> [[DataObject]] {
        let none = MergeMemory.Load(format: objects.first?.format ?? format, outputFormat: format)
        let order = none.format == .value ? .input : policy.order
        // What is in order already is passed on as it is read.
        let total = RewriteSpec(inputs: objects, format: format, order: order).isInOrder ? .max : memoryBytesMax
        var bins: [[DataObject]] = []
        var (bin, load) = ([DataObject](), none)
        for object in objects {
            var more = load
            more.add(object)
            let isFull = more.bytes > policy.targetBytes || bin.count >= policy.inputsMax
            if !bin.isEmpty, isFull || !MergeMemory.fits(more, total: total) {
                bins.append(bin)
                (bin, more) = ([], none)
                more.add(object)
            }
            bin.append(object)
            load = more
        }
        return bin.isEmpty ? bins : bins + [bin]
    }

    /// Leaves the largest out as long as the others are too little to rewrite it for.
    private mutating func appendIfWorthwhile(_ kind: Kind, _ bin: [DataObject]) {
        var bin = bin
        while bin.count >= max(2, policy.inputsMin) {
            let sum = bin.reduce(0) { $0 &+ $1.bytes }
            guard let largest = bin.indices.max(by: { bin[$0].bytes < bin[$1].bytes }) else { return }
            let (size, rest) = (bin[largest].bytes, sum &- bin[largest].bytes)
            if rest >= size.percent(policy.newPercent) { return append(kind, bin, kind.format) }
            bin.remove(at: largest)
        }
    }

    private mutating func append(_ kind: Kind, _ objects: [DataObject], _ format: DataFormat) {
        let spec = RewriteSpec(inputs: objects, format: format)
        let outputs = max(1, (spec.bytes &+ policy.targetBytes - 1) / max(1, policy.targetBytes))
        // A part of 8 MiB each, two for an upload, two for the commit.
        let puts = outputs &+ spec.bytes / (8 << 20) + 1
        groups.append(
            CompactionGroup(
                id: groups.count, side: kind.side, partition: kind.partition, format: kind.format, outputFormat: format,
                inputs: objects.map(\.path), bytes: spec.bytes, uncompressedBytes: spec.uncompressedBytes,
                records: spec.records, outputs: outputs,
                requests: RequestCount(
                    puts: puts, gets: objects.reduce(1) { $0 &+ max(1, ($1.bytes &+ (8 << 20) - 1) / (8 << 20)) })))
    }
}

extension MergeMemory.Load {
    fileprivate mutating func add(_ object: DataObject) {
        bytes &+= object.bytes
        uncompressedBytes &+= object.uncompressedBytes
        records &+= object.records
    }
}

extension CompactionPlan {
    /// Plans a whole table, a stretch of hours at a time.
    ///
    /// - `memoryBytesMax`: what the merges may take together where they are done.
    public static func make(
        _ snapshot: Snapshot, policy: CompactionPolicy, now: Timestamp, memoryBytesMax: Int64 = .max
    ) async throws(CatalogError) -> CompactionPlan {
        var planner = CompactionPlanner(
            policy: policy, head: snapshot.head, now: now, memoryBytesMax: memoryBytesMax)
        for window in VerifyWindows.plan(snapshot.manifests) {
            if let first = policy.firstHour, window.upperBound.lastHour < first { continue }
            if let last = policy.lastHour, window.lowerBound > last { continue }
            let query = ObjectQuery(sides: Set(TableSide.allCases), hours: window)
            planner.add(try await snapshot.objects(query))
        }
        return CompactionPlan(
            table: snapshot.table, version: snapshot.version, at: now, policy: policy, groups: planner.groups)
    }
}
