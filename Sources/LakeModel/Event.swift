/// One Kafka event, borrowed: its pointers are valid only while the batch that carries it is being handled.
///
/// Nothing here owns memory, so a loop over events allocates nothing. `key` and `value` tell null (nil) from empty
/// (a pointer with `count` 0), as Kafka does; a nil value is a tombstone.
public struct Event {
    /// Which topic partition: the dense index that the source gave it on assignment, the same for the whole process.
    public var source: Int32
    public var timestampType: TimestampType
    public var offset: Int64
    /// Milliseconds since 1970; meaningless where `timestampType` is `.none`.
    public var timestamp: Int64
    public var key: UnsafeRawBufferPointer?
    public var value: UnsafeRawBufferPointer?
    /// The source's own handle for this event; only the `EventHeaders` of the same batch understands it.
    public var handle: UnsafeMutableRawPointer?

    public init(
        source: Int32, offset: Int64, timestamp: Int64, timestampType: TimestampType,
        key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, handle: UnsafeMutableRawPointer? = nil
    ) {
        (self.source, self.offset) = (source, offset)
        (self.timestamp, self.timestampType) = (timestamp, timestampType)
        (self.key, self.value, self.handle) = (key, value, handle)
    }
}

/// Where an event's timestamp comes from; the raw values are those of the Kafka protocol's attribute bit, plus none.
public enum TimestampType: Int8, Sendable, CaseIterable {
    case none = -1
    case create = 0
    case append = 1
}

/// Events in the order of their source, borrowed for the length of one call.
public struct EventBatch {
    public let events: UnsafeBufferPointer<Event>
    public let headers: any EventHeaders

    public init(events: UnsafeBufferPointer<Event>, headers: any EventHeaders) {
        self.events = events
        self.headers = headers
    }
}

/// Reads the headers of a borrowed event. Names can repeat, values can be null, order is kept.
public protocol EventHeaders: AnyObject {
    /// Calls `body(name, value)` for each header in order; the pointers are valid inside the call only.
    func forEachHeader(
        of event: Event, _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) -> Void)
}

/// The headers of events that have none.
public final class NoHeaders: EventHeaders {
    public init() {}

    public func forEachHeader(of event: Event, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) -> Void) {}
}
