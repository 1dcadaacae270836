import Formats
import LakeModel
import TestSupport
import Testing

@Suite("Envelope reader")
struct EnvelopeReaderTests {
    static let good =
        #"{"topic":"t","partition":0,"offset":5,"timestamp":1,"timestamp_type":"create","key":"k","#
        + #""headers":[{"name":"a","value":"b"}],"value":{"x":1}}"#

    @Test(
        "a line is told with the place where it goes wrong",
        arguments: [
            ("", 0), ("{}", 0), (#"{"topic":5"#, 9), (#"{"topic":"t","partition":01"#, 25),
            (#"{"topic":"t","partition":3000000000,"offset":1"#, 35), (#"{"topic":"t","partition":0,"offset":1.5"#, 37),
            (#"{"topic":"t","partition":0,"offset":9223372036854775808"#, 36),
            (#"{"topic":"t\ud800","partition":0"#, 17), (#"{"topic":"\x""#, 10), ("{\"topic\":\"a\u{1}\"", 11),
        ])
    func place(line: String, byte: Int) throws {
        let error = try #require(throws: LineError.self) { try read(line) }
        #expect(error.byte == byte, "\(error)")
    }

    @Test(
        "lines that no writer makes are refused",
        arguments: [
            (#""offset":5"#, #""offset": 5"#), (#""timestamp":1"#, #""timestamp":null"#), ("create", "none"),
            ("create", "later"), (#""key":"k""#, #""key":5"#), (#""key":"k""#, #""key_base64":"a""#),
            (#""key":"k""#, #""key_base64":"YR==""#), (#""key":"k""#, #""key_base64":"Y=Q=""#),
            (#""key":"k","#, ""), (#""name":"a""#, #""name":null"#), (#"[{"name":"a","value":"b"}]"#, "[]"),
            (#"{"x":1}}"#, #"{"x":1}"#), (#"{"x":1}}"#, #"{"x":1}}}"#), (#"{"x":1}}"#, #"{"x":1},"y":2}"#),
            (#"{"x":1}}"#, #"}"#), (#""value":{"x":1}"#, #""value_breaks":[1],"value":{"x":1}"#),
            (#""value":{"x":1}"#, #""value_breaks":[9],"value": {"x":1}"#),
            (#""value":{"x":1}"#, #""value_breaks":[0],"value": {"x":1}"#),
            (#""value":{"x":1}"#, #""value_breaks":[9223372036854775807],"value": {"x":1}"#),
            (#""value":{"x":1}"#, #""tombstone":true,"value":{"x":1}"#),
            (#""value":{"x":1}"#, #""tombstone":false,"value":null"#), ("{\"x\":1}", "{\"x\":\r1}"),
        ])
    func malformed(part: String, other: String) throws {
        _ = try read(Self.good)
        let line = try #require(
            Self.good.firstRange(of: part).map { Self.good.replacingCharacters(in: $0, with: other) })
        #expect(throws: LineError.self) { try read(line) }
    }

    @Test("every front of a good line is refused")
    func truncated() {
        let bytes = Array(Self.good.utf8)
        let reader = EnvelopeReader()
        for count in 0..<bytes.count {
            #expect(throws: LineError.self, "\(count) bytes") {
                try bytes.withUnsafeBytes { _ = try reader.read(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            }
        }
    }

    @Test("escapes that other writers prefer are understood")
    func escapes() throws {
        let line = Self.good.replacing("\"k\"", with: #""\u0041\/\b\f\ud83d\uDE00\u00E9""#)
        #expect(try read(line).key == Array("A/\u{8}\u{C}😀é".utf8))
    }

    @Test("a reader follows topic partitions that change from line to line")
    func fronts() throws {
        let reader = EnvelopeReader()
        for (topic, partition) in [("a", 1), ("a", 11), ("a", 1), ("b", 1), ("a", 1), ("", 1)] {
            var event = OwnedEvent("1")
            event.topicPartition = TopicPartition(topic: topic, partition: Int32(partition))
            let line = Array(event.envelope().utf8.dropLast())
            #expect(try line.withUnsafeBytes { try reader.read($0) }.topicPartition == event.topicPartition)
        }
    }

    @Test("what needs no decoding is lent from the line")
    func lent() throws {
        let (reader, line) = (EnvelopeReader(), Array(Self.good.utf8))
        try line.withUnsafeBytes { line in
            let lent = try reader.lend(line)
            let (base, value) = (try #require(line.baseAddress), try #require(lent.event.value))
            #expect(value.baseAddress == base + (line.count - 1 - value.count))
            #expect(lent.known == .valid)
        }
    }

    @Test("decoded pieces of one line do not disturb each other")
    func decoded() throws {
        let line =
            #"{"topic":"t","partition":0,"offset":5,"timestamp":1,"timestamp_type":"create","key":"\u00e9\n","#
            + #""headers":[{"name_base64":"//8=","value":"a\\b"}],"value_breaks":[2],"value":{ "x":1}}"#
        let event = try read(line)
        #expect(event.key == Array("é\n".utf8))
        #expect(event.headers == [.init(name: [0xFF, 0xFF], value: Array(#"a\b"#.utf8))])
        #expect(event.value == Array("{\n\"x\":1}".utf8))
    }

    @Test("random damage never traps", arguments: 0..<8 as Range<UInt64>)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let reader = EnvelopeReader()
        for _ in 0..<2000 {
            var bytes = Array(Self.good.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: bytes.indices, using: &generator)
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = try? bytes.withUnsafeBytes { try reader.read($0) }
        }
    }

    @discardableResult
    private func read(_ line: String) throws -> StoredEvent {
        let reader = EnvelopeReader()
        return try Array(line.utf8).withUnsafeBytes { try reader.read($0) }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
