import Compression
import Foundation
import LakeModel
import TestSupport
import Testing

@testable import Formats

@Suite("Rows gathered apart from their file")
struct ParquetTableRowsTests {
    private final class Sink {
        var bytes: [UInt8] = []
    }

    /// Gathers events and writes them in batches of any size, as the writer of a lake does.
    private static func write(
        _ events: [OwnedEvent], _ shape: ParquetTableShape, seed: UInt64
    ) throws -> (bytes: [UInt8], written: [OwnedEvent], summary: ParquetFileSummary) {
        var random = SeededGenerator(seed: seed)
        let sink = Sink()
        var settings = ParquetWriterSettings()
        settings.pageRows = [50, 20_000][Int(seed % 2)]
        let scratch = try ParquetScratch(shape.settings(settings))
        let file = try ParquetFileWriter(schema: shape.schema(), settings: shape.settings(settings), scratch: scratch) {
            sink.bytes.append(contentsOf: $0)
        }
        let rows = try ParquetTableRows(shape)
        let parser = JSONParser()
        var written: [OwnedEvent] = []
        for event in events {
            let prefix = RawTablePrefix(topic: event.topicPartition.topic, partition: event.topicPartition.partition)
            let outcome = try event.borrowed {
                try rows.append($0, prefix: prefix, headers: OwnedHeaders(event.headers), parser: parser)
            }
            if outcome == .written { written.append(event) }
            if random.chance(0.02) { try file.write(rows.take()) }
            if random.chance(0.003) { try file.endRowGroup() }
        }
        try file.write(rows.take())
        let summary = try file.close()
        return (sink.bytes, written, summary)
    }

    private static func read(_ bytes: [UInt8]) throws -> (events: [StoredEvent], shape: ParquetTableShape) {
        let reader = try ParquetTableReader(try ParquetFileReader(ParquetMemorySource(bytes)))
        var events: [StoredEvent] = []
        for group in 0..<reader.file.rowGroupCount {
            let range = try reader.file.byteRange(ofGroup: group)
            #expect(range.lowerBound >= 4 && range.upperBound <= bytes.count)
            try reader.open(group: group)
            while let event = try reader.nextInGroup() { events.append(event) }
        }
        return (events, reader.shape)
    }

    @Test("raw rows are every event byte for byte", arguments: 0..<12 as Range<UInt64>)
    func raw(seed: UInt64) throws {
        var random = RandomEvents(seed: seed)
        let events = (0..<1500).map { random.next(offset: $0) }
        let (bytes, written, summary) = try Self.write(events, .raw, seed: seed)
        #expect(written == events && summary.rowCount == 1500, "seed \(seed)")
        let (read, shape) = try Self.read(bytes)
        #expect(read == events, "seed \(seed)")
        #expect(shape == .raw)
    }

    @Test("shredded rows give payloads back that say the same", arguments: 0..<12 as Range<UInt64>)
    func shredded(seed: UInt64) throws {
        var random = RandomEvents(seed: seed)
        let events = (0..<1500).map { random.next(offset: $0) }
        var inference = SchemaInference()
        for event in events.prefix(400) { event.value?.withUnsafeBytes { _ = inference.add($0) } }
        let shape = ParquetTableShape.shredded(try inference.schema(), .rest)
        let (bytes, written, _) = try Self.write(events, shape, seed: seed)
        #expect(written.count < events.count && written.count > 200, "seed \(seed)")
        let (read, found) = try Self.read(bytes)
        #expect(found == shape && found.schemaID == shape.schemaID, "seed \(seed)")
        #expect(read.count == written.count)
        for (have, want) in zip(read, written) {
            var (left, right) = (have, want)
            (left.value, right.value) = (nil, nil)
            #expect(left == right, "seed \(seed)")
            let (one, other) = (Self.meaning(have.value), Self.meaning(want.value))
            guard one == other else {
                Issue.record("seed \(seed): \(one) is not \(other)")
                return
            }
        }
    }

    /// Members in any order, null ones left out.
    private static func meaning(_ bytes: [UInt8]?) -> String {
        guard let bytes, let tree = try? OrderedJSON(bytes, "payload") else { return "none" }
        return meaning(tree)
    }

    private static func meaning(_ tree: OrderedJSON) -> String {
        switch tree {
        case .null: "null"
        case .boolean(let value): "\(value)"
        // A column of doubles gives `-0` back as `-0.0`.
        case .number(let text): Double(text).map { $0 == 0 ? "0" : Int64(text).map { "\($0)" } ?? "\($0)" } ?? text
        case .string(let text): text.debugDescription
        case .array(let elements): "[" + elements.map { meaning($0) }.joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.filter { if case .null = $0.value { false } else { true } }
                .map { "\($0.name.debugDescription):\(meaning($0.value))" }.sorted().joined(separator: ",") + "}"
        }
    }

    @Test("what was kept in _rest goes back to its place")
    func rest() throws {
        let payloads = [
            #"{"n":1.5,"s":{"t":"x","u":[1]},"items":[{"x":1},{"x":"no","y":null},null],"m":{"a":1,"b":"x"}}"#,
            #"{"a/b":{"~":1},"at":"2026-11-21T05:00:00.5+01:00","day":"2026-11-21","n":null,"e":{},"l":[]}"#,
            "[1,{\"a\":2}]", "7", #"{"id":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","n":1,"n":2}"#,
        ]
        let schema = try ShreddedSchema([
            .init("n", .int64), .init("s", .structure([.init("t", .string)])),
            .init("items", .list(.structure([.init("x", .int32)]))), .init("m", .map(.int64)),
            .init("at", .timestamp), .init("day", .date), .init("id", .uuid), .init("e", .json),
            .init("l", .list(.double)),
        ])
        let events = payloads.enumerated().map { OwnedEvent(value: Array($1.utf8), offset: Int64($0)) }
        let (bytes, _, _) = try Self.write(events, .shredded(schema, .rest), seed: 1)
        let found = try Self.read(bytes).events.map { String(decoding: $0.value ?? [], as: UTF8.self) }
        #expect(
            found == [
                #"{"s":{"t":"x","u":[1]},"items":[{"x":1},{"x":"no","y":null},null],"m":{"a":1,"b":"x"},"n":1.5}"#,
                #"{"at":"2026-11-21T04:00:00.5Z","day":"2026-11-21","e":{},"l":[],"a/b":{"~":1}}"#,
                "[1,{\"a\":2}]", "7", #"{"n":1,"id":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","n":2}"#,
            ])
    }

    @Test("statistics for the catalog are few, short and true")
    func statistics() throws {
        let long = String(repeating: "é", count: 40)
        let fields = (0..<20).map { ShreddedField("f\($0)", .int64) }
        let schema = try ShreddedSchema(
            [.init("t", .string), .init("at", .timestamp), .init("l", .list(.int64))] + fields)
        let events = [#"{"t":"\#(long)","at":"2026-11-21T05:00:00Z","f0":-3}"#, #"{"t":"a","f0":7}"#].enumerated().map {
            OwnedEvent(value: Array($1.utf8), key: Array("k\($0)".utf8), offset: Int64($0))
        }
        let shape = ParquetTableShape.shredded(schema, .rest)
        let all = shape.statistics(try Self.write(events, shape, seed: 1).summary)
        #expect(all.count == ColumnStatistics.columnsMax)
        #expect(all[0] == .init(name: "_key", kind: .text, nulls: 0, min: "k0", max: "k1"))
        #expect(all[1].name == "t" && all[1].min == "a")
        let top = try #require(all[1].max)
        #expect(top.utf8.count <= ColumnStatistics.boundBytesMax && top > String(long.prefix(15)))
        #expect(all[1].mayHold(text: long) && !all[1].mayHold(text: "漢") && !all[1].mayHold(text: "A"))
        let at = "2026-11-21T05:00:00.000000Z"
        #expect(all[2] == .init(name: "at", kind: .time, nulls: 1, min: at, max: at))
        #expect(all[3] == .init(name: "f0", kind: .integer, nulls: 0, min: "-3", max: "7"))
        #expect(all[4] == .init(name: "f1", kind: .integer, nulls: 2, min: nil, max: nil))
    }
}
