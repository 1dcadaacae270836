import Compression
import Formats
import LakeModel
import TestSupport

/// An event that owns its bytes, to be written and compared.
typealias OwnedEvent = StoredEvent

/// Serves the headers of one owned event.
final class OwnedHeaders: EventHeaders {
    private let headers: [StoredEvent.Header]

    init(_ headers: [StoredEvent.Header]) {
        self.headers = headers
    }

    func forEachHeader(of event: Event, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) -> Void) {
        for header in headers {
            header.name.withUnsafeBytes { name in
                if let value = header.value {
                    value.withUnsafeBytes { body(name, $0) }
                } else {
                    body(name, nil)
                }
            }
        }
    }
}

extension OwnedEvent {
    init(
        value: [UInt8]?, key: [UInt8]? = nil, headers: [Header] = [], offset: Int64 = 7,
        timestamp: Int64? = 1_768_464_000_000, type: TimestampType = .create
    ) {
        self.init(
            TopicPartition(topic: "orders", partition: 3), offset: offset,
            timestamp: type == .none ? nil : timestamp.map(Timestamp.init(milliseconds:)), timestampType: type,
            key: key, headers: headers, value: value)
    }

    init(_ value: String, key: String? = nil) {
        self.init(value: Array(value.utf8), key: key.map { Array($0.utf8) })
    }

    /// Lends the event as the sources do.
    func borrowed<Result>(_ body: (Event) throws -> Result) rethrows -> Result {
        try lend(key) { key in
            try lend(value) { value in
                try body(
                    Event(
                        source: 0, offset: offset, timestamp: timestamp?.milliseconds ?? -1,
                        timestampType: timestampType, key: key, value: value))
            }
        }
    }

    func writeEnvelope(to buffer: FrameBuffer, parser: JSONParser) {
        var writer = EnvelopeWriter()
        let prefix = EnvelopePrefix(topic: topicPartition.topic, partition: topicPartition.partition)
        borrowed { event in
            _ = writer.append(
                event, prefix: prefix, headers: OwnedHeaders(headers), parser: parser, to: buffer)
        }
    }

    func writeDeadLetter(_ reason: RejectReason, _ detail: String, to buffer: FrameBuffer, parser: JSONParser) {
        var writer = DeadLetterWriter()
        let prefix = EnvelopePrefix(topic: topicPartition.topic, partition: topicPartition.partition)
        borrowed { event in
            _ = writer.append(
                event, prefix: prefix, headers: OwnedHeaders(headers), parser: parser, reason: reason,
                detail: detail, to: buffer)
        }
    }

    /// The envelope line, with its line break.
    func envelope() -> String {
        let buffer = FrameBuffer(capacityBytes: 0)
        writeEnvelope(to: buffer, parser: JSONParser())
        return String(decoding: buffer.bytes, as: UTF8.self)
    }
}

private func lend<Result>(
    _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws -> Result
) rethrows -> Result {
    guard let bytes else { return try body(nil) }
    return try bytes.withUnsafeBytes { raw in
        // An empty array may have no address; an empty payload is still not a null one.
        try body(raw.baseAddress == nil ? UnsafeRawBufferPointer(start: emptyAddress, count: 0) : raw)
    }
}

private var emptyAddress: UnsafeRawPointer? { UnsafeRawPointer(bitPattern: 64) }

func judge(_ text: String) -> JSONOutcome {
    judge(Array(text.utf8))
}

func judge(_ bytes: [UInt8]) -> JSONOutcome {
    let parser = JSONParser()
    return bytes.withUnsafeBytes { parser.parse($0) }
}
