import Compression
import Formats
import LakeModel
import Testing

@Suite("Lines")
struct LineWriterTests {
    static let front =
        #"{"topic":"orders","partition":3,"offset":7,"timestamp":1768464000000,"timestamp_type":"create","#

    @Test(
        "a payload's envelope",
        arguments: [
            (#"{ "a" : 1 }"#, #""value":{ "a" : 1 }"#), ("null", #""value":null"#), ("\"é\"", "\"value\":\"é\""),
            ("", #""value_base64":"""#), ("nope", #""value_base64":"bm9wZQ==""#),
            ("[1e999]", #""value_base64":"WzFlOTk5XQ==""#), (#"["\ud800"]"#, #""value_base64":"WyJcdWQ4MDAiXQ==""#),
            ("{\n\"a\":\r\n1}", "\"value_breaks\":[2,5,1],\"value\":{ \"a\":\t 1}"),
            ("\n1", #""value_breaks":[1],"value": 1"#),
        ])
    func payloads(payload: String, expected: String) {
        #expect(OwnedEvent(payload).envelope() == Self.front + #""key":null,"# + expected + "}\n")
    }

    @Test("a tombstone is told from a null, and a missing timestamp from a zero")
    func nothing() {
        #expect(OwnedEvent(value: nil).envelope() == Self.front + #""key":null,"tombstone":true,"value":null}"# + "\n")
        let line = OwnedEvent(value: nil, type: .none).envelope()
        #expect(line.contains(#","timestamp":null,"timestamp_type":"none","#))
        let zero = OwnedEvent(value: nil, offset: 0, timestamp: 0, type: .append).envelope()
        #expect(zero.contains(#","offset":0,"timestamp":0,"timestamp_type":"append","#))
    }

    @Test("keys and headers are text where they can be, base64 where they must")
    func keysAndHeaders() {
        let event = OwnedEvent(
            value: Array("1".utf8), key: Array("a\"\\\u{1}\n\u{7F}é".utf8),
            headers: [
                .init(name: Array("a".utf8), value: Array("b".utf8)), .init(name: Array("a".utf8), value: nil),
                .init(name: [], value: []), .init(name: [0xFF], value: [0, 0xFE]),
            ])
        let expected =
            #""key":"a\"\\\u0001\n\#u{7F}é","headers":[{"name":"a","value":"b"},{"name":"a","value":null},"#
            + #"{"name":"","value":""},{"name_base64":"/w==","value_base64":"AP4="}],"value":1}"#
        #expect(event.envelope() == Self.front + expected + "\n")
        #expect(OwnedEvent(value: [0x31], key: [0xC3, 0x28]).envelope().contains(#""key_base64":"wyg=","#))
        #expect(OwnedEvent(value: [0x31], key: []).envelope().contains(#""key":"","#))
    }

    @Test(
        "integers are written in full",
        arguments: [
            0, 1, 9, 10, 99, 100, 999, 1000, 12_345, 99_999_999, 100_000_000, 999_999_999_999_999_999,
            1_000_000_000_000_000_000, .max, -1, -10, -99, .min,
        ] as [Int64])
    func integers(value: Int64) {
        let line = OwnedEvent(value: nil, offset: value, timestamp: value).envelope()
        #expect(line.contains(#","offset":\#(value),"timestamp":\#(value),"#))
    }

    @Test("every power of ten and its neighbours are written in full")
    func powersOfTen() {
        var power: Int64 = 1
        while power <= Int64.max / 10 {
            for value in [power - 1, power, power + 1] {
                #expect(OwnedEvent(value: nil, offset: value).envelope().contains("\"offset\":\(value),"))
            }
            power *= 10
        }
    }

    @Test("a topic's name is escaped")
    func topic() {
        var event = OwnedEvent("1")
        event.topicPartition = TopicPartition(topic: "a\"b\nc", partition: -1)
        #expect(event.envelope().hasPrefix(#"{"topic":"a\"b\nc","partition":-1,"offset":7,"#))
    }

    @Test("dead letters say why, before the key")
    func deadLetters() {
        let buffer = FrameBuffer(capacityBytes: 0)
        OwnedEvent("nope", key: "k").writeDeadLetter(.notJSON, "a \"detail\"", to: buffer, parser: JSONParser())
        let expected = #""reason":"not_json","detail":"a \"detail\"","key":"k","value_base64":"bm9wZQ=="}"#
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == Self.front + expected + "\n")
    }

    @Test("a long detail is cut at a character")
    func detail() throws {
        let buffer = FrameBuffer(capacityBytes: 0)
        let detail = String(repeating: "é", count: 400) + String(repeating: "👩‍👩‍👧", count: 100)
        OwnedEvent("1").writeDeadLetter(.late, detail, to: buffer, parser: JSONParser())
        let event = try EnvelopeReader().read(UnsafeRawBufferPointer(rebasing: buffer.bytes.dropLast()))
        let written = try #require(event.detail)
        #expect(written.utf8.count <= DeadLetterWriter.detailBytesMax && detail.hasPrefix(written))
        #expect(written.utf8.count > DeadLetterWriter.detailBytesMax - 20)
    }

    @Test(
        "value lines are payloads, or nothing",
        arguments: [
            (#"{ "a" : 1 }"#, #"{ "a" : 1 }"#, .written), ("{\n\"a\": 1}\r\n", #"{"a":1}"#, .written),
            ("nope", "", .rejected(.notJSON)), ("", "", .rejected(.notJSON)), ("{\"a\":1", "", .rejected(.notJSON)),
            (String(repeating: "[", count: 200) + String(repeating: "]", count: 200), "", .rejected(.tooDeep)),
        ] as [(String, String, AppendOutcome)])
    func values(payload: String, expected: String, outcome: AppendOutcome) {
        let buffer = FrameBuffer(capacityBytes: 0)
        buffer.append(UInt8(ascii: ">"))
        let parser = JSONParser()
        var writer = ValueWriter()
        OwnedEvent(payload).borrowed { event in
            #expect(writer.append(event, parser: parser, to: buffer) == outcome)
            let known = event.value.map { parser.parse($0) }
            let before = buffer.count
            #expect(writer.append(event, parser: parser, to: buffer, known: known) == outcome)
            if outcome == .written { buffer.truncate(to: before) }
        }
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == ">" + expected + (outcome == .written ? "\n" : ""))
    }

    @Test("a tombstone has no value line")
    func tombstone() {
        let buffer = FrameBuffer(capacityBytes: 0)
        var writer = ValueWriter()
        OwnedEvent(value: nil).borrowed { event in
            #expect(writer.append(event, parser: JSONParser(), to: buffer) == .rejected(.tombstone))
        }
        #expect(buffer.count == 0)
    }
}
