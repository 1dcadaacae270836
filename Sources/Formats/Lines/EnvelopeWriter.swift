public import Compression
public import LakeModel

/// The front of every envelope line of one topic partition: `{"topic":"orders","partition":3,"offset":`.
public struct EnvelopePrefix: Sendable {
    let bytes: [UInt8]

    public init(topic: String, partition: Int32) {
        let buffer = FrameBuffer(capacityBytes: 64 + topic.utf8.count * 6)
        buffer.append(literal: "{\"topic\":\"")
        var topic = topic
        topic.withUTF8 { buffer.append(escaping: UnsafeRawBufferPointer($0)) }
        buffer.append(literal: "\",\"partition\":")
        buffer.append(decimal: Int64(partition))
        buffer.append(literal: ",\"offset\":")
        bytes = [UInt8](buffer.bytes)
    }
}

/// Writes events as envelope lines: everything that Kafka knows of an event, restorable byte for byte.
///
/// The format is described in `docs/formats.md` and, as it parses, by `schemas/envelope.v1.json`.
public struct EnvelopeWriter: Sendable {
    public init() {}

    /// Writes one line; an envelope takes every event.
    ///
    /// `known` spares a second check of a payload that `parser` judged last; without it the payload is judged here.
    public mutating func append(
        _ event: Event, prefix: borrowing EnvelopePrefix, headers: any EventHeaders, parser: JSONParser,
        to buffer: FrameBuffer, known: JSONOutcome? = nil
    ) -> AppendOutcome {
        buffer.append(coordinatesOf: event, prefix: prefix)
        buffer.append(keyAndHeadersOf: event, headers: headers)
        buffer.append(valueOf: event, known: known, parser: parser)
        return .written
    }
}

/// Writes events that cannot be placed: envelope lines that also say why.
public struct DeadLetterWriter: Sendable {
    /// Longer details are cut at a character.
    public static let detailBytesMax = 1024

    public init() {}

    /// Writes one line; a dead letter takes every event.
    public mutating func append(
        _ event: Event, prefix: borrowing EnvelopePrefix, headers: any EventHeaders, parser: JSONParser,
        reason: RejectReason, detail: String, to buffer: FrameBuffer
    ) -> AppendOutcome {
        buffer.append(coordinatesOf: event, prefix: prefix)
        buffer.append(literal: ",\"reason\":\"")
        buffer.append(text: reason.rawValue)
        buffer.append(literal: "\",\"detail\":\"")
        buffer.append(text: detail.cut(toBytes: Self.detailBytesMax))
        buffer.append(literal: "\"")
        buffer.append(keyAndHeadersOf: event, headers: headers)
        buffer.append(valueOf: event, known: nil, parser: parser)
        return .written
    }
}

extension FrameBuffer {
    /// `{"topic":…,"partition":…,"offset":…,"timestamp":…,"timestamp_type":…`
    @inline(__always)
    fileprivate func append(coordinatesOf event: Event, prefix: borrowing EnvelopePrefix) {
        prefix.bytes.withUnsafeBytes { append($0) }
        append(decimal: event.offset)
        switch event.timestampType {
        case .create:
            append(literal: ",\"timestamp\":")
            append(decimal: event.timestamp)
            append(literal: ",\"timestamp_type\":\"create\"")
        case .append:
            append(literal: ",\"timestamp\":")
            append(decimal: event.timestamp)
            append(literal: ",\"timestamp_type\":\"append\"")
        case .none:
            append(literal: ",\"timestamp\":null,\"timestamp_type\":\"none\"")
        }
    }

    /// `,"key":…` and, where there are any, `,"headers":[…]`
    @inline(__always)
    fileprivate func append(keyAndHeadersOf event: Event, headers: any EventHeaders) {
        append(field: "key", event.key)
        var isFirst = true
        headers.forEachHeader(of: event) { name, value in
            self.append(literal: isFirst ? ",\"headers\":[{" : ",{")
            isFirst = false
            self.append(member: "name", name)
            self.append(field: "value", value)
            self.append(literal: "}")
        }
        if !isFirst { append(literal: "]") }
    }

    /// `,"<name>":"text"`, `,"<name>_base64":"…"` or `,"<name>":null`
    private func append(field name: StaticString, _ bytes: UnsafeRawBufferPointer?) {
        append(literal: ",")
        append(member: name, bytes)
    }

    private func append(member name: StaticString, _ bytes: UnsafeRawBufferPointer?) {
        append(literal: "\"")
        append(literal: name)
        guard let bytes else {
            append(literal: "\":null")
            return
        }
        if isPlain(bytes) {
            append(literal: "\":\"")
            append(bytes)
        } else if isUTF8(bytes) {
            append(literal: "\":\"")
            append(escaping: bytes)
        } else {
            append(literal: "_base64\":\"")
            append(base64: bytes)
        }
        append(literal: "\"")
    }

    /// The value's fields, always the last of a line, and the end of the line.
    @inline(__always)
    fileprivate func append(valueOf event: Event, known: JSONOutcome?, parser: JSONParser) {
        guard let value = event.value else {
            append(literal: ",\"tombstone\":true,\"value\":null}\n")
            return
        }
        switch known ?? parser.parse(value) {
        case .valid:
            append(literal: ",\"value\":")
            append(value)
            append(literal: "}\n")
        case .validWithLineBreaks:
            append(unbroken: value)
        case .invalid:
            append(literal: ",\"value_base64\":\"")
            append(base64: value)
            append(literal: "\"}\n")
        }
    }

    /// A JSON payload with line breaks: blanks in their place, and how far each was from the one before.
    ///
    /// LF becomes a space and CR a tab, white space both, so the payload stays queryable and can be restored
    /// (docs/decisions/0041-envelope-lines.md).
    private func append(unbroken value: UnsafeRawBufferPointer) {
        append(literal: ",\"value_breaks\":[")
        var last = 0
        for (index, byte) in value.enumerated() where byte == 0x0A || byte == 0x0D {
            if last > 0 { append(literal: ",") }
            append(decimal: Int64(index + 1 - last))
            last = index + 1
        }
        append(literal: "],\"value\":")
        let start = count
        append(value)
        for index in 0..<value.count where value[index] == 0x0A || value[index] == 0x0D {
            base.storeBytes(of: value[index] == 0x0A ? 0x20 : 0x09, toByteOffset: start + index, as: UInt8.self)
        }
        append(literal: "}\n")
    }

    fileprivate func append(text: String) {
        var text = text
        text.withUTF8 { append(escaping: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// The longest start of whole characters that takes at most `bytes` bytes.
    fileprivate func cut(toBytes bytes: Int) -> String {
        guard utf8.count > bytes else { return self }
        var end = utf8.index(startIndex, offsetBy: bytes)
        while end.samePosition(in: self) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
