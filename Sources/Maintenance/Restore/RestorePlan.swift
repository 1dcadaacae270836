public import LakeModel

/// What a restore would do, by the catalog alone.
public struct RestorePlan: Hashable, Sendable {
    public struct Row: Hashable, Sendable {
        public var source: TopicPartition
        public var first: Int64
        public var end: Int64
        /// At most: conditions on events themselves are not counted.
        public var events: Int64
        public var objects: Int64
    }

    public var rows: [Row] = []
    public var objects: Int64 = 0
    /// In the store.
    public var bytes: Int64 = 0
    public var uncompressedBytes: Int64 = 0
    /// Events of objects without offsets.
    public var bareEvents: Int64 = 0
    /// Of the objects; nil where none has one.
    public var times: TimeSpan?
    public var formats: Set<DataFormat> = []
    public var requests = RequestCount()

    public var events: Int64 { rows.reduce(bareEvents) { $0 &+ $1.events } }

    /// Seconds at the limits; nil without limits.
    public func seconds(_ limits: RestoreLimits) -> Double? {
        let byEvents = limits.eventsPerSecond.map { Double(events) / $0 }
        // Coordinates and names make up a part of the lines; payloads are less.
        let byBytes = limits.bytesPerSecond.map { Double(uncompressedBytes) / $0 }
        return [byEvents, byBytes].compactMap(\.self).max()
    }

    init(_ objects: [DataObject], state: RestoreState) {
        var bySource: [TopicPartition: Row] = [:]
        for object in objects {
            self.objects += 1
            bytes &+= object.bytes
            uncompressedBytes &+= object.uncompressedBytes
            formats.insert(object.format)
            requests.gets &+= max(1, (object.bytes + (8 << 20) - 1) / (8 << 20))
            if let span = object.eventTime {
                times = TimeSpan(min: min(times?.min ?? span.min, span.min), max: max(times?.max ?? span.max, span.max))
            }
            guard object.format != .value else {
                bareEvents &+= object.records
                continue
            }
            for span in object.offsets {
                guard let stand = state.sources[span.topicPartition] else { continue }
                let (first, end) = (max(span.first, stand.next), min(span.last + 1, stand.end))
                guard first < end else { continue }
                var row =
                    bySource[span.topicPartition]
                    ?? Row(source: span.topicPartition, first: first, end: end, events: 0, objects: 0)
                row.first = min(row.first, first)
                row.end = max(row.end, end)
                row.objects += 1
                row.events &+= min(span.count, end - first)
                bySource[span.topicPartition] = row
            }
        }
        rows = bySource.values.sorted { $0.source < $1.source }
    }
}

/// What a restore did.
public struct RestoreReport: Hashable, Sendable {
    /// Sent by this run.
    public var events: Int64 = 0
    public var bytes: Int64 = 0
    /// By topic partition of the lake.
    public var bySource: [TopicPartition: Int64] = [:]
    /// All runs together.
    public var totalEvents: Int64 = 0
    public var totalBytes: Int64 = 0
    /// An earlier run had done all of it.
    public var wasDone = false
    /// An earlier run had begun it.
    public var wasResumed = false
    /// Payloads that could not be looked into.
    public var unreadable: Int64 = 0
    /// Where it stands at the end.
    public var state: RestoreState?
    public var startedAt = Timestamp(milliseconds: 0)
    public var seconds = 0.0

    public init() {}
}
