import Catalog
import LakeModel
import TestSupport
import Testing

@testable import Maintenance

private let source = TopicPartition(topic: "orders", partition: 3)
private var table: TableName { get throws { try #require(TableName("orders")) } }

@Suite("rules of verification")
struct VerifyRulesTests {
    private func object(_ first: Int64, _ last: Int64, count: Int64) -> DataObject {
        DataObject(
            path: "data/\(first)", partition: PartitionPath(date: CalendarDay(daysSinceEpoch: 0), hour: 0, shard: 0),
            format: .envelope, bytes: 1, uncompressedBytes: 1, records: count, eventTime: nil,
            offsets: [OffsetSpan(source, first: first, last: last, count: count)],
            checksum: Checksum(algorithm: .crc32c, value: "00000000"), uploadedAt: Timestamp(milliseconds: 0))
    }

    @Test(
        "spans that overlap are wrong only where they count more events than they have offsets",
        arguments: [
            ([(0, 9, 10), (10, 19, 10)], 0),
            ([(0, 19, 10), (1, 18, 10)], 0),
            ([(0, 19, 11), (1, 18, 10)], 1),
            ([(0, 9, 10), (9, 12, 2), (20, 29, 10), (25, 29, 5)], 1),
            ([(0, 9, 10), (0, 9, 10)], 1),
            ([(90, 100, 5)], 1),
        ] as [([(Int64, Int64, Int64)], Int)])
    func overlaps(spans: [(Int64, Int64, Int64)], expected: Int) throws {
        var ledger = OffsetLedger()
        for (first, last, count) in spans.shuffled(seed: 7) { ledger.add(object(first, last, count: count)) }
        #expect(ledger.findings(next: [source: 100], in: try table).count == expected)
        #expect(ledger.events[source] == spans.reduce(0) { $0 + $1.2 })
    }

    @Test("a ledger that is full says so in one finding, and counts every event all the same")
    func fullLedger() throws {
        var ledger = OffsetLedger(spansMax: 1)
        ledger.add(object(0, 1, count: 2))
        #expect(ledger.findings(next: [source: 9], in: try table).isEmpty)
        ledger.add(object(2, 3, count: 2))
        ledger.add(object(4, 4, count: 1))
        let findings = ledger.findings(next: [source: 9], in: try table)
        #expect(findings.map(\.kind) == [.unchecked])
        #expect(findings.first?.detail.hasPrefix("overlaps were looked for in 1 of 3 offset spans") == true)
        #expect(ledger.events == [source: 5])
    }

    @Test(
        "event times outside of an entry's span are found, unless the table's rule was another one",
        arguments: [
            ([10, 15, 20], TableSide.main, 0), ([10, 15, 21], .main, 1), ([9, 8, 20], .main, 2),
            ([11, 15, 21], .main, 0), ([1, 2], .main, 0), ([11, 21], .deadLetter, 1), ([15], .late, 0),
        ] as [([Int64], TableSide, Int)])
    func times(times: [Int64], side: TableSide, outside: Int) throws {
        var object = object(0, 1, count: 1)
        let span = TimeSpan(min: Timestamp(milliseconds: 10), max: Timestamp(milliseconds: 20))
        (object.side, object.eventTime) = (side, span)
        var check = try #require(TimeCheck(object, timeIsKafka: true))
        for time in times { check.add(time) }
        #expect(check.fault?.hasPrefix("\(outside) of its events lie outside") ?? (outside == 0))
        #expect((TimeCheck(object, timeIsKafka: false) == nil) == (side != .deadLetter))
    }

    @Test("a bitmap takes each offset once, in whatever order")
    func bitmap() {
        var generator = SeededGenerator(seed: 11)
        var offsets = Array(Int64(65_000)..<140_000)
        offsets.shuffle(using: &generator)
        var bitmap = OffsetBitmap()
        let taken = offsets.count { bitmap.insert($0) }
        #expect(taken == offsets.count)
        #expect(bitmap.count == 75_000)
        let again = [Int64(65_000), 65_536, 131_071, 139_999, -1]
        let doubles = again.count { !bitmap.insert($0) }
        #expect(doubles == again.count)
        let isNew = bitmap.insert(.max)
        #expect(isNew)
    }

    @Test("an object that the store does not hand out is a finding, and the others are read")
    func unreadable() async throws {
        let lake = try MaintenanceLake(seed: 7)
        let table = try await lake.open()
        for hour in 0..<3 { try await lake.append(table, hour: hour) }
        let objects = try await table.snapshot().objects(.everything)
        lake.store.setRules([FaultRule(.denied, on: [.get], keyContains: objects[0].path)])
        let report = try await TableVerifier(table: table, depth: .everything).run { _, _ in }
        #expect(report.findings.filter { $0.kind == .unreadableObject }.map(\.place) == [objects[0].path])
        #expect(report.objects == Int64(objects.count))
    }

    @Test("windows cover every hour once, whatever the manifests")
    func windows() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<50 {
            let ends = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                LakeHour(
                    date: CalendarDay(daysSinceEpoch: .random(in: 0...2, using: &generator)),
                    hour: Bool.random(using: &generator) ? nil : UInt8.random(in: 0...23, using: &generator))
            }
            let windows = VerifyWindows.plan(ends: ends)
            for day in Int32(-1)...3 {
                for hour in [nil] + (0...23).map({ UInt8?($0) }) {
                    let hour = LakeHour(date: CalendarDay(daysSinceEpoch: day), hour: hour)
                    #expect(windows.count { $0.contains(hour) } == 1, "\(hour) with ends \(ends)")
                }
            }
        }
    }

    @Test("brokers that lost events, made a topic anew or forgot it are findings; being behind is not")
    func kafka() {
        let names = (0..<5).map { TopicPartition(topic: "t", partition: Int32($0)) }
        let next = Dictionary(uniqueKeysWithValues: names.map { ($0, Int64(100)) })
        let broker = [
            names[0]: BrokerOffsets(low: 0, high: 150), names[1]: BrokerOffsets(low: 120, high: 150),
            names[2]: BrokerOffsets(low: 0, high: 40), names[3]: BrokerOffsets(low: 100, high: 100),
        ]
        let findings = KafkaComparison.findings(next: next, broker: broker)
        #expect(findings.map(\.place) == ["t/1", "t/2", "t/4"])
        #expect(KafkaComparison.lag(next: next, broker: broker) == 80)
    }
}

@Suite("reading lines")
struct LineReadingTests {
    @Test("lines come out whole, wherever the stream is cut", arguments: 1...9)
    func splits(size: Int) throws {
        let text = "a\nbb\n\nccc\nthe last has no end"
        var splitter = LineSplitter()
        var lines: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = Array(bytes[start..<min(start + size, bytes.count)])
            _ = try piece.withUnsafeBytes {
                try splitter.take($0) {
                    lines.append(String(decoding: $0, as: UTF8.self)); return true
                }
            }
        }
        #expect(lines == ["a", "bb", "", "ccc"])
        #expect(!splitter.isAtLineStart)
    }

    @Test("a line beyond the limit is refused before it is held")
    func longLine() {
        var splitter = LineSplitter(lineBytesMax: 4)
        #expect(throws: LineSplitter.LineTooLong.self) {
            try Array("12345".utf8).withUnsafeBytes { try splitter.take($0) { _ in true } }
        }
    }

    @Test("a reader that has enough stops")
    func stops() throws {
        var splitter = LineSplitter()
        var count = 0
        let goesOn = try Array("a\nb\nc\n".utf8).withUnsafeBytes {
            try splitter.take($0) { _ in
                count += 1
                return count < 2
            }
        }
        #expect(!goesOn)
        #expect(count == 2)
    }

    @Test(
        "coordinates are read from the front of an envelope, and from nothing else",
        arguments: [
            (#"{"topic":"a","partition":1,"offset":7,"timestamp":1}"#, "a/1:7"),
            (#"{"topic":"a","partition":1,"offset":9223372036854775807,"x":1}"#, "a/1:9223372036854775807"),
            (#"{"topic":"a","partition":1,"offset":9223372036854775808,"x":1}"#, nil),
            (#"{"topic":"a","partition":99999999999,"offset":7,"x":1}"#, nil),
            (#"{"topic":"a\"b","partition":1,"offset":7,"x":1}"#, nil),
            (#"{"topic":"a","partition":1,"offset":"#, nil),
            (#"{"n":1}"#, nil),
            ("", nil),
        ])
    func coordinates(line: String, expected: String?) {
        var reader = CoordinateReader()
        let found = Array(line.utf8).withUnsafeBytes { reader.read($0) }
        #expect(found.map { "\($0.0):\($0.1)" } == expected)
        // And once more behind a line of another topic partition.
        _ = Array(#"{"topic":"b","partition":2,"offset":1,"x":1}"#.utf8).withUnsafeBytes { reader.read($0) }
        let again = Array(line.utf8).withUnsafeBytes { reader.read($0) }
        #expect(again.map { "\($0.0):\($0.1)" } == expected)
    }
}

extension Array {
    fileprivate func shuffled(seed: UInt64) -> [Element] {
        var generator = SeededGenerator(seed: seed)
        return shuffled(using: &generator)
    }
}
