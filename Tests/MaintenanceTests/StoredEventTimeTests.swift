import Formats
import LakeModel
import Maintenance
import TestSupport
import Testing

@Suite("the event time of events that are read back")
struct StoredEventTimeTests {
    @Test("is to the millisecond the one by which the event was placed, in every unit", arguments: [0, 3, 6, 9])
    func exact(digits: Int) throws {
        var random = SeededGenerator(seed: UInt64(digits))
        let layout = TableLayout(granularity: .hour, zone: "UTC", shards: 1, time: "field:/ts", shardBy: "partition")
        for _ in 0..<2000 {
            let seconds = Int64.random(in: 1_500_000_000..<2_000_000_000, using: &random)
            let milliseconds = digits == 0 ? 0 : Int64.random(in: 0..<1000, using: &random)
            let fraction = String(String(1000 + milliseconds).dropFirst()) + "999999"
            let line = Array("{\"ts\":\(seconds)\(fraction.prefix(digits))}".utf8)
            let expected = Timestamp(milliseconds: seconds * 1000 + milliseconds)
            // The object's span is this event's alone, as with the first or last of many.
            let object = DataObject(
                path: "x", partition: PartitionPath(date: CalendarDay(daysSinceEpoch: 20_777), hour: 1, shard: 0),
                format: .value, bytes: 1, uncompressedBytes: 1, records: 1,
                eventTime: TimeSpan(min: expected, max: expected), offsets: [],
                checksum: Checksum(algorithm: .crc32c, value: "00000000"), uploadedAt: expected)
            let time = StoredEventTime(layout: layout, object: object)
            let found = line.withUnsafeBytes { time.ofValueLine($0) }
            #expect(found == expected, "\(String(decoding: line, as: UTF8.self))")
        }
    }

    @Test(
        "Kafka's time of an envelope is none where the event says so, and one that the catalog can write else",
        arguments: [
            ("null", "none", nil), ("-1", "create", nil), ("0", "create", 0), ("-2", "append", -2),
            ("\(Int64.max)", "create", PartitionCalendar.range.upperBound),
            ("\(Int64.min)", "create", PartitionCalendar.range.lowerBound),
        ] as [(String, String, Int64?)])
    func kafkaTimes(written: String, type: String, expected: Int64?) throws {
        let zero = Timestamp(milliseconds: 0)
        let source = TopicPartition(topic: "t", partition: 0)
        let object = DataObject(
            path: "date=2026-01-25/hour=00/shard=0000/a.ndjson.zst",
            partition: PartitionPath(date: CalendarDay(daysSinceEpoch: 20_478), hour: 0, shard: 0),
            format: .envelope, bytes: 1, uncompressedBytes: 1, records: 1,
            eventTime: TimeSpan(min: zero, max: zero), offsets: [OffsetSpan(source, first: 5, last: 5, count: 1)],
            checksum: Checksum(algorithm: .crc32c, value: "00000000"), uploadedAt: zero)
        let text =
            #"{"topic":"t","partition":0,"offset":5,"timestamp":\#(written),"timestamp_type":"\#(type)","#
            + #""key":null,"value":{}}"#
        try Array(text.utf8).withUnsafeBytes { line in
            var fronts = EnvelopeFrontReader(sources: RowSources(of: [object]))
            let front = fronts.read(line)
            #expect(front?.offset == 5 && front?.timestamp == expected)
            let event = try EnvelopeReader().read(line)
            #expect(StoredEventTime(layout: nil, object: object).of(event)?.milliseconds == expected)
        }
    }
}
