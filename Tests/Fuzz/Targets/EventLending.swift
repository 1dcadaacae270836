import Compression
import Formats
import LakeModel

/// Serves the headers of one stored event.
private final class StoredHeaders: EventHeaders {
    private let headers: [StoredEvent.Header]

    init(_ headers: [StoredEvent.Header]) { self.headers = headers }

    func forEachHeader(of event: Event, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) -> Void) {
        for header in headers {
            header.name.withUnsafeBytes { name in lend(header.value) { body(name, $0) } }
        }
    }
}

/// An empty array may have no address; an empty payload is still not a null one.
private func lend<Result>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> Result) -> Result {
    guard let bytes else { return body(nil) }
    return bytes.withUnsafeBytes { raw in
        body(raw.baseAddress == nil ? UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: 64), count: 0) : raw)
    }
}

extension StoredEvent {
    func writeEnvelope(to buffer: FrameBuffer, parser: JSONParser) {
        var writer = EnvelopeWriter()
        let prefix = EnvelopePrefix(topic: topicPartition.topic, partition: topicPartition.partition)
        lend(key) { key in
            lend(value) { value in
                let event = Event(
                    source: 0, offset: offset, timestamp: timestamp?.milliseconds ?? -1, timestampType: timestampType,
                    key: key, value: value)
                _ = writer.append(event, prefix: prefix, headers: StoredHeaders(headers), parser: parser, to: buffer)
            }
        }
    }
}
