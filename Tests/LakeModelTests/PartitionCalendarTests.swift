import Foundation
import LakeModel
import TestSupport
import Testing

@Suite("Partition calendar")
struct PartitionCalendarTests {
    static let hour: Int64 = 3_600_000

    @Test(
        "a time's hour and the end of that hour",
        arguments: [
            ("UTC", "2026-11-21T05:07:09.250Z", "2026-11-21/05", "2026-11-21T06:00:00Z"),
            ("UTC", "1969-12-31T23:59:59.999Z", "1969-12-31/23", "1970-01-01T00:00:00Z"),
            ("Europe/Berlin", "2026-07-01T22:30:00Z", "2026-07-02/00", "2026-07-01T23:00:00Z"),
            ("Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01/05", "2026-01-01T00:30:00Z"),
            ("Asia/Kathmandu", "2026-01-01T00:00:00Z", "2026-01-01/05", "2026-01-01T00:15:00Z"),
            ("America/New_York", "2026-01-01T04:59:59.999Z", "2025-12-31/23", "2026-01-01T05:00:00Z"),
            // Spring forward: 02:00 does not happen.
            ("Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29/01", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29/03", "2026-03-29T02:00:00Z"),
            // Fall back: 02:00 happens twice, and is over after the second.
            ("Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25/02", "2026-10-25T02:00:00Z"),
            ("Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25/02", "2026-10-25T02:00:00Z"),
            ("Europe/Berlin", "2026-10-24T23:30:00Z", "2026-10-25/01", "2026-10-25T00:00:00Z"),
            ("Europe/Berlin", "2026-10-25T02:00:00Z", "2026-10-25/03", "2026-10-25T03:00:00Z"),
            // Half an hour back at 02:00 on Lord Howe Island: 01:30 to 02:00 happens twice.
            ("Australia/Lord_Howe", "2026-04-04T14:45:00Z", "2026-04-05/01", "2026-04-04T15:30:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T15:15:00Z", "2026-04-05/01", "2026-04-04T15:30:00Z"),
            // Samoa left out the 30th of December 2011.
            ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29/23", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31/00", "2011-12-30T11:00:00Z"),
        ])
    func hours(zone: String, time: String, expected: String, end: String) throws {
        let calendar = try calendar(zone)
        let time = try #require(Timestamp(time)).milliseconds
        let window = calendar.window(containing: time)
        #expect(window.hour.description == expected)
        #expect((window.start..<window.end).contains(time))
        #expect(Timestamp(milliseconds: calendar.end(of: window.hour)) == Timestamp(end))
    }

    @Test("the hour that comes twice has one window of two hours, and a leap none of its own")
    func doubled() throws {
        let calendar = try calendar("Europe/Berlin")
        let start = try #require(Timestamp("2026-10-25T00:00:00Z")).milliseconds
        for time in [start, start + Self.hour, start + 2 * Self.hour - 1] {
            let window = calendar.window(containing: time)
            #expect(window.start == start && window.end == start + 2 * Self.hour)
        }
        let leapt = try #require(LakeHour("2026-03-29/02"))
        #expect(Timestamp(milliseconds: calendar.end(of: leapt)) == Timestamp("2026-03-29T01:00:00Z"))
    }

    @Test(
        "days of 23 and 25 hours",
        arguments: [("2026-03-29T12:00:00Z", 23), ("2026-10-25T12:00:00Z", 25), ("2026-06-01T12:00:00Z", 24)])
    func days(time: String, hours: Int64) throws {
        let calendar = try calendar("Europe/Berlin", .day)
        let time = try #require(Timestamp(time)).milliseconds
        let window = calendar.window(containing: time)
        #expect(window.hour.hour == nil)
        #expect(window.end - window.start == hours * Self.hour)
        #expect(calendar.end(of: window.hour) == window.end)
    }

    @Test(
        "windows agree with Foundation's calendar at random times, and follow each other without a gap",
        arguments: [
            "UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca",
            "Pacific/Apia", "America/Sao_Paulo", "Antarctica/Troll",
        ])
    func agreement(zone: String) throws {
        let calendar = try calendar(zone)
        var foundation = Calendar(identifier: .gregorian)
        foundation.timeZone = try #require(TimeZone(identifier: zone))
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            let time = Int64.random(in: 0...2_500_000_000, using: &generator) * 1000
            let window = calendar.window(containing: time)
            for moment in [window.start, time, window.end - 1] {
                let date = Date(timeIntervalSince1970: Double(moment) / 1000)
                let parts = foundation.dateComponents([.year, .month, .day, .hour], from: date)
                let day = try #require(CalendarDay(year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0))
                #expect(window.hour == LakeHour(date: day, hour: UInt8(parts.hour ?? 99)), "\(zone) \(moment)")
            }
            #expect(calendar.window(containing: window.end).start == window.end)
            #expect(calendar.window(containing: window.start - 1).end == window.start)
            #expect(calendar.end(of: window.hour) >= window.end)
        }
    }

    @Test("times out of range are moved into it, and unknown zones refused")
    func extremes() throws {
        for zone in ["UTC", "Asia/Tokyo", "America/New_York"] {
            let calendar = try calendar(zone)
            for time in [.min, .max, PartitionCalendar.range.lowerBound, PartitionCalendar.range.upperBound] as [Int64]
            {
                let (year, _, _) = calendar.window(containing: time).hour.date.components
                #expect((1...9999).contains(year))
            }
        }
        for zone in ["", "Mars/Olympus", "Europe"] {
            #expect(PartitionCalendar(layout(zone, .hour)) == nil)
        }
    }

    private func calendar(_ zone: String, _ granularity: TableLayout.Granularity = .hour) throws -> PartitionCalendar {
        try #require(PartitionCalendar(layout(zone, granularity)))
    }

    private func layout(_ zone: String, _ granularity: TableLayout.Granularity) -> TableLayout {
        TableLayout(granularity: granularity, zone: zone, shards: 1, time: "kafka", shardBy: "partition")
    }
}
