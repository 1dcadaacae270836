public import Compression
import Glibc
public import LakeModel

/// The constant front of every envelope line of one topic partition.
public struct EnvelopePrefix: Sendable {
    let bytes: [UInt8]

    public init(topic: String, partition: Int32) {
        let buffer = FrameBuffer(capacityBytes: 256)
        buffer.append("{\"topic\":")
        var name = topic
        name.withUTF8 { _ = buffer.append(jsonString: UnsafeRawBufferPointer($0)) }
        buffer.append(",\"partition\":")
        buffer.append(decimal: Int64(partition))
        buffer.append(",\"offset\":")
        bytes = Array(UnsafeRawBufferPointer(start: buffer.base, count: buffer.count))
    }
}

/// Writes events as envelope lines: lossless JSON, one event a line. Format: `docs/formats.md`.
///
/// The value stands last, so that a payload can be cut out of its line byte for byte.
public struct EnvelopeWriter: Sendable {
    public init() {}

    /// Appends one line, ending in a line feed. Never refuses an event.
    public mutating func append(
        _ event: Event, prefix: EnvelopePrefix, headers: any EventHeaders, parser: JSONParser, to buffer: FrameBuffer
    ) -> AppendOutcome {
        Self.appendCoordinates(event, prefix, to: buffer)
        Self.appendKeyAndHeaders(event, headers, to: buffer)
        Self.appendValue(event, parser, to: buffer)
        return .written
    }

    @inline(__always)
    static func appendCoordinates(_ event: Event, _ prefix: EnvelopePrefix, to buffer: FrameBuffer) {
        prefix.bytes.withUnsafeBytes { buffer.append($0) }
        buffer.append(decimal: event.offset)
        switch event.timestampType {
        case .create:
            buffer.append(",\"timestamp\":")
            buffer.append(decimal: event.timestamp)
            buffer.append(",\"timestamp_type\":\"create\"")
        case .append:
            buffer.append(",\"timestamp\":")
            buffer.append(decimal: event.timestamp)
            buffer.append(",\"timestamp_type\":\"append\"")
        case .none:
            buffer.append(",\"timestamp\":null,\"timestamp_type\":\"none\"")
        }
    }

    @inline(__always)
    static func appendKeyAndHeaders(_ event: Event, _ headers: any EventHeaders, to buffer: FrameBuffer) {
        if let key = event.key {
            let start = buffer.count
            buffer.append(",\"key\":")
            if !buffer.append(jsonString: key) {
                buffer.truncate(to: start)
                buffer.append(",\"key_base64\":")
                buffer.append(base64: key)
            }
        } else {
            buffer.append(",\"key\":null")
        }
        var count = 0
        headers.forEachHeader(of: event) { name, value in
            buffer.append(count == 0 ? ",\"headers\":[" : ",")
            count += 1
            appendText(name, as: "{\"name\":", orBase64: "{\"name_base64\":", to: buffer)
            if let value {
                appendText(value, as: ",\"value\":", orBase64: ",\"value_base64\":", to: buffer)
                buffer.append("}")
            } else {
                buffer.append(",\"value\":null}")
            }
        }
        if count > 0 { buffer.append("]") }
    }

    private static func appendText(
        _ bytes: UnsafeRawBufferPointer, as label: StaticString, orBase64 other: StaticString, to buffer: FrameBuffer
    ) {
        let start = buffer.count
        buffer.append(label)
        if buffer.append(jsonString: bytes) { return }
        buffer.truncate(to: start)
        buffer.append(other)
        buffer.append(base64: bytes)
    }

    @inline(__always)
    private static func appendValue(_ event: Event, _ parser: JSONParser, to buffer: FrameBuffer) {
        guard let value = event.value else {
            buffer.append(",\"tombstone\":true,\"value\":null}\n")
            return
        }
        let labelStart = buffer.count
        buffer.append(",\"value\":")
        let start = buffer.count
        buffer.append(value)
        let isJSON = parser.parse(padded: UnsafeRawBufferPointer(start: buffer.base + start, count: value.count)) == .valid
        if isJSON, !value.hasLineBreak {
            buffer.append("}\n")
            return
        }
        buffer.truncate(to: labelStart)
        buffer.append(",\"value_base64\":")
        buffer.append(base64: value)
        if isJSON {
            // Lossless in base64, and still there for queries.
            buffer.append(",\"value\":")
            let minified = buffer.count
            buffer.append(value)
            if !JSONParser.minify(buffer, from: minified) {
                buffer.truncate(to: minified)
                buffer.append("null")
            }
        }
        buffer.append("}\n")
    }

    /// Appends the value of a dead letter: as base64 unless it is text.
    static func appendOpaqueValue(_ event: Event, to buffer: FrameBuffer) {
        guard let value = event.value else {
            buffer.append(",\"tombstone\":true,\"value\":null}\n")
            return
        }
        buffer.append(",\"value_base64\":")
        buffer.append(base64: value)
        buffer.append("}\n")
    }
}

/// Writes payloads alone, one JSON text a line.
public struct ValueWriter: Sendable {
    public init() {}

    /// Appends the payload and a line feed; a payload with line breaks is minified. Anything that is not JSON is
    /// refused, and the buffer left as it was.
    @inline(__always)
    public mutating func append(_ event: Event, parser: JSONParser, to buffer: FrameBuffer) -> AppendOutcome {
        guard let value = event.value else { return .rejected(.tombstone) }
        let start = buffer.count
        buffer.ensure(free: value.count + 1)
        buffer.append(value)
        switch parser.parse(padded: UnsafeRawBufferPointer(start: buffer.base + start, count: value.count)) {
        case .valid: break
        case .invalid:
            buffer.truncate(to: start)
            return .rejected(.notJSON)
        case .tooDeep:
            buffer.truncate(to: start)
            return .rejected(.tooDeep)
        }
        if value.hasLineBreak, !JSONParser.minify(buffer, from: start) {
            buffer.truncate(to: start)
            return .rejected(.notJSON)
        }
        buffer.append(UInt8(ascii: "\n"))
        return .written
    }
}

/// Writes events that have no place elsewhere: envelope lines with a reason.
public struct DeadLetterWriter: Sendable {
    public init() {}

    public mutating func append(
        _ event: Event, prefix: EnvelopePrefix, headers: any EventHeaders, reason: RejectReason, detail: String,
        to buffer: FrameBuffer
    ) -> AppendOutcome {
        EnvelopeWriter.appendCoordinates(event, prefix, to: buffer)
        for (label, text) in [(",\"reason\":" as StaticString, reason.rawValue), (",\"detail\":", detail)] {
            buffer.append(label)
            var text = text
            text.withUTF8 { _ = buffer.append(jsonString: UnsafeRawBufferPointer($0)) }
        }
        EnvelopeWriter.appendKeyAndHeaders(event, headers, to: buffer)
        EnvelopeWriter.appendOpaqueValue(event, to: buffer)
        return .written
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the line would end early.
    @inline(__always)
    var hasLineBreak: Bool {
        guard let start = baseAddress else { return false }
        return memchr(start, 0x0A, count) != nil || memchr(start, 0x0D, count) != nil
    }
}
