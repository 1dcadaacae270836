import Compression
import Formats
import LakeModel
import TestSupport
import Testing

@Suite("Round trip")
struct RoundTripTests {
    @Test("what is written as an envelope is read back byte for byte", arguments: 1...16 as ClosedRange<UInt64>)
    func envelopes(seed: UInt64) throws {
        var random = RandomEvents(seed: seed)
        let parser = JSONParser()
        let reader = EnvelopeReader()
        let buffer = FrameBuffer(capacityBytes: 0)
        var kinds: Set<String> = []
        for offset in 0..<500 as Range<Int64> {
            let event = random.next(offset: offset)
            buffer.clear()
            event.writeEnvelope(to: buffer, parser: parser)
            let line = try oneLine(buffer)
            let read = try reader.read(line)
            #expect(read == event, "seed \(seed), offset \(offset)")
            kinds.insert(kind(String(decoding: line, as: UTF8.self)))
        }
        #expect(kinds == ["tombstone", "base64", "breaks", "verbatim"], "seed \(seed)")
    }

    @Test("a payload is judged the same whether it was judged before or not", arguments: 1...4 as ClosedRange<UInt64>)
    func known(seed: UInt64) {
        var random = RandomEvents(seed: seed)
        let parser = JSONParser()
        var writer = EnvelopeWriter()
        let prefix = EnvelopePrefix(topic: "t", partition: 0)
        let (one, other) = (FrameBuffer(capacityBytes: 0), FrameBuffer(capacityBytes: 0))
        for offset in 0..<200 as Range<Int64> {
            random.next(offset: offset).borrowed { event in
                let known = event.value.map { parser.parse($0) }
                let headers = NoHeaders()
                _ = writer.append(event, prefix: prefix, headers: headers, parser: parser, to: one, known: known)
                _ = writer.append(event, prefix: prefix, headers: headers, parser: parser, to: other)
            }
        }
        #expect(Array(one.bytes) == Array(other.bytes), "seed \(seed)")
    }

    @Test("dead letters are read back with their reason", arguments: RejectReason.allCases)
    func deadLetters(reason: RejectReason) throws {
        var random = RandomEvents(seed: 99)
        let parser = JSONParser()
        let buffer = FrameBuffer(capacityBytes: 0)
        for offset in 0..<50 as Range<Int64> {
            var event = random.next(offset: offset)
            buffer.clear()
            event.writeDeadLetter(reason, "because \"\(offset)\"\n", to: buffer, parser: parser)
            (event.reason, event.detail) = (reason.rawValue, "because \"\(offset)\"\n")
            #expect(try EnvelopeReader().read(oneLine(buffer)) == event)
        }
    }

    @Test("value lines hold the JSON payloads, one a line", arguments: 1...4 as ClosedRange<UInt64>)
    func values(seed: UInt64) throws {
        var random = RandomEvents(seed: seed)
        let parser = JSONParser()
        var writer = ValueWriter()
        let buffer = FrameBuffer(capacityBytes: 0)
        for offset in 0..<500 as Range<Int64> {
            let event = random.next(offset: offset)
            buffer.clear()
            switch event.borrowed({ writer.append($0, parser: parser, to: buffer) }) {
            case .rejected: #expect(buffer.count == 0)
            case .written:
                let line = try oneLine(buffer)
                #expect(parser.parse(line) == .valid)
                let payload = try #require(event.value)
                if judge(payload) == .valid { #expect(line.elementsEqual(payload), "seed \(seed)") }
            }
        }
    }

    private func oneLine(_ buffer: FrameBuffer) throws -> UnsafeRawBufferPointer {
        try #require(buffer.bytes.last == 0x0A)
        let line = UnsafeRawBufferPointer(rebasing: buffer.bytes.dropLast())
        #expect(!line.contains(0x0A) && !line.contains(0x0D))
        return line
    }

    private func kind(_ line: String) -> String {
        line.contains(",\"tombstone\":")
            ? "tombstone"
            : line.contains(",\"value_base64\":\"") && line.hasSuffix("\"}")
                ? "base64"
                : line.contains(",\"value_breaks\":[") ? "breaks" : "verbatim"
    }
}
