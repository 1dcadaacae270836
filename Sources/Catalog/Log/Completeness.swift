public import LakeModel

/// When the hours of a table are complete: a pure rule over the head.
///
/// An hour is complete once every topic partition that is not idle has seen an event at or after the hour's end plus
/// the grace. Later events for it still arrive in the table, as late ones; the declaration says that they are late.
public struct Completeness: Hashable, Sendable {
    /// How long after its end an hour waits for stragglers, in milliseconds.
    public let graceMilliseconds: Int64
    /// Hours that one commit declares at most; beyond it only the newest are named, and the earlier ones are complete
    /// by being earlier.
    public static let hoursMax = 1024

    private let calendar: PartitionCalendar

    /// Throws `.invalid` where the layout's zone is unknown.
    public init(layout: TableLayout, graceMilliseconds: Int64) throws(CatalogError) {
        self.graceMilliseconds = max(0, graceMilliseconds)
        calendar = try .of(layout)
    }

    /// The hours that `head` makes complete and that were not declared before, ascending: what a commit puts into
    /// `closed`. Starts at the first hour that holds events.
    ///
    /// - `idle`: topic partitions that are known to have nothing to say, to be left out by the caller's own rule.
    public func newlyComplete(
        _ head: TableHead, idle: Set<TopicPartition> = []
    ) -> [LakeHour] {
        guard let watermark = head.watermark(except: idle), let span = head.eventTime else { return [] }
        let limit = watermark.advanced(byMilliseconds: -graceMilliseconds).milliseconds
        var cursor = span.min.milliseconds
        if let closed = head.closedThrough { cursor = max(cursor, calendar.end(of: closed)) }
        // A jump of years in event time would name a million hours.
        cursor = max(cursor, limit - Int64(Self.hoursMax) * calendar.length)

        var complete: [LakeHour] = []
        for _ in 0..<(2 * Self.hoursMax) {
            let window = calendar.window(containing: cursor)
            let (hour, end) = (window.hour, window.end)
            guard end <= limit, end > cursor else { break }
            if head.closedThrough.map({ hour > $0 }) ?? true, complete.last.map({ hour > $0 }) ?? true {
                complete.append(hour)
            }
            cursor = end
        }
        return complete.suffix(Self.hoursMax)
    }

    /// Whether an hour is over, grace included, at `end` that was not at `start`: watermarks in milliseconds since
    /// 1970, any number.
    public func isHourOver(at end: Int64, butNotAt start: Int64) -> Bool {
        let (limit, isBeforeAll) = end.subtractingReportingOverflow(graceMilliseconds)
        let (last, wasBeforeAll) = start.subtractingReportingOverflow(graceMilliseconds)
        guard !isBeforeAll else { return false }
        return wasBeforeAll || calendar.window(containing: last).end <= limit
    }
}

/// What a commit needs to declare hours complete.
public struct ClosingRule: Hashable, Sendable {
    public var completeness: Completeness
    /// Topic partitions that have nothing to say, to be left out, each with its next offset in the catalog: one that
    /// has moved on in the head that the commit lands on counts all the same.
    public var idle: [TopicPartition: Int64]

    public init(_ completeness: Completeness, idle: [TopicPartition: Int64] = [:]) {
        (self.completeness, self.idle) = (completeness, idle)
    }

    /// The hours that a commit declares complete which makes `head` of the head `before`.
    func newlyComplete(_ head: TableHead, after before: TableHead) -> [LakeHour] {
        let standing = idle.filter { before.progress[$0.key]?.next == $0.value }
        return completeness.newlyComplete(head, idle: Set(standing.keys))
    }
}

extension PartitionCalendar {
    /// The calendar of a layout; throws `.invalid` where its zone is unknown.
    public static func of(_ layout: TableLayout) throws(CatalogError) -> PartitionCalendar {
        guard let calendar = PartitionCalendar(layout) else {
            throw .invalid("unknown time zone \"\(layout.zone.prefix(60))\"; use an IANA name such as Europe/Berlin")
        }
        return calendar
    }
}
