import Foundation
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

    private let calendar: HourCalendar

    /// Throws `.invalid` where the layout's zone is unknown.
    public init(layout: TableLayout, graceMilliseconds: Int64) throws(CatalogError) {
        self.graceMilliseconds = max(0, graceMilliseconds)
        calendar = try HourCalendar(layout: layout)
    }

    /// The hours that `head` makes complete and that were not declared before, ascending: what a commit puts into
    /// `closed`. Starts at the first hour that holds events.
    ///
    /// - `idle`: topic partitions that are known to have nothing to say, to be left out by the caller's own rule.
    public func newlyComplete(
        _ head: TableHead, idle: Set<TopicPartition> = []
    ) -> [LakeHour] {
        guard let watermark = head.watermark(except: idle), let span = head.eventTime else { return [] }
        let limit = watermark.advanced(byMilliseconds: -graceMilliseconds)
        var cursor = span.min
        if let closed = head.closedThrough { cursor = max(cursor, calendar.end(of: closed)) }
        // A jump of years in event time would name a million hours.
        let earliest = limit.advanced(byMilliseconds: -Int64(Self.hoursMax) * calendar.stepMilliseconds)
        cursor = max(cursor, earliest)

        var complete: [LakeHour] = []
        for _ in 0..<(2 * Self.hoursMax) {
            let hour = calendar.hour(at: cursor)
            let end = calendar.end(of: hour, from: cursor)
            guard end <= limit, end > cursor else { break }
            if head.closedThrough.map({ hour > $0 }) ?? true, complete.last.map({ hour > $0 }) ?? true {
                complete.append(hour)
            }
            cursor = end
        }
        return complete.suffix(Self.hoursMax)
    }
}

/// What a commit needs to declare hours complete.
public struct ClosingRule: Hashable, Sendable {
    public var completeness: Completeness
    /// Topic partitions that have nothing to say, to be left out.
    public var idle: Set<TopicPartition>

    public init(_ completeness: Completeness, idle: Set<TopicPartition> = []) {
        (self.completeness, self.idle) = (completeness, idle)
    }
}

/// Hours and days of one time zone. Foundation knows the zones; everything else is whole numbers.
public struct HourCalendar: Hashable, Sendable {
    private let zone: TimeZone
    private let granularity: TableLayout.Granularity

    public init(layout: TableLayout) throws(CatalogError) {
        guard let zone = TimeZone(identifier: layout.zone) else {
            throw .invalid("unknown time zone \"\(layout.zone.prefix(60))\"; use an IANA name such as Europe/Berlin")
        }
        self.zone = zone
        granularity = layout.granularity
    }

    /// The length of an hour or a day where no clock is changed.
    var stepMilliseconds: Int64 { granularity == .hour ? 3_600_000 : 86_400_000 }

    /// The hour (or day) that a time falls into.
    public func hour(at time: Timestamp) -> LakeHour {
        let local = time.advanced(byMilliseconds: offset(at: time))
        guard granularity == .hour else { return LakeHour(date: local.day, hour: nil) }
        let inDay = local.milliseconds.flooredRemainder(by: 86_400_000)
        return LakeHour(date: local.day, hour: UInt8(clamping: inDay / 3_600_000))
    }

    /// The first instant after `time` that does not fall into `hour`, the hour of `time`. Where clocks are set back, an
    /// hour lasts longer: it ends when it ends for the last time.
    func end(of hour: LakeHour, from time: Timestamp) -> Timestamp {
        var time = time
        for _ in 0..<8 {
            let offset = offset(at: time)
            let inStep = time.advanced(byMilliseconds: offset).milliseconds.flooredRemainder(by: stepMilliseconds)
            let next = time.advanced(byMilliseconds: stepMilliseconds - inStep)
            time =
                self.offset(at: next.advanced(byMilliseconds: -1)) == offset ? next : change(after: time, before: next)
            guard self.hour(at: time) == hour else { return time }
        }
        return time
    }

    /// The first instant after an hour, found from its name: the instant from which no later time falls into it.
    public func end(of hour: LakeHour) -> Timestamp {
        let local = Int64(hour.date.daysSinceEpoch) * 86_400_000 + Int64(hour.hour ?? 0) * 3_600_000
        let before = Timestamp(milliseconds: local - 36 * 3_600_000)
        let (earlier, later) = (offset(at: before), offset(at: before.advanced(byMilliseconds: 72 * 3_600_000)))
        guard earlier != later else { return Timestamp(milliseconds: local + stepMilliseconds - earlier) }
        // A clock change is near: walk through the hours around it.
        var cursor = before
        for _ in 0..<90 where self.hour(at: cursor) <= hour {
            cursor = end(of: self.hour(at: cursor), from: cursor)
        }
        return cursor
    }

    /// The instant between two times at which the zone's offset changes.
    private func change(after start: Timestamp, before end: Timestamp) -> Timestamp {
        let offset = offset(at: start)
        var (low, high) = (start.milliseconds, end.milliseconds)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if self.offset(at: Timestamp(milliseconds: middle)) == offset { low = middle } else { high = middle }
        }
        return Timestamp(milliseconds: high)
    }

    private func offset(at time: Timestamp) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))) * 1000
    }
}
