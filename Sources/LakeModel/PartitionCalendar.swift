internal import Foundation

/// Maps times to the hours (or days) of a table's time zone.
///
/// UTC is plain arithmetic. For other zones time is cut into quarters of an hour: since 1972 every change of an offset,
/// anywhere, happened on such a boundary; before that the offset at the boundary holds for its whole quarter.
public struct PartitionCalendar: Hashable, Sendable {
    /// The longest stretch of time without a gap whose events share a partition.
    public struct Window: Hashable, Sendable {
        public var hour: LakeHour
        /// Milliseconds since 1970: the first of the stretch, and the first behind it.
        public var start: Int64
        public var end: Int64
    }

    /// The event times that a folder's name can tell in every zone: 0001-01-02 to 9999-12-30, in milliseconds since
    /// 1970, so that no zone leads out of it.
    public static let range: ClosedRange<Int64> = -62_135_510_400_000...253_402_214_400_000

    /// The time itself where a folder's name can tell it, else the nearest one that it can; in milliseconds since 1970.
    public static func clamped(_ time: Int64) -> Int64 { min(max(time, range.lowerBound), range.upperBound) }

    private static let quarter: Int64 = 900_000
    private static let hourLength: Int64 = 3_600_000
    private static let dayLength: Int64 = 86_400_000

    private let granularity: TableLayout.Granularity
    /// Nil for UTC.
    private let zone: TimeZone?

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

    /// The window that `time` (milliseconds since 1970) falls into; times that no rule gives are moved into its range.
    ///
    /// Where clocks are put back the hour that comes twice has one window of two hours. (A change at a minute past the
    /// hour, which some zones once had, can make two windows of one hour.)
    public func window(containing time: Int64) -> Window {
        let time = Self.clamped(time)
        let local = time + offset(at: time)
        let hour = hour(atLocal: local)
        let localStart = local - local.flooredRemainder(by: length)
        guard zone != nil else { return Window(hour: hour, start: localStart, end: localStart + length) }
        var window = Window(hour: hour, start: time, end: time + 1)
        var place = time.flooredDivision(by: Self.quarter)
        while let piece = piece(ofHourAtLocal: localStart, inQuarter: place), piece.lowerBound <= window.end {
            window.end = max(window.end, piece.upperBound)
            place += 1
        }
        place = time.flooredDivision(by: Self.quarter)
        while let piece = piece(ofHourAtLocal: localStart, inQuarter: place), piece.upperBound >= window.start {
            window.start = min(window.start, piece.lowerBound)
            place -= 1
        }
        return window
    }

    /// When the hour (or day) is over for good, in milliseconds since 1970.
    ///
    /// Where clocks are put back this is the end of its second coming; an hour that the zone leaps over ends where it
    /// would have by the offset in force after the leap.
    public func end(of hour: LakeHour) -> Int64 {
        let localStart = Int64(hour.date.daysSinceEpoch) * Self.dayLength + Int64(hour.hour ?? 0) * Self.hourLength
        guard zone != nil else { return localStart + length }
        // Offsets lie between -12 and +14 hours, -16 and +16 in old times: from the last quarter that can belong to it.
        let first = (localStart - 17 * Self.hourLength).flooredDivision(by: Self.quarter)
        var place = (localStart + length + 17 * Self.hourLength).flooredDivision(by: Self.quarter)
        while place >= first {
            if let piece = piece(ofHourAtLocal: localStart, inQuarter: place) { return piece.upperBound }
            place -= 1
        }
        return localStart + length - offset(at: localStart + length)
    }

    /// How long an hour (or day) is where no clock is changed, in milliseconds.
    public var length: Int64 { granularity == .hour ? Self.hourLength : Self.dayLength }

    private func hour(atLocal local: Int64) -> LakeHour {
        let day = CalendarDay(daysSinceEpoch: Int32(clamping: local.flooredDivision(by: Self.dayLength)))
        guard granularity == .hour else { return LakeHour(date: day, hour: nil) }
        return LakeHour(date: day, hour: UInt8(local.flooredRemainder(by: Self.dayLength) / Self.hourLength))
    }

    /// The part of one quarter that belongs to the hour whose local time starts at `localStart`; nil where none does.
    private func piece(ofHourAtLocal localStart: Int64, inQuarter place: Int64) -> Range<Int64>? {
        let from = place * Self.quarter
        let offset = offset(at: from)
        let start = max(from, localStart - offset)
        let end = min(from + Self.quarter, localStart + length - offset)
        return start < end ? start..<end : nil
    }

    /// What the zone's clocks are ahead of UTC in the quarter of `time`.
    private func offset(at time: Int64) -> Int64 {
        guard let zone else { return 0 }
        let quarter = time.flooredDivision(by: Self.quarter)
        return Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(quarter) * 900))) * 1000
    }
}
