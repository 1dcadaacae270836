import Compression
import Formats
import Foundation
import LakeModel
import TestSupport
import Testing

/// The lines that `schemas/golden/` keeps: a change of one byte is a change of the format.
@Suite("Golden files")
struct GoldenTests {
    static let events: [OwnedEvent] = [
        event(#"{"order":1,"note":"plain"}"#, key: "customer-1"),
        event(#"{ "spaces" : "kept" ,  "big" : 123456789012345678901234567890 }"#, key: nil),
        event("null", key: ""),
        event("\"é \u{2028} 😀\"", key: "é \" \\ \n"),
        event("{\n  \"pretty\": [1,\r\n 2]\n}\n", key: "line breaks"),
        event("not JSON", key: "text"),
        event("", key: "empty"),
        OwnedEvent(value: [0x00, 0xFF, 0x80], key: [0xFE], offset: 100),
        OwnedEvent(value: nil, key: Array("tombstone".utf8), offset: 101),
        OwnedEvent(value: Array("1".utf8), offset: 102, type: .append),
        OwnedEvent(value: Array("2".utf8), offset: 103, type: .none),
        OwnedEvent(
            value: Array("3".utf8),
            headers: [
                .init(name: Array("trace".utf8), value: Array("a".utf8)),
                .init(name: Array("trace".utf8), value: Array("b".utf8)),
                .init(name: Array("null".utf8), value: nil), .init(name: [], value: []),
                .init(name: [0xC3], value: [0x00, 0xC3, 0x28]),
            ], offset: 104),
    ]

    @Test("envelope lines are those of version 1")
    func envelopes() throws {
        let buffer = FrameBuffer(capacityBytes: 0)
        let parser = JSONParser()
        for event in Self.events { event.writeEnvelope(to: buffer, parser: parser) }
        try expect(buffer, toBe: "envelope.v1.ndjson")
    }

    @Test("dead letters are those of version 1")
    func deadLetters() throws {
        let buffer = FrameBuffer(capacityBytes: 0)
        let parser = JSONParser()
        for (event, reason) in zip(Self.events, RejectReason.allCases + RejectReason.allCases) {
            event.writeDeadLetter(reason, "because \"\(reason)\"", to: buffer, parser: parser)
        }
        try expect(buffer, toBe: "dead-letter.v1.ndjson")
    }

    @Test("the golden envelope lines are read as the events they were made of")
    func read() throws {
        let reader = EnvelopeReader()
        let lines = try golden("envelope.v1.ndjson").split(separator: 0x0A)
        #expect(try lines.map { try Array($0).withUnsafeBytes { try reader.read($0) } } == Self.events)
    }

    private static func event(_ value: String, key: String?) -> OwnedEvent {
        OwnedEvent(value, key: key)
    }

    /// With `VARVE_UPDATE_GOLDEN=1` the file is written instead: for a new version of a format.
    private func expect(_ buffer: FrameBuffer, toBe name: String) throws {
        if ProcessInfo.processInfo.environment["VARVE_UPDATE_GOLDEN"] == "1" {
            try Data(buffer.bytes).write(to: url(name))
        }
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == String(decoding: try golden(name), as: UTF8.self))
    }

    private func golden(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url(name))) }

    private func url(_ name: String) -> URL {
        URL(fileURLWithPath: TestData.repository).appending(path: "schemas/golden/\(name)")
    }
}
