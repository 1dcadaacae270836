public import Ingest
public import LakeModel
import Synchronization

/// An event as a producer wrote it.
public struct ProducedEvent: Hashable, Sendable {
    public struct Header: Hashable, Sendable {
        public var name: String
        public var value: [UInt8]?

        public init(name: String, value: [UInt8]?) {
            (self.name, self.value) = (name, value)
        }
    }

    public var key: [UInt8]?
    public var value: [UInt8]?
    public var headers: [Header]
    public var timestamp: Int64
    public var timestampType: TimestampType
    public var offset: Int64

    public init(
        key: [UInt8]? = nil, value: [UInt8]? = nil, headers: [Header] = [], timestamp: Int64 = 0,
        timestampType: TimestampType = .create, offset: Int64 = 0
    ) {
        (self.key, self.value, self.headers) = (key, value, headers)
        (self.timestamp, self.timestampType, self.offset) = (timestamp, timestampType, offset)
    }
}

/// Kafka in memory: topics with partitions, and one consumer group whose members share them. Offsets can have gaps.
public final class MemoryBroker: Sendable {
    struct Log: Sendable {
        var events: [ProducedEvent] = []
        var first: Int64 = 0
        var next: Int64 = 0

        /// By bisection, as a topic is polled far more often than it is written to.
        func events(from offset: Int64, max: Int) -> [ProducedEvent] {
            var (low, high) = (0, events.count)
            while low < high {
                let middle = (low + high) / 2
                if events[middle].offset < offset { low = middle + 1 } else { high = middle }
            }
            return Array(events[low..<min(events.count, low + max)])
        }
    }

    struct State: Sendable {
        var logs: [TopicPartition: Log] = [:]
        var hints: [TopicPartition: Int64] = [:]
    }

    let state = Mutex(State())

    public init() {}

    public func createTopic(_ topic: String, partitions: Int) {
        state.withLock { state in
            for partition in 0..<partitions {
                state.logs[TopicPartition(topic: topic, partition: Int32(partition))] = Log()
            }
        }
    }

    /// Appends an event, after `gap` offsets that carry none, as transaction markers and compaction leave them.
    @discardableResult
    public func produce(_ event: ProducedEvent, to name: TopicPartition, gap: Int64 = 0) -> Int64 {
        state.withLock { state in
            var log = state.logs[name] ?? Log()
            var event = event
            event.offset = log.next + gap
            log.next = event.offset + 1
            log.events.append(event)
            state.logs[name] = log
            return event.offset
        }
    }

    /// Appends an offset that carries no event, as the marker that ends a transaction.
    public func appendMarker(to name: TopicPartition) {
        state.withLock { $0.logs[name]?.next += 1 }
    }

    public func deleteEvents(before offset: Int64, of name: TopicPartition) {
        state.withLock { state in
            state.logs[name]?.events.removeAll { $0.offset < offset }
            state.logs[name]?.first = offset
        }
    }

    public func partitions() -> [TopicPartition] { state.withLock { $0.logs.keys.sorted() } }

    public func events(of name: TopicPartition) -> [ProducedEvent] { state.withLock { $0.logs[name]?.events ?? [] } }

    public func hints() -> [TopicPartition: Int64] { state.withLock { $0.hints } }
}

/// One consumer of a `MemoryBroker`. What it is assigned is decided by the test, by `assign` and `revoke`.
public final class MemorySource: EventSource {
    private let broker: MemoryBroker
    private var indices: [TopicPartition: Int32] = [:]
    private var names: [TopicPartition] = []
    private var positions: [TopicPartition: Int64] = [:]
    private var paused: Set<TopicPartition> = []
    private var signals: [SourceSignal] = []
    private var refused: Set<TopicPartition> = []
    private var isClosing = false
    private var reportedEnds: [TopicPartition: Int64] = [:]
    public private(set) var released: [TopicPartition] = []
    /// Topic partitions without a leader: nobody answers for them.
    public var leaderless: Set<TopicPartition> = []
    public private(set) var pauses = 0
    /// How often somebody asked where topic partitions begin or end.
    public private(set) var questions = 0

    public init(_ broker: MemoryBroker) {
        self.broker = broker
    }

    public func assign(_ names: [TopicPartition]) { signals.append(.assigned(names)) }

    /// Some broker cannot be reached, or none.
    public func stumble(isOutage: Bool) { signals.append(.trouble("not reached", isOutage: isOutage)) }

    /// The broker does not hand it over any more, and has said so; with `allow` it does again.
    public func refuse(_ name: TopicPartition) {
        refused.insert(name)
        signals.append(.refused(name, "\(name): no right to read it"))
    }

    public func allow(_ name: TopicPartition) { refused.remove(name) }

    public func revoke(_ names: [TopicPartition], lost: Bool = false) {
        if lost { for name in names { positions[name] = nil } }
        signals.append(.revoked(names, lost: lost))
    }

    public func index(of name: TopicPartition) -> Int32 {
        if let known = indices[name] { return known }
        names.append(name)
        indices[name] = Int32(names.count - 1)
        return Int32(names.count - 1)
    }

    public func poll(timeout: Duration, eventsMax: Int, _ receive: (EventBatch) -> Void) throws(SourceError)
        -> [SourceSignal]
    {
        if eventsMax > 0 { for name in positions.keys.sorted() { deliver(name, eventsMax: eventsMax, receive) } }
        if isClosing, positions.isEmpty { signals.append(.closed) }
        defer { signals = [] }
        return signals
    }

    private func deliver(_ name: TopicPartition, eventsMax: Int, _ receive: (EventBatch) -> Void) {
        guard let position = positions[name], !paused.contains(name), !refused.contains(name) else { return }
        let (first, next, events) = broker.state.withLock { state in
            let log = state.logs[name] ?? MemoryBroker.Log()
            return (log.first, log.next, log.events(from: position, max: eventsMax))
        }
        guard position >= first, position <= next else {
            positions[name] = nil
            signals.append(.outOfRange(name, offset: position))
            return
        }
        guard let last = events.last else {
            if reportedEnds[name] != next { signals.append(.reachedEnd(name, position: next)) }
            reportedEnds[name] = next
            return
        }
        positions[name] = last.offset + 1
        let arena = Arena(events, source: index(of: name))
        arena.withBatch(receive)
    }

    public func resolve(_ position: StartPosition, for topicPartitions: [TopicPartition])
        throws(SourceError) -> [TopicPartition: Int64]
    {
        questions += 1
        return broker.state.withLock { state in
            var offsets: [TopicPartition: Int64] = [:]
            for name in topicPartitions where !leaderless.contains(name) {
                let log = state.logs[name] ?? MemoryBroker.Log()
                switch position {
                case .earliest: offsets[name] = log.first
                case .latest: offsets[name] = log.next
                case .at(let time):
                    offsets[name] = log.events.first { $0.timestamp >= time.milliseconds }?.offset ?? log.next
                }
            }
            return offsets
        }
    }

    public func endOffsets(of topicPartitions: [TopicPartition]) throws(SourceError) -> [TopicPartition: Int64] {
        try resolve(.latest, for: topicPartitions)
    }

    public func currentEnds(of topicPartitions: [TopicPartition], timeout: Duration) -> [TopicPartition: Int64]? {
        guard let ends = try? endOffsets(of: topicPartitions), ends.count == topicPartitions.count else { return nil }
        return ends
    }

    public func knownEnd(of name: TopicPartition) -> Int64? { broker.state.withLock { $0.logs[name]?.next } }

    public func start(_ offsets: [TopicPartition: Int64]) throws(SourceError) {
        positions.merge(offsets) { $1 }
        for name in offsets.keys { reportedEnds[name] = nil }
    }

    public func release(_ topicPartitions: [TopicPartition]) throws(SourceError) {
        released += topicPartitions
        for name in topicPartitions { positions[name] = nil }
    }

    public func seek(_ name: TopicPartition, to offset: Int64) throws(SourceError) {
        positions[name] = offset
        reportedEnds[name] = nil
    }

    public func pause(_ topicPartitions: [TopicPartition]) throws(SourceError) {
        pauses += 1
        paused.formUnion(topicPartitions)
    }

    public func resume(_ topicPartitions: [TopicPartition]) throws(SourceError) { paused.subtract(topicPartitions) }

    public func hint(_ offsets: [TopicPartition: Int64]) {
        broker.state.withLock { $0.hints.merge(offsets) { $1 } }
    }

    public func close() {
        isClosing = true
        if !positions.isEmpty { signals.append(.revoked(positions.keys.sorted(), lost: false)) }
    }
}

/// Keeps the bytes of a batch in one place while it is being handled.
private final class Arena: EventHeaders {
    private let events: [ProducedEvent]
    private let source: Int32

    init(_ events: [ProducedEvent], source: Int32) {
        (self.events, self.source) = (events, source)
    }

    func withBatch(_ receive: (EventBatch) -> Void) {
        let size = events.reduce(1) { $0 + ($1.key?.count ?? 0) + ($1.value?.count ?? 0) }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
        defer { memory.deallocate() }
        var used = 0
        func place(_ bytes: [UInt8]?) -> UnsafeRawBufferPointer? {
            guard let bytes else { return nil }
            let target = UnsafeMutableRawBufferPointer(rebasing: memory[used..<used + bytes.count])
            target.copyBytes(from: bytes)
            used += bytes.count
            // An empty run still needs an address: empty is not null.
            return UnsafeRawBufferPointer(start: memory.baseAddress.map { $0 + used - bytes.count }, count: bytes.count)
        }
        let borrowed = events.enumerated().map { index, event in
            Event(
                source: source, offset: event.offset, timestamp: event.timestamp, timestampType: event.timestampType,
                key: place(event.key), value: place(event.value),
                handle: UnsafeMutableRawPointer(bitPattern: index + 1))
        }
        borrowed.withUnsafeBufferPointer { receive(EventBatch(events: $0, headers: self)) }
    }

    func forEachHeader(of event: Event, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) -> Void) {
        guard let handle = event.handle, events.indices.contains(Int(bitPattern: handle) - 1) else { return }
        for header in events[Int(bitPattern: handle) - 1].headers {
            Array(header.name.utf8).withUnsafeBytes { name in
                guard let value = header.value else { return body(name, nil) }
                value.withUnsafeBytes { body(name, $0) }
            }
        }
    }
}
