import Compression
import Foundation
import LakeModel
import TestSupport
import Testing

@testable import Formats

/// Writes objects for the readers of other languages, which `Tests/python/test_formats.py` lets judge them.
@Suite("Sample objects")
struct SampleObjectTests {
    @Test("objects of several frames and a seek table are written for other readers")
    func write() throws {
        var random = RandomEvents(seed: 2026)
        let events = (0..<20_000 as Range<Int64>).map { random.next(offset: $0) }
        let parser = JSONParser()
        let (envelopes, values) = (FrameBuffer(capacityBytes: 0), FrameBuffer(capacityBytes: 0))
        var expected = ""
        var writer = ValueWriter()
        for event in events {
            event.writeEnvelope(to: envelopes, parser: parser)
            _ = event.borrowed { writer.append($0, parser: parser, to: values) }
            expected += describe(event) + "\n"
        }
        let folder = URL(fileURLWithPath: TestData.repository).appending(path: ".build/sample-objects")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(try object(of: envelopes)).write(to: folder.appending(path: "envelope.ndjson.zst"))
        try Data(try object(of: values)).write(to: folder.appending(path: "value.ndjson.zst"))
        try Data(try rawTable(of: events)).write(to: folder.appending(path: "raw.parquet"))
        try Data(expected.utf8).write(to: folder.appending(path: "events.ndjson"))
    }

    private func rawTable(of events: [OwnedEvent]) throws -> [UInt8] {
        final class Sink { var bytes: [UInt8] = [] }
        let (sink, parser) = (Sink(), JSONParser())
        let table = try RawTableWriter(settings: .init()) { sink.bytes.append(contentsOf: $0) }
        for event in events {
            let prefix = RawTablePrefix(topic: event.topicPartition.topic, partition: event.topicPartition.partition)
            try event.borrowed {
                try table.append($0, prefix: prefix, headers: OwnedHeaders(event.headers), parser: parser)
            }
        }
        _ = try table.close()
        return sink.bytes
    }

    /// Frames that end between lines, then the seek table.
    private func object(of buffer: FrameBuffer) throws -> [UInt8] {
        var compressor = try FrameCompressor(level: 3)
        var table = SeekTable()
        var object: [UInt8] = []
        var start = 0
        while start < buffer.count {
            let rest = UnsafeRawBufferPointer(rebasing: buffer.bytes[start...])
            let end = rest.prefix(64 << 10).lastIndex(of: 0x0A).map { $0 + 1 } ?? rest.count
            let frame = try compressor.compress(UnsafeRawBufferPointer(rebasing: rest[..<end]))
            table.add(compressedBytes: frame.count, uncompressedBytes: end)
            object += frame
            start += end
        }
        #expect(table.frames.count > 2 && table.uncompressedBytes == buffer.count)
        return object + table.encoded()
    }

    /// Everything in hex, so that no rule of the formats takes part.
    private func describe(_ event: OwnedEvent) -> String {
        func hex(_ bytes: [UInt8]?) -> String {
            guard let bytes else { return "null" }
            return "\"" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\""
        }
        let headers = event.headers.map { "[\(hex($0.name)),\(hex($0.value))]" }.joined(separator: ",")
        let timestamp = event.timestamp.map { "\($0.milliseconds)" } ?? "null"
        return #"{"topic":"\#(event.topicPartition.topic)","partition":\#(event.topicPartition.partition),"#
            + #""offset":\#(event.offset),"timestamp":\#(timestamp),"timestamp_type":"\#(event.timestampType)","#
            + #""key":\#(hex(event.key)),"headers":[\#(headers)],"value":\#(hex(event.value))}"#
    }
}
