import Foundation
import LakeModel
import TestSupport
import Testing

@Suite("Times and days")
struct TimeTests {
    @Test(
        "RFC 3339 is read as it is written in the wild",
        arguments: [
            ("2026-11-21T05:07:09.250Z", "2026-11-21T05:07:09.250Z"),
            ("2026-11-21t05:07:09z", "2026-11-21T05:07:09.000Z"),
            ("2026-11-21 05:07:09", "2026-11-21T05:07:09.000Z"), ("2026-11-21T05:07", "2026-11-21T05:07:00.000Z"),
            ("2026-11-21", "2026-11-21T00:00:00.000Z"), ("2026-11-21T05:07:09.2Z", "2026-11-21T05:07:09.200Z"),
            ("2026-11-21T05:07:09,25Z", "2026-11-21T05:07:09.250Z"),
            ("2026-11-21T05:07:09.123456789Z", "2026-11-21T05:07:09.123Z"),
            ("2026-11-21T00:30:00+02:00", "2026-11-20T22:30:00.000Z"),
            ("2026-12-31T23:30:00-0130", "2027-01-01T01:00:00.000Z"),
            ("2026-11-21T05:07:09+05", "2026-11-21T00:07:09.000Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
        ])
    func read(_ text: String, expected: String) throws {
        let time = try #require(Timestamp(text))
        #expect(time.description == expected)
        #expect(Timestamp.parse(Array(text.utf8)) == time)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "now", "2026", "2026-11", "2026-11-2", "2026-13-01", "2026-00-01", "2026-11-00", "2026-11-31",
            "2025-02-29", "1900-02-29", "2026-11-21T", "2026-11-21T24:00:00Z", "2026-11-21T05:60:00Z",
            "2026-11-21T05:07:61Z",
            "2026-11-21T05:07:09.Z", "2026-11-21T05:07:09Zx", "2026-11-21T05:07:09+", "2026-11-21T05:07:09+24:00",
            "2026-11-21T05:07:09+01:60", " 2026-11-21", "2026-11-21 ", "+2026-11-21", "２０２６-11-21",
            "2026-11-21T05",
            "2026-11-21T05:07:09\0",
        ])
    func refused(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("a written time is read back, at any millisecond of ten thousand years", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let time = Timestamp(milliseconds: .random(in: -62_167_219_200_000...253_402_300_799_999, using: &random))
            #expect(Timestamp(time.description) == time, "seed \(seed)")
        }
    }

    @Test("the calendar is Foundation's", arguments: [4, 5] as [UInt64])
    func calendar(_ seed: UInt64) throws {
        var utc = Calendar(identifier: .iso8601)
        utc.timeZone = try #require(TimeZone(identifier: "UTC"))
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            // After 1582, as Foundation's calendar is Julian before.
            let days = Int32.random(in: -140_000...2_932_896, using: &random)
            let date = Date(timeIntervalSince1970: Double(days) * 86_400)
            let parts = utc.dateComponents([.year, .month, .day], from: date)
            let day = CalendarDay(daysSinceEpoch: days)
            #expect(
                [day.components.year, day.components.month, day.components.day] == [parts.year, parts.month, parts.day])
            let again = CalendarDay(
                year: day.components.year, month: day.components.month, day: day.components.day)
            #expect(again == day, "seed \(seed)")
        }
    }

    @Test("days follow one another over leap years, and sort")
    func days() throws {
        let last = try #require(CalendarDay("2024-02-29"))
        #expect(CalendarDay(daysSinceEpoch: last.daysSinceEpoch + 1).description == "2024-03-01")
        #expect(CalendarDay(daysSinceEpoch: 0).description == "1970-01-01")
        #expect(try #require(CalendarDay("2023-12-31")) < last)
        for text in ["2023-02-29", "2024-2-9", "2024-02-29T00:00", "20240229", "", "2024-02-29 "] {
            #expect(CalendarDay(text) == nil, "\(text)")
        }
    }

    @Test(
        "times at the edge of what Kafka can say trap nothing", arguments: [Int64.min, .min + 1, -1, 0, .max - 1, .max])
    func extremes(_ milliseconds: Int64) {
        let time = Timestamp(milliseconds: milliseconds)
        #expect(!time.description.isEmpty)
        _ = time.day
        #expect(time.advanced(byMilliseconds: .max) >= time)
        #expect(time.advanced(byMilliseconds: .min) <= time)
    }

    @Test(
        "division rounds down, also below zero",
        arguments: [(-1, -1, 6), (-7, -1, 0), (-8, -2, 6), (0, 0, 0), (13, 1, 6)])
    func division(_ value: Int, quotient: Int, remainder: Int) {
        #expect(value.flooredDivision(by: 7) == quotient)
        #expect(value.flooredRemainder(by: 7) == remainder)
    }
}
