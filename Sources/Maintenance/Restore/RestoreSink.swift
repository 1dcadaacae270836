public import Formats
import LakeModel

/// Where restored events go, and where the restore's progress is kept. Used by one task at a time.
///
/// Contract: what `save` has returned for is in the sink with its state, once; of what was sent after the last `save`
/// nothing is seen by readers, where `isExactlyOnce`; else it may be there, and then comes again.
public protocol RestoreSink: AnyObject {
    var isExactlyOnce: Bool { get }

    /// Shuts out an older run of the same name, and reads what it kept; nil where there was none.
    func open() throws -> String?

    /// Takes one event; it may wait for room.
    func send(_ event: StoredEvent) throws

    /// Waits until everything is delivered, and keeps `state` together with it.
    func save(_ state: String) throws

    /// Drops what was sent since the last `save`, as far as the sink can; best effort.
    func abandon()
}

/// How fast a restore may go, and how much it does at a time.
public struct RestoreLimits: Hashable, Sendable {
    /// Nil for as fast as it goes.
    public var eventsPerSecond: Double?
    public var bytesPerSecond: Double?
    /// What is saved at a time, at most.
    public var saveEventsMax = 10_000
    public var saveBytesMax = 16 << 20
    /// A transaction is open for this long at most: readers of committed events wait for it.
    public var saveEvery = Duration.seconds(5)
    /// Compressed bytes of the objects that are sorted together; one object is always taken.
    public var stepBytesMax: Int64 = 128 << 20
    /// Lines that are sorted in memory at a time.
    public var sortBytesMax = 64 << 20

    public init(eventsPerSecond: Double? = nil, bytesPerSecond: Double? = nil) {
        (self.eventsPerSecond, self.bytesPerSecond) = (eventsPerSecond, bytesPerSecond)
    }
}

/// Says how long to wait so that the rates are kept on average.
struct Pacer {
    private let limits: RestoreLimits
    private let start: Duration
    private var events = 0.0
    private var bytes = 0.0

    init(_ limits: RestoreLimits, start: Duration) {
        (self.limits, self.start) = (limits, start)
    }

    /// Notes one event, and returns how long it is too early; nil where it is not by more than a few milliseconds.
    mutating func delay(bytes: Int, now: Duration) -> Duration? {
        var due = 0.0
        if let rate = limits.eventsPerSecond { due = events / rate }
        if let rate = limits.bytesPerSecond { due = max(due, self.bytes / rate) }
        events += 1
        self.bytes += Double(bytes)
        let wait = Duration.seconds(due) - (now - start)
        return wait > .milliseconds(5) ? wait : nil
    }
}

extension StoredEvent {
    /// Bytes of key, value and headers.
    public var payloadBytes: Int {
        headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.name.count + ($1.value?.count ?? 0) }
    }
}
