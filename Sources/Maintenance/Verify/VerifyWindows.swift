import Catalog
import LakeModel

/// Cuts a table into windows of hours, so that its objects can be gone through a few manifests at a time.
enum VerifyWindows {
    static func plan(_ manifests: [ManifestSummary]) -> [ClosedRange<LakeHour>] {
        plan(ends: manifests.filter { !$0.overflow }.map { LakeHour($0.last) })
    }

    /// Windows that together cover every hour, each once; a new one begins after each of `ends`.
    static func plan(ends: [LakeHour]) -> [ClosedRange<LakeHour>] {
        let ends = Set(ends).sorted()
        var windows: [ClosedRange<LakeHour>] = []
        var start = LakeHour(date: CalendarDay(daysSinceEpoch: .min), hour: nil)
        let last = LakeHour(date: CalendarDay(daysSinceEpoch: .max), hour: 23)
        for end in ends where end >= start && end < last {
            windows.append(start...end)
            start = successor(of: end)
        }
        return windows + [start...last]
    }

    /// The hour after; days that are partitioned as a whole count as their first hour, as they sort.
    static func successor(of hour: LakeHour) -> LakeHour {
        if let value = hour.hour, value < 23 { return LakeHour(date: hour.date, hour: value + 1) }
        guard hour.hour != nil else { return LakeHour(date: hour.date, hour: 1) }
        return LakeHour(date: CalendarDay(daysSinceEpoch: hour.date.daysSinceEpoch &+ 1), hour: nil)
    }
}
