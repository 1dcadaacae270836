import Compression
import LakeModel
import TestSupport
import Testing

@testable import Formats

@Suite("Raw tables")
struct RawTableTests {
    private final class Sink {
        var bytes: [UInt8] = []
    }

    private static func write(_ events: [OwnedEvent], _ settings: ParquetWriterSettings = .init()) throws -> [UInt8] {
        let sink = Sink()
        let writer = try RawTableWriter(settings: settings) { sink.bytes.append(contentsOf: $0) }
        let parser = JSONParser()
        for event in events {
            let prefix = RawTablePrefix(topic: event.topicPartition.topic, partition: event.topicPartition.partition)
            try event.borrowed {
                try writer.append($0, prefix: prefix, headers: OwnedHeaders(event.headers), parser: parser)
            }
        }
        let summary = try writer.close()
        #expect(summary.rowCount == Int64(events.count))
        return sink.bytes
    }

    private static func read(_ bytes: [UInt8]) throws -> [StoredEvent] {
        let reader = try RawTableReader(try ParquetFileReader(ParquetMemorySource(bytes)))
        var events: [StoredEvent] = []
        while let event = try reader.next() { events.append(event) }
        return events
    }

    @Test("give back every kind of event byte for byte", arguments: 0..<20 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = RandomEvents(seed: seed)
        let events = (0..<500).map { random.next(offset: $0) }
        var settings = ParquetWriterSettings()
        settings.pageRows = [50, 20_000][Int(seed % 2)]
        settings.rowGroupRows = [170, 1 << 20][Int(seed / 2 % 2)]
        #expect(try Self.read(try Self.write(events, settings)) == events, "seed \(seed)")
    }

    @Test("tell null, empty and text apart")
    func edges() throws {
        let values: [[UInt8]?] = [nil, [], Array("null".utf8), Array("{\n}".utf8), [0xFF], Array("no json".utf8)]
        let headers: [StoredEvent.Header] = [
            .init(name: Array("a".utf8), value: nil), .init(name: Array("a".utf8), value: []),
            .init(name: [], value: [1]), .init(name: [0xFE, 0], value: [0xFF]),
        ]
        let events = values.flatMap { value in
            [OwnedEvent(value: value, key: nil), OwnedEvent(value: value, key: [], headers: headers)]
        }
        let bytes = try Self.write(events)
        #expect(try Self.read(bytes) == events)
    }

    @Test("hold no more than their settings say")
    func memory() throws {
        var settings = ParquetWriterSettings()
        settings.rowGroupBytes = 2 << 20
        settings.compression = .uncompressed
        let writer = try RawTableWriter(settings: settings) { _ in }
        let prefix = RawTablePrefix(topic: "orders", partition: 0)
        let parser = JSONParser()
        var random = SeededGenerator(seed: 3)
        var most = 0
        for offset in 0..<40_000 {
            let event = OwnedEvent(
                value: Array("{\"n\":\"\(random.next())\(random.next())\(random.next())\"}".utf8), offset: Int64(offset)
            )
            try event.borrowed { try writer.append($0, prefix: prefix, headers: NoHeaders(), parser: parser) }
            if offset % 100 == 0 { most = max(most, writer.memoryBytes) }
        }
        _ = try writer.close()
        #expect(most < 16 << 20, "held \(most) bytes")
    }

    @Test("of other shapes are refused")
    func otherShape() throws {
        let sink = Sink()
        let schema = try ParquetSchema([.leaf("topic", .byteArray, .string)])
        let writer = try ParquetFileWriter(schema: schema) { sink.bytes.append(contentsOf: $0) }
        _ = try writer.close()
        let error = #expect(throws: ParquetError.self) { try Self.read(sink.bytes) }
        #expect(error?.kind == .misuse)
    }
}
