@testable import Compression
@testable import Formats
import LakeModel

extension FuzzTarget {
    /// Frames of others: whatever they claim, the output stays within its limits.
    static let zstd = FuzzTarget(name: "zstd") { bytes in
        let outputMax = 1 << 20
        guard var decoder = try? FrameDecoder(limits: .init(outputBytesMax: Int64(outputMax))) else { return }
        var output = 0
        // In two pieces, so that state is carried over.
        let half = bytes.count / 2
        do {
            try decoder.decode(UnsafeRawBufferPointer(rebasing: bytes[..<half])) { output += $0.count }
            try decoder.decode(UnsafeRawBufferPointer(rebasing: bytes[half...])) { output += $0.count }
            require(output == Int(decoder.outputBytes), "the decoder counts its output")
            try decoder.finish()
            let whole = try? zstdDecompress(Array(bytes), bytesMax: outputMax)
            require(whole?.count == output, "in pieces or whole is the same")
        } catch {}
        require(output <= outputMax + (1 << 18), "the output is bounded")
    }

    static let seekTable = FuzzTarget(name: "seek-table") { bytes in
        let bytes = Array(bytes)
        _ = try? SeekTable.encodedBytes(tail: bytes)
        guard let table = try? SeekTable.parse(tail: bytes) else { return }
        let again = try? SeekTable.parse(tail: table.encoded())
        require(again == table, "a seek table is written and read back")
    }

    /// Envelope lines: a reader that has read others agrees with a new one, and what is read is written and read again.
    static let envelope = FuzzTarget(name: "envelope") { bytes in
        let (reader, parser) = (EnvelopeReader(), JSONParser())
        let buffer = FrameBuffer(capacityBytes: 0)
        for part in bytes.split(separator: UInt8(ascii: "\n")) {
            let line = UnsafeRawBufferPointer(rebasing: part)
            let event = try? reader.read(line)
            require(event == (try? EnvelopeReader().read(line)), "readers agree")
            guard let event, event.reason == nil else { continue }
            buffer.clear()
            event.writeEnvelope(to: buffer, parser: parser)
            let written = UnsafeRawBufferPointer(rebasing: buffer.bytes.dropLast())
            require((try? reader.read(written)) == event, "an envelope is written and read back")
        }
    }

    /// The judge of payloads agrees with itself when it judges what it has made smaller.
    static let json = FuzzTarget(name: "json") { bytes in
        let parser = JSONParser()
        let outcome = parser.parse(bytes)
        require(outcome == JSONParser().parse(bytes), "judging twice gives the same")
        guard outcome == .valid || outcome == .validWithLineBreaks else { return }
        require(isUTF8(bytes), "valid JSON is valid UTF-8")
        require(
            (outcome == .validWithLineBreaks) == bytes.contains { $0 == 0x0A || $0 == 0x0D },
            "line breaks are seen")
        let buffer = FrameBuffer(capacityBytes: 0)
        parser.minify(bytes, to: buffer)
        require(buffer.count <= bytes.count, "smaller is not larger")
        require(parser.parse(buffer.bytes) == .valid, "what was minified is valid and has no line breaks")
    }

    /// A pointer, a line break, a document.
    static let jsonPointer = FuzzTarget(name: "json-pointer") { bytes in
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return }
        guard let pointer = JSONPointer(String(decoding: bytes[..<end], as: UTF8.self)) else { return }
        let document = UnsafeRawBufferPointer(rebasing: bytes[(end + 1)...])
        let parser = JSONParser()
        let outcome = parser.parse(document)
        guard outcome == .valid || outcome == .validWithLineBreaks else { return }
        switch parser.value(at: pointer) {
        case .string(let text): require(isUTF8(text), "a string is UTF-8")
        case .number(let text): numbers(text)
        default: break
        }
    }

    static func numbers(_ bytes: UnsafeRawBufferPointer) {
        for unit in EventTimeRule.Unit.allCases { _ = EventTimeRule(.kafka, unit: unit) }
        let decimal = Decimal(bytes)
        for power in [-9, -6, -3, 0, 3, 6, 9] { _ = decimal?.scaled(byPowerOfTen: power) }
        guard let integer = Int64(String(decoding: bytes, as: UTF8.self)), let decimal, integer.magnitude < 1 << 53
        else {
            return
        }
        require(decimal.scaled(byPowerOfTen: 0) == integer, "a decimal is the integer that it spells")
    }
}
