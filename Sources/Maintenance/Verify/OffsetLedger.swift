public import Catalog
public import LakeModel

/// Adds up which offsets the live objects of a table hold, and finds those that cannot be right.
///
/// A pure rule over what the catalog says: events of one topic partition are spread over objects whose offset spans may
/// interleave, so that a doubled event shows only where a run of overlapping spans counts more events than it has
/// offsets. `OffsetBitmap` finds every double, at the price of reading the objects.
public struct OffsetLedger: Sendable {
    private struct Span: Sendable {
        var first: Int64
        var last: Int64
        var count: Int64
    }

    private var spans: [TopicPartition: [Span]] = [:]
    /// Of every object, those beyond `spansMax` too.
    private var counts: [TopicPartition: Int64] = [:]
    private var count = 0
    /// 24 bytes each; what comes beyond them is not looked at for overlaps, and `findings` says so.
    public let spansMax: Int

    public init(spansMax: Int = 40_000_000) {
        self.spansMax = spansMax
    }

    public mutating func add(_ object: DataObject) {
        for span in object.offsets {
            count += 1
            counts[span.topicPartition, default: 0] &+= span.count
            guard count <= spansMax else { continue }
            spans[span.topicPartition, default: []].append(
                Span(first: span.first, last: span.last, count: span.count))
        }
    }

    private var isComplete: Bool { count <= spansMax }

    /// Events that the live objects hold of each topic partition.
    public var events: [TopicPartition: Int64] { counts }

    /// Runs of overlapping spans that count more events than they have offsets, and spans beyond the next offset; and
    /// that not all were looked at, where that is so.
    public func findings(next: [TopicPartition: Int64], in table: TableName) -> [VerifyFinding] {
        let found = spans.sorted { $0.key < $1.key }.flatMap { source, spans in
            Self.findings(source, spans.sorted { ($0.first, $0.last) < ($1.first, $1.last) }, next: next[source])
        }
        guard !isComplete else { return found }
        let unseen = VerifyFinding(
            .unchecked, table.description,
            "overlaps were looked for in \(spansMax) of \(count) offset spans: the rest is more than memory may hold")
        return found + [unseen]
    }

    private static func findings(_ source: TopicPartition, _ spans: [Span], next: Int64?) -> [VerifyFinding] {
        var findings: [VerifyFinding] = []
        var run: Span?
        func close() {
            guard let run, run.count - 1 > run.last - run.first else { return }
            findings.append(
                VerifyFinding(
                    .overlap, source.description,
                    "offsets \(run.first) to \(run.last) are counted \(run.count) times by objects that overlap"))
        }
        for span in spans {
            // Objects that were adopted may hold what the table has never read itself.
            if let next, span.last >= next {
                findings.append(
                    VerifyFinding(
                        .overlap, source.description,
                        "an object holds offset \(span.last), but the catalog continues at \(next)"))
            }
            if let open = run, span.first <= open.last {
                run = Span(first: open.first, last: max(open.last, span.last), count: open.count &+ span.count)
            } else {
                close()
                run = span
            }
        }
        close()
        return findings
    }
}
