public import Compression
public import LakeModel

/// Writes events that were read back as envelope lines again.
public struct StoredEventWriter {
    private let parser = JSONParser()
    private var writer = EnvelopeWriter()
    private var source: TopicPartition?
    private var prefix = EnvelopePrefix(topic: "", partition: 0)

    public init() {}

    /// Writes one line with its line feed.
    public mutating func append(_ event: StoredEvent, to buffer: FrameBuffer) {
        if source != event.topicPartition {
            source = event.topicPartition
            prefix = EnvelopePrefix(topic: event.topicPartition.topic, partition: event.topicPartition.partition)
        }
        event.withEvent { lent, headers in
            _ = writer.append(lent, prefix: prefix, headers: headers, parser: parser, to: buffer)
        }
    }
}

extension StoredEvent {
    /// Lends the event as the writers of this module want it; its pointers are valid inside the call only.
    public func withEvent<Result, Failure>(
        _ body: (Event, any EventHeaders) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let lent = LentHeaders(headers)
        return try Self.lend(key) { (key) throws(Failure) in
            try Self.lend(value) { (value) throws(Failure) in
                try body(
                    Event(
                        source: 0, offset: offset, timestamp: timestamp?.milliseconds ?? 0,
                        timestampType: timestampType, key: key, value: value), lent)
            }
        }
    }

    private static func lend<Result, Failure>(
        _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let bytes else { return try body(nil) }
        return try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) in
            try body(UnsafeRawBufferPointer(buffer))
        }
    }
}

/// The headers of one event that was read back.
private final class LentHeaders: EventHeaders {
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
