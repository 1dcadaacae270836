internal import CRDKafka
internal import LakeModel

typealias Message = UnsafeMutablePointer<rd_kafka_message_t>

/// The arrays that every poll uses again: librdkafka's message pointers and the events made of them.
struct MessageBatch: ~Copyable {
    private(set) var messages: UnsafeMutableBufferPointer<Message?>
    private(set) var events: UnsafeMutableBufferPointer<Event>

    init() {
        messages = .allocate(capacity: 0)
        events = .allocate(capacity: 0)
    }

    deinit {
        // Pointers and events are trivial: nothing to deinitialise.
        messages.deallocate()
        events.deallocate()
    }

    mutating func reserve(_ count: Int) {
        guard count > messages.count else { return }
        messages.deallocate()
        events.deallocate()
        messages = .allocate(capacity: count)
        messages.initialize(repeating: nil)
        events = .allocate(capacity: count)
    }
}

/// Reads headers from librdkafka's message, which is an event's handle.
final class MessageHeaders: EventHeaders {
    /// Messages whose headers could not be parsed, since the last look.
    private(set) var unreadableCount = 0

    func forEachHeader(
        of event: Event, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) -> Void
    ) {
        guard let handle = event.handle else { return }
        let message = handle.assumingMemoryBound(to: rd_kafka_message_t.self)
        var headers: OpaquePointer?
        // The headers belong to the message; they are parsed on the first call.
        let code = rd_kafka_message_headers(message, &headers)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let headers else {
            if code != RD_KAFKA_RESP_ERR__NOENT { unreadableCount += 1 }
            return
        }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(headers, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            if let name {
                body(
                    UnsafeRawBufferPointer(start: name, count: length(ofName: name, before: value)),
                    value.map { UnsafeRawBufferPointer(start: $0, count: size) })
            }
            index += 1
        }
    }

    func takeUnreadableCount() -> Int {
        defer { unreadableCount = 0 }
        return unreadableCount
    }

    /// A name may hold NUL. librdkafka puts a value right behind its name and one NUL (rdkafka_header.c, 1.0 to 2.12);
    /// where there is none, the name ends with the first.
    private func length(ofName name: UnsafePointer<CChar>, before value: UnsafeRawPointer?) -> Int {
        var count = 0
        while name[count] != 0 { count += 1 }
        guard let value else { return count }
        let distance = value - UnsafeRawPointer(name) - 1
        return distance > count && distance < 1 << 20 ? distance : count
    }
}

extension UnsafeRawBufferPointer {
    /// Kafka's bytes: null where the pointer is nil, empty where only the length is 0.
    @inline(__always)
    init?(message bytes: UnsafeMutableRawPointer?, _ count: Int) {
        guard let bytes else { return nil }
        self.init(start: bytes, count: count)
    }
}
