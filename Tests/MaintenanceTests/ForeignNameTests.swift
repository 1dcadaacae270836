import LakeModel
import TestSupport
import Testing

@testable import Maintenance

@Suite("names of files that other programs wrote")
struct ForeignNameTests {
    /// What is told, as `2026-11-21/05 orders/3:100`; hyphens where nothing is.
    private func told(_ key: String, _ layout: ImportLayout) -> String {
        do throws(ForeignName.PassedOver) {
            let name = try ForeignName(key, layout: layout)
            let hour = name.date.map { "\(LakeHour(date: $0, hour: name.hour))" } ?? "-"
            guard let source = name.source, let offset = name.firstOffset else { return hour }
            return "\(hour) \(source):\(offset)"
        } catch {
            return "passed over: \(error.reason)"
        }
    }

    @Test(
        "Hive-style folders tell day and hour, in whatever order and style",
        arguments: [
            ("t/year=2026/month=11/day=21/hour=05/a.json", "2026-11-21/05"),
            ("t/hour=5/year=2026/month=11/day=1/a.json", "2026-11-01/05"),
            ("t/dt=2026-11-21/a.json.gz", "2026-11-21"),
            ("t/DT=20261121/hr=23/a", "2026-11-21/23"),
            ("date=2026-11-21/hour=00/a.log", "2026-11-21/00"),
            ("t/dt=2026-11-21-07/a.json", "2026-11-21/07"),
            ("t/day=2026-11-21/hour=2026-11-21-07/a.json", "2026-11-21/07"),
            ("t/region=eu/shard=3/a.json", "-"),
            ("t/2026/11/21/05/a.json", "-"),
        ])
    func hive(key: String, expected: String) {
        #expect(told(key, .hive) == expected)
        #expect(told(key, .vector) == expected)
    }

    @Test(
        "Firehose's folders are bare numbers, behind any prefix",
        arguments: [
            ("clicks/2026/11/21/05/clicks-1-2026-11-21-05-00-01-a1b2", "2026-11-21/05"),
            ("clicks/2026/11/21/clicks-1", "2026-11-21"),
            ("1234/99/2026/11/21/05/a.gz", "2026-11-21/05"),
            ("clicks/year=2026/month=11/day=21/hour=05/a", "2026-11-21/05"),
            ("clicks/2026/13/21/05/a", "-"),
            (
                "clicks/processing-failed/2026/11/21/05/a",
                "passed over: records that Firehose put into processing-failed are not events"
            ),
        ])
    func firehose(key: String, expected: String) { #expect(told(key, .firehose) == expected) }

    @Test(
        "Vector's default prefix is read with a slash behind it and without",
        arguments: [
            ("logs/date=2026-11-211763679600-9b2f.log.gz", "2026-11-21"),
            ("logs/date=2026-11-21/1763679600-9b2f.log.gz", "2026-11-21"),
            ("logs/date=2026-11-21/date=2026-11-211763679600", "2026-11-21"),
            ("logs/date=2026-11-21-05-9b2f.log", "-"),
            ("logs/date=2026-11-21", "-"),
            ("logs/date=2026-02-301763679600", "passed over: its folders tell no day of a calendar"),
        ])
    func vector(key: String, expected: String) {
        #expect(told(key, .vector) == expected)
    }

    @Test("files of keys and headers are no events, in any layout", arguments: ImportLayout.allCases)
    func sides(layout: ImportLayout) {
        for side in ["keys", "headers"] {
            let reason = "passed over: it holds the \(side) of events, not events"
            #expect(told("t/dt=2026-11-21/orders+3+0000000100.\(side).json.gz", layout) == reason)
        }
        guard layout != .kafkaConnect else { return }
        #expect(told("t/dt=2026-11-21/car.keys.json", layout) == "2026-11-21")
    }

    @Test(
        "Kafka Connect's names tell topic partition and first offset",
        arguments: [
            ("topics/orders/partition=3/orders+3+0000000100.json", "- orders/3:100"),
            ("t/year=2026/month=11/day=21/hour=05/orders+3+0000000100.json.gz", "2026-11-21/05 orders/3:100"),
            ("t/orders.v1-eu-3-00000000000000000100.gz", "- orders.v1-eu/3:100"),
            ("t/orders-3-100", "- orders/3:100"),
            ("t/_orders+0+0.json.zst", "- _orders/0:0"),
            ("t/partition=4/orders+3+100.json", "passed over: its folder says partition 4, its name 3"),
        ])
    func kafkaConnect(key: String, expected: String) { #expect(told(key, .kafkaConnect) == expected) }

    @Test(
        "other names are not taken for Kafka Connect's",
        arguments: [
            "t/a+b+3+100.json", "t/orders+3+9223372036854775808.json", "t/orders+4294967296+1.json",
            "t/orders+-3+1.json", "t/orders.json", "t/+3+1.json", "t/ord ers-3-1.json",
        ])
    func notKafkaConnect(key: String) {
        let reason = "its name is not <topic>+<partition>+<offset>, nor with hyphens"
        #expect(told(key, .kafkaConnect) == "passed over: \(reason)")
    }

    @Test(
        "what is no data, or tells no time that there is, is passed over",
        arguments: [
            ("t/dt=2026-11-21/_SUCCESS", "its name says that it is no data"),
            ("t/dt=2026-11-21/_temporary", "its name says that it is no data"),
            ("t/.staging/a.json", "its name says that it is no data"),
            ("orders/_varve/log/1.json", "its name says that it is no data"),
            ("t/dt=2026-11-21/", "it is a folder"),
            ("t/dt=2026-11-21/a.snappy.parquet", "files of format parquet are not adopted"),
            ("t/dt=2026-11-21/a.avro", "files of format avro are not adopted"),
            ("t/dt=2026-02-30/a.json", "its folders tell no day of a calendar"),
            ("t/year=2026/month=11/a.json", "its folders tell no day of a calendar"),
            ("t/dt=yesterday/a.json", "its folders tell no day of a calendar"),
            ("t/dt=2026-11-21/hour=24/a.json", "its folders tell no hour of a day"),
            ("t/dt=2026-11-21/hour=5/hour=6/a.json", "its folders tell no hour of a day"),
            ("t/dt=2026-11-21/date=2026-11-22/a.json", "its folders tell two dates"),
        ])
    func passedOver(key: String, reason: String) { #expect(told(key, .hive) == "passed over: \(reason)") }

    @Test("any name is read or refused", arguments: 1...20)
    func anyName(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = ["/", "=", "+", "-", ".", "0", "99999999999999999999", "year", "dt", "hour", "é", "\u{301}", "a"]
        for _ in 0..<2000 {
            let count = Int.random(in: 0...12, using: &random)
            let key = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }
            for layout in ImportLayout.allCases { _ = try? ForeignName(key.joined(), layout: layout) }
        }
    }
}
