import LakeModel
import ObjectStorage

/// The rules that a change must keep by itself and against a head; they take time in proportion to the change alone.
///
/// What they need the table's objects for (is a removed path live, is an added one new) is checked apart, in
/// `Table.resolveObjects`.
struct CommitRules {
    let change: Change
    let head: TableHead

    /// Throws the first rule that the change breaks whatever the head.
    static func checkShape(_ change: Change) throws(CatalogError) {
        let rules = CommitRules(change: change, head: TableHead())
        try rules.checkRanges()
        try rules.checkPaths()
        try rules.checkCounts()
        guard change.horizon == nil || change.kind == .vacuum else {
            throw .invalid("only a vacuum commit has a horizon, not \(change.kind.rawValue)")
        }
        guard zip(change.closed, change.closed.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .invalid("closed hours must ascend")
        }
    }

    /// Throws where the change does not fit the head; the head may have to be refreshed before one believes it.
    func checkAgainstHead() throws(CatalogError) {
        try checkOffsets()
        try checkHorizon()
        guard head.layout != nil || change.layout != nil else {
            throw .invalid("the first commit of a table must state its layout")
        }
        if let first = change.closed.first, let closed = head.closedThrough, first <= closed {
            throw .invalid("hour \(first) was declared complete before, by hour \(closed)")
        }
    }

    private func checkRanges() throws(CatalogError) {
        var seen: Set<TopicPartition> = []
        for range in change.offsets {
            let source = range.topicPartition
            guard seen.insert(source).inserted else { throw .invalid("two offset ranges for \(source) in one commit") }
            guard range.from >= 0, range.to >= range.from else {
                throw .invalid("the range of \(source) from \(range.from) to \(range.to) is not one")
            }
            guard (0...(range.to - range.from)).contains(range.events) else {
                throw .invalid("\(range.events) events of \(source) do not fit offsets \(range.from) to \(range.to)")
            }
        }
    }

    private func checkPaths() throws(CatalogError) {
        var seen: Set<String> = []
        for object in change.add {
            guard seen.insert(object.path).inserted else { throw .invalid("\(object.path) is added twice") }
            if let fault = ObjectRules.fault(of: object) { throw .invalid("\(object.path): \(fault)") }
            guard object.adopted == nil || change.kind == .adopt else {
                throw .invalid("\(object.path): a commit of kind \(change.kind.rawValue) adopts nothing")
            }
        }
        for path in change.remove {
            guard seen.insert(path).inserted else { throw .invalid("\(path) is named twice in one commit") }
        }
    }

    /// A commit that moves offsets accounts for every event: its objects hold exactly what its ranges count.
    private func checkCounts() throws(CatalogError) {
        guard !change.offsets.isEmpty || change.kind == .append else { return }
        var left: [TopicPartition: Int64] = [:]
        var ranges: [TopicPartition: OffsetRange] = [:]
        for range in change.offsets {
            left[range.topicPartition] = range.events
            ranges[range.topicPartition] = range
        }
        for object in change.add {
            guard !object.offsets.isEmpty else { throw .invalid("\(object.path) holds no offsets") }
            for span in object.offsets {
                guard let range = ranges[span.topicPartition], span.first >= range.from, span.last < range.to else {
                    throw .invalid(
                        "\(object.path) holds \(span.topicPartition) \(span.first)–\(span.last), "
                            + "which is outside this commit's ranges")
                }
                let (rest, overflow) = (left[span.topicPartition] ?? 0).subtractingReportingOverflow(span.count)
                guard !overflow else {
                    throw .invalid("the objects hold far too many events of \(span.topicPartition)")
                }
                left[span.topicPartition] = rest
            }
        }
        for (source, rest) in left.sorted(by: { $0.key < $1.key }) where rest != 0 {
            let difference = rest > 0 ? "too few" : "too many"
            throw .invalid("the objects hold \(rest.magnitude) events \(difference) of \(source)")
        }
    }

    private func checkOffsets() throws(CatalogError) {
        var moved: [MovedOffset] = []
        for range in change.offsets {
            guard let known = head.progress[range.topicPartition] else { continue }
            if known.next != range.from {
                moved.append(MovedOffset(topicPartition: range.topicPartition, from: range.from, next: known.next))
            }
        }
        guard moved.isEmpty else { throw .offsetsMoved(moved.sorted { $0.topicPartition < $1.topicPartition }) }
    }

    /// The change's ranges with watermarks that do not fall: that of an idle topic partition follows the wall clock of
    /// the writer that had it before, which may have been ahead.
    var offsets: [OffsetRange] {
        change.offsets.map { range in
            var range = range
            guard let after = range.watermark, let before = head.progress[range.topicPartition]?.watermark else {
                return range
            }
            range.watermark = max(before, after)
            return range
        }
    }

    private func checkHorizon() throws(CatalogError) {
        if let new = change.horizon, let old = head.horizon, new < old {
            throw .invalid("the horizon \(new) is before the table's, \(old)")
        }
        guard let horizon = head.horizon else { return }
        // Vacuum does not go where adopted files are.
        let stale = change.add.filter { $0.uploadedAt < horizon && $0.adopted == nil }.map(\.path)
        guard stale.isEmpty else { throw .staleObjects(horizon: horizon, paths: stale) }
    }
}

/// The rules that one data object keeps by itself.
enum ObjectRules {
    /// The first rule that the object breaks, in words; nil where it keeps all.
    static func fault(of object: DataObject) -> String? {
        let folder = "\(object.side.folder)/\(object.partition)/"
        guard object.path.hasPrefix(folder) else { return "its path does not lie in \(folder)" }
        let name = object.path.utf8.dropFirst(folder.utf8.count)
        guard !name.isEmpty, !name.contains(UInt8(ascii: "/")), object.path.utf8.count <= 900,
            !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8),
            !name.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { return "its name is not one" }
        guard object.bytes >= 0, object.uncompressedBytes >= 0, object.records >= 0 else { return "a size is negative" }
        if let span = object.eventTime {
            guard span.min <= span.max else { return "its event times run backwards" }
            guard isWritten(span.min), isWritten(span.max) else { return "its event times are beyond the calendar" }
        }
        var before: TopicPartition?
        for span in object.offsets {
            if let before, span.topicPartition <= before { return "its offsets are not in order of topic partition" }
            before = span.topicPartition
            guard span.first >= 0, span.last >= span.first, span.count >= 1, span.count - 1 <= span.last - span.first
            else {
                return "\(span.count) events do not fit offsets \(span.first)–\(span.last) of \(span.topicPartition)"
            }
        }
        if let adopted = object.adopted {
            guard object.format == .value, object.side == .main else { return "only lines of payloads are adopted" }
            guard ObjectKey(adopted.key) != nil else { return "its file's key is not one" }
        }
        guard zip(object.tags, object.tags.dropFirst()).allSatisfy({ $0 < $1 }) else {
            return "its tags are not sorted"
        }
        return nil
    }

    /// Whether RFC 3339 has a text for a time: its years have four digits. An entry with another would read as damaged.
    private static func isWritten(_ time: Timestamp) -> Bool {
        (0...9999).contains(time.day.components.year)
    }

    /// The partition that a data path lies in; nil where it is no data path.
    static func partition(ofPath path: some StringProtocol) -> PartitionPath? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count == 4 || segments.count == 5,
            TableSide.allCases.contains(where: { $0.folder == segments[0] }),
            let date = value(segments[1], "date=").flatMap({ CalendarDay($0) }),
            let shard = value(segments[segments.count - 2], "shard=").flatMap({ UInt16($0) })
        else { return nil }
        guard segments.count == 5 else { return PartitionPath(date: date, hour: nil, shard: shard) }
        guard let hour = value(segments[2], "hour=").flatMap({ UInt8($0) }), hour < 24 else { return nil }
        return PartitionPath(date: date, hour: hour, shard: shard)
    }

    private static func value<Text: StringProtocol>(_ segment: Text, _ name: String) -> Text.SubSequence? {
        segment.hasPrefix(name) ? segment.dropFirst(name.count) : nil
    }
}
