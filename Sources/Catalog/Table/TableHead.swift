public import LakeModel

/// How far one topic partition is in the lake.
public struct Progress: Hashable, Sendable {
    /// Every event below this offset is in the lake.
    public var next: Int64
    /// The highest event time seen below `next`; nil where no event had one.
    public var watermark: Timestamp?

    public init(next: Int64, watermark: Timestamp? = nil) {
        (self.next, self.watermark) = (next, watermark)
    }
}

/// All of a table but its objects: what a writer keeps, small whatever the table's size.
public struct TableHead: Hashable, Sendable {
    /// The highest format of a commit so far: a checkpoint is for those who can read all that it stands for.
    public var format = 1
    /// 0 where nothing was ever committed.
    public var version: Int64 = 0
    /// The commit of this version; nil for version 0.
    public var id: CommitID?
    /// The greatest commit time so far; never goes back, whatever the writers' clocks did.
    public var at: Timestamp?
    public var layout: TableLayout?
    public var progress: [TopicPartition: Progress] = [:]
    /// The vacuum horizon: an object uploaded before this and never committed is dead.
    public var horizon: Timestamp?
    /// The last hour declared complete; it and every hour before it are.
    public var closedThrough: LakeHour?
    /// Live objects per side; a side that never had one is absent.
    public var totals: [TableSide: SideTotals] = [:]
    /// Least and greatest event time ever added to the main side.
    public var eventTime: TimeSpan?

    public init() {}

    /// The next offset of a topic partition; nil where the catalog does not know it.
    public func next(of source: TopicPartition) -> Int64? { progress[source]?.next }

    /// The least watermark of the table's topic partitions but for `idle` ones; nil where one has none yet, or where
    /// none is left.
    public func watermark(except idle: Set<TopicPartition> = []) -> Timestamp? {
        var least: Timestamp?
        for (source, progress) in progress where !idle.contains(source) {
            guard let watermark = progress.watermark else { return nil }
            least = min(least ?? watermark, watermark)
        }
        return least
    }

    /// Whether the catalog has declared this hour complete; a day is with the last of its hours, and they with it.
    public func isComplete(_ hour: LakeHour) -> Bool {
        guard let closedThrough else { return false }
        return hour.lastHour <= closedThrough.lastHour
    }

    /// The counts of one side, zero where it never had an object.
    public func total(of side: TableSide) -> SideTotals { totals[side] ?? SideTotals(side: side) }
}

/// Why a commit cannot follow a head.
enum ChainBreak: Error, Hashable {
    case version(expected: Int64, found: Int64)
    case parent(expected: CommitID?, found: CommitID?)
    case offsets(TopicPartition, next: Int64, from: Int64)
    case backwards(TopicPartition, from: Int64, to: Int64)
    case totals(TableSide)

    var reason: String {
        switch self {
        case .version(let expected, let found): "it says version \(found) in the place of \(expected)"
        case .parent(let expected, let found):
            "its parent is \(found.map(\.description) ?? "none"), but the commit before it is "
                + "\(expected.map(\.description) ?? "none")"
        case .offsets(let source, let next, let from):
            "it takes \(source) from offset \(from), but the commits before it end at \(next)"
        case .backwards(let source, let from, let to):
            "its range of \(source) runs backwards, from \(from) to \(to)"
        case .totals(let side): "the counts of side \(side.rawValue) leave the range of 64 bits"
        }
    }
}

extension TableHead {
    /// Moves on by one commit, or throws and stays unchanged.
    mutating func apply(_ commit: Commit) throws(ChainBreak) {
        guard commit.version == version &+ 1 else {
            throw .version(expected: version &+ 1, found: commit.version)
        }
        guard commit.parent == id else { throw .parent(expected: id, found: commit.parent) }
        for range in commit.offsets {
            guard range.from >= 0, range.to >= range.from else {
                throw .backwards(range.topicPartition, from: range.from, to: range.to)
            }
            guard let known = progress[range.topicPartition], known.next != range.from else { continue }
            throw .offsets(range.topicPartition, next: known.next, from: range.from)
        }
        let totals = try totals(after: commit)
        (version, id, self.totals) = (commit.version, commit.id, totals)
        format = max(format, commit.format)
        at = max(at ?? commit.at, commit.at)
        layout = commit.layout ?? layout
        for range in commit.offsets {
            let watermark = [progress[range.topicPartition]?.watermark, range.watermark].compactMap(\.self).max()
            progress[range.topicPartition] = Progress(next: range.to, watermark: watermark)
        }
        horizon = [horizon, commit.horizon].compactMap(\.self).max()
        closedThrough = ([closedThrough] + commit.closed).compactMap(\.self).max()
        for object in commit.add where object.side == .main {
            guard let span = object.eventTime else { continue }
            eventTime = TimeSpan(
                min: min(eventTime?.min ?? span.min, span.min), max: max(eventTime?.max ?? span.max, span.max))
        }
    }

    private func totals(after commit: Commit) throws(ChainBreak) -> [TableSide: SideTotals] {
        var totals = totals
        for object in commit.add {
            var side = totals[object.side] ?? SideTotals(side: object.side)
            guard side.add(SideTotals(object)) else { throw .totals(object.side) }
            totals[object.side] = side
        }
        for gone in commit.removed {
            var side = totals[gone.side] ?? SideTotals(side: gone.side)
            guard side.subtract(gone) else { throw .totals(gone.side) }
            totals[gone.side] = side
        }
        return totals
    }
}

extension SideTotals {
    /// The counts of one object.
    public init(_ object: DataObject) {
        self.init(
            side: object.side, objects: 1, bytes: object.bytes, uncompressedBytes: object.uncompressedBytes,
            records: object.records)
    }

    /// The counts of `objects`, one entry for each side that has any, in the order of `TableSide.allCases`.
    public static func of(_ objects: some Sequence<DataObject>) -> [SideTotals] {
        var bySide: [TableSide: SideTotals] = [:]
        for object in objects {
            _ = bySide[object.side, default: SideTotals(side: object.side)].add(SideTotals(object))
        }
        return TableSide.allCases.compactMap { bySide[$0] }
    }

    /// Adds counts of the same side; false, with nothing changed, where a sum overflows.
    public mutating func add(_ other: SideTotals) -> Bool { combine(other) { $0.addingReportingOverflow($1) } }

    /// Subtracts counts of the same side; false, with nothing changed, where a difference overflows.
    public mutating func subtract(_ other: SideTotals) -> Bool {
        combine(other) { $0.subtractingReportingOverflow($1) }
    }

    private mutating func combine(
        _ other: SideTotals, _ operation: (Int64, Int64) -> (partialValue: Int64, overflow: Bool)
    ) -> Bool {
        let results = [
            operation(objects, other.objects), operation(bytes, other.bytes),
            operation(uncompressedBytes, other.uncompressedBytes), operation(records, other.records),
        ]
        guard !results.contains(where: \.overflow) else { return false }
        (objects, bytes) = (results[0].partialValue, results[1].partialValue)
        (uncompressedBytes, records) = (results[2].partialValue, results[3].partialValue)
        return true
    }
}
