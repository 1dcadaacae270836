public import LakeModel

/// Replays a log and says where it breaks a rule; shares no code with the writers, so that it can contradict them.
///
/// Pure: the caller fetches the commits. Starts at version 1, or at a snapshot where the log before it was collected.
/// Memory grows with the table's live objects and with the paths it ever removed.
public struct LogAuditor: Sendable {
    /// One rule broken at one place.
    public struct Violation: Hashable, Sendable, CustomStringConvertible {
        public var version: Int64
        public var rule: Rule
        /// One line for a person.
        public var message: String

        public var description: String { "version \(version): \(message) (\(rule.rawValue))" }
    }

    public enum Rule: String, Hashable, Sendable, CaseIterable {
        case order, parent, layout
        case offsetsGap = "offsets_gap"
        case offsetsRange = "offsets_range"
        case eventCount = "event_count"
        case outsideRange = "outside_range"
        case span, path, adopted
        case addedTwice = "added_twice"
        case removedNotLive = "removed_not_live"
        case removedTotals = "removed_totals"
        case rewriteCount = "rewrite_count"
        case watermark, closed, horizon
        case staleObject = "stale_object"
        case checkpoint
    }

    /// Violations kept; `violationCount` goes on counting.
    public static let violationsMax = 1000

    public private(set) var violations: [Violation] = []
    public private(set) var violationCount = 0
    /// The last version examined.
    public private(set) var version: Int64
    /// The live objects by path, as the log tells them.
    public private(set) var live: [String: DataObject] = [:]
    private var id: CommitID?
    private var progress: [TopicPartition: Progress] = [:]
    private var horizon: Timestamp?
    private var closedThrough: LakeHour?
    private var hasLayout: Bool
    private var gone: Set<String> = []

    /// Begins before version 1.
    public init() {
        version = 0
        hasLayout = false
    }

    /// Begins after a snapshot whose own history was collected.
    public init(after head: TableHead, objects: [DataObject]) {
        (version, id, progress) = (head.version, head.id, head.progress)
        (horizon, closedThrough, hasLayout) = (head.horizon, head.closedThrough, head.layout != nil)
        for object in objects {
            if live.updateValue(object, forKey: object.path) != nil {
                report(.addedTwice, "\(object.path) is listed twice")
            }
        }
    }

    /// Examines the next commit.
    public mutating func examine(_ commit: Commit) {
        let expected = version + 1
        version = commit.version
        if commit.version != expected { report(.order, "it comes where version \(expected) belongs") }
        if commit.parent != id {
            report(.parent, "its parent is \(text(commit.parent)), but the commit before it is \(text(id))")
        }
        hasLayout = hasLayout || commit.layout != nil
        if !hasLayout { report(.layout, "no commit has stated the table's layout yet") }
        examineOffsets(commit)
        examineRemovals(commit)
        examineAdditions(commit)
        examineRewrite(commit)
        examineHours(commit)
        id = commit.id
    }

    private func text(_ id: CommitID?) -> String { id?.description ?? "none" }

    private mutating func report(_ rule: Rule, _ message: String) {
        violationCount += 1
        guard violations.count < Self.violationsMax else { return }
        violations.append(Violation(version: version, rule: rule, message: message))
    }
}

extension LogAuditor {
    private mutating func examineOffsets(_ commit: Commit) {
        var counts: [TopicPartition: Int64] = [:]
        var ranges: [TopicPartition: OffsetRange] = [:]
        for range in commit.offsets {
            let source = range.topicPartition
            if ranges.updateValue(range, forKey: source) != nil {
                report(.offsetsRange, "it has two ranges for \(source)")
            }
            if range.from < 0 || range.to < range.from || range.events < 0 || range.events > range.to &- range.from {
                report(.offsetsRange, "\(range.events) events of \(source) do not fit \(range.from)–\(range.to)")
            }
            let known = progress[source]
            if let known, known.next != range.from {
                report(.offsetsGap, "\(source) goes on at \(range.from), but ended at \(known.next)")
            }
            if let before = known?.watermark, let after = range.watermark, after < before {
                report(.watermark, "the watermark of \(source) falls from \(before) to \(after)")
            }
            progress[source] = Progress(
                next: range.to, watermark: [known?.watermark, range.watermark].compactMap(\.self).max())
        }
        guard !commit.offsets.isEmpty || commit.kind == .append else { return }
        for object in commit.add {
            for span in object.offsets {
                counts[span.topicPartition, default: 0] &+= span.count
                guard let range = ranges[span.topicPartition] else {
                    report(
                        .outsideRange, "\(object.path) holds \(span.topicPartition), which this commit does not move")
                    continue
                }
                if span.first < range.from || span.last >= range.to {
                    report(
                        .outsideRange,
                        "\(object.path) holds \(span.topicPartition) \(span.first)–\(span.last), outside "
                            + "\(range.from)–\(range.to)")
                }
            }
        }
        for (source, range) in ranges.sorted(by: { $0.key < $1.key }) where counts[source, default: 0] != range.events {
            report(
                .eventCount,
                "it counts \(range.events) events of \(source), but its objects hold \(counts[source, default: 0])")
        }
    }

    private mutating func examineRemovals(_ commit: Commit) {
        var totals: [TableSide: SideTotals] = [:]
        for path in commit.remove {
            guard let object = live[path] else {
                report(.removedNotLive, "it removes \(path), which is not live")
                continue
            }
            _ = totals[object.side, default: SideTotals(side: object.side)].add(SideTotals(object))
        }
        let stated = Dictionary(commit.removed.map { ($0.side, $0) }, uniquingKeysWith: { first, _ in first })
        if stated != totals { report(.removedTotals, "what it says it removes is not what its paths hold") }
    }

    /// Objects that replace others hold what those held: all of it after a compaction, at most that after an erasure.
    private mutating func examineRewrite(_ commit: Commit) {
        defer {
            for path in commit.remove where live.removeValue(forKey: path) != nil { gone.insert(path) }
            for object in commit.add { live[object.path] = object }
        }
        guard commit.kind == .compact || commit.kind == .erase else { return }
        var balance: [TopicPartition: Int64] = [:]
        for path in commit.remove {
            for span in live[path]?.offsets ?? [] { balance[span.topicPartition, default: 0] &+= span.count }
        }
        for object in commit.add {
            for span in object.offsets { balance[span.topicPartition, default: 0] &-= span.count }
        }
        for (source, rest) in balance.sorted(by: { $0.key < $1.key }) {
            if rest < 0 { report(.rewriteCount, "it adds \(-rest) events of \(source) that it does not remove") }
            if rest > 0, commit.kind == .compact { report(.rewriteCount, "it loses \(rest) events of \(source)") }
        }
    }

    private mutating func examineAdditions(_ commit: Commit) {
        var seen: Set<String> = []
        for object in commit.add {
            if !seen.insert(object.path).inserted || live[object.path] != nil || gone.contains(object.path) {
                report(.addedTwice, "it adds \(object.path), which was added before")
            }
            if object.adopted != nil, commit.kind != .adopt || commit.format < 2 {
                report(.adopted, "\(object.path) is adopted by a \(commit.kind.rawValue) of format \(commit.format)")
            }
            if let horizon, object.uploadedAt < horizon, object.adopted == nil {
                report(.staleObject, "\(object.path) was uploaded at \(object.uploadedAt), before horizon \(horizon)")
            }
            let segments = object.path.split(separator: "/", omittingEmptySubsequences: false)
            let expected = "\(object.side.folder)/\(object.partition)".split(separator: "/")
            if segments.dropLast() != expected[...] || segments.last?.isEmpty ?? true || segments.contains("..") {
                report(.path, "\(object.path) is no path of side \(object.side.rawValue), \(object.partition)")
            }
            for span in object.offsets
            where span.last < span.first || span.count < 1
                || span.count &- 1 > span.last &- span.first
            {
                report(
                    .span,
                    "\(object.path) cannot hold \(span.count) events of \(span.topicPartition) in "
                        + "\(span.first)–\(span.last)")
            }
        }
    }

    private mutating func examineHours(_ commit: Commit) {
        for hour in commit.closed {
            if let closedThrough, hour <= closedThrough {
                report(.closed, "it declares hour \(hour) complete, after hour \(closedThrough)")
            }
            closedThrough = max(closedThrough ?? hour, hour)
        }
        guard let new = commit.horizon else { return }
        if commit.kind != .vacuum { report(.horizon, "a commit of kind \(commit.kind.rawValue) has a horizon") }
        if let old = horizon, new < old { report(.horizon, "the horizon falls from \(old) to \(new)") }
        horizon = max(horizon ?? new, new)
    }
}

extension LogAuditor {
    /// Compares a checkpoint of the version examined last with what the log tells.
    public mutating func compare(head: TableHead, objects: [DataObject]) {
        guard head.version == version else {
            report(.checkpoint, "the checkpoint is of version \(head.version)")
            return
        }
        if head.id != id { report(.checkpoint, "the checkpoint names commit \(text(head.id)), not \(text(id))") }
        if head.progress != progress { report(.checkpoint, "the checkpoint's offsets are not the log's") }
        if head.horizon != horizon { report(.checkpoint, "the checkpoint's horizon is not the log's") }
        if head.closedThrough != closedThrough { report(.checkpoint, "the checkpoint's hours are not the log's") }
        var totals: [TableSide: SideTotals] = [:]
        var listed: Set<String> = []
        for object in objects {
            if !listed.insert(object.path).inserted { report(.checkpoint, "it lists \(object.path) twice") }
            _ = totals[object.side, default: SideTotals(side: object.side)].add(SideTotals(object))
            guard let known = live[object.path] else {
                report(.checkpoint, "it lists \(object.path), which is not live")
                continue
            }
            if known != object { report(.checkpoint, "it lists \(object.path) otherwise than the log") }
        }
        for path in live.keys.sorted() where !listed.contains(path) {
            report(.checkpoint, "it lacks \(path), which is live")
        }
        for side in TableSide.allCases where head.total(of: side) != totals[side, default: SideTotals(side: side)] {
            report(.checkpoint, "its counts of side \(side.rawValue) are not those of its objects")
        }
    }
}
