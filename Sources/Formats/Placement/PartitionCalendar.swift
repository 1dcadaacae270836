import Foundation
public import LakeModel

/// Maps times to the hours (or days) of a table's time zone.
public struct PartitionCalendar: Sendable {
    /// A stretch of time whose events share a partition.
    public struct Window: Hashable, Sendable {
        public var hour: LakeHour
        /// Milliseconds since 1970: the first of the stretch, and the first behind it.
        public var start: Int64
        public var end: Int64
    }

    private let granularity: TableLayout.Granularity
    /// Nil for UTC.
    private let zone: TimeZone?

    private static let hourMilliseconds: Int64 = 3_600_000
    private static let dayMilliseconds: Int64 = 86_400_000

    /// Nil where the zone is unknown.
    public init?(_ layout: TableLayout) {
        granularity = layout.granularity
        if layout.zone == "UTC" || layout.zone == "Etc/UTC" {
            zone = nil
        } else {
            guard let known = TimeZone(identifier: layout.zone) else { return nil }
            zone = known
        }
    }

    /// The window that `time` (milliseconds since 1970) falls into.
    ///
    /// Where clocks are put back an hour happens twice and has two windows with one name; where a zone's offset changes
    /// within an hour, the window is cut there.
    public func window(containing time: Int64) -> Window {
        let time = min(max(time, EventTimeRule.range.lowerBound), EventTimeRule.range.upperBound)
        let unit = granularity == .hour ? Self.hourMilliseconds : Self.dayMilliseconds
        let offset = offset(at: time)
        let local = (time + offset).flooredDivision(by: unit) * unit
        let day = CalendarDay(daysSinceEpoch: Int32(local.flooredDivision(by: Self.dayMilliseconds)))
        let hourOfDay = local.flooredRemainder(by: Self.dayMilliseconds) / Self.hourMilliseconds
        let hour = LakeHour(date: day, hour: granularity == .hour ? UInt8(hourOfDay) : nil)
        var start = local - offset
        var end = start + unit
        if zone != nil {
            start = boundary(local, near: start, not: time, isStart: true)
            end = boundary(local + unit, near: end, not: time, isStart: false)
        }
        return Window(hour: hour, start: start, end: end)
    }

    /// When the hour (or day) is over for good: the end of its last window.
    public func end(of hour: LakeHour) -> Int64 {
        let unit = granularity == .hour ? Self.hourMilliseconds : Self.dayMilliseconds
        let local =
            Int64(hour.date.daysSinceEpoch) * Self.dayMilliseconds + Int64(hour.hour ?? 0) * Self.hourMilliseconds + unit
        // The smaller of the offsets around it makes the later instant.
        let offsets = [-Self.dayMilliseconds, 0, Self.dayMilliseconds / 24 * 3].map { offset(at: local + $0) }
        return local - (offsets.min() ?? 0)
    }

    /// The instant at which the local time `local` is reached, clipped to the change of offset next to `time`.
    private func boundary(_ local: Int64, near guess: Int64, not time: Int64, isStart: Bool) -> Int64 {
        let there = offset(at: isStart ? guess : guess - 1)
        let here = offset(at: time)
        if there == here { return guess }
        // The offset changes between `time` and the guess: find the change to the second.
        var low = min(guess, time) / 1000
        var high = max(guess, time) / 1000
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if offset(at: middle * 1000) == offset(at: low * 1000) { low = middle } else { high = middle }
        }
        if granularity == .hour { return high * 1000 }
        // A day goes on through a change of offset.
        return local - there
    }

    private func offset(at time: Int64) -> Int64 {
        guard let zone else { return 0 }
        return Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time) / 1000))) * 1000
    }
}
