import LakeModel

/// The order of events in rewritten objects.
public enum RowOrder: String, Hashable, Sendable, Codable, CaseIterable {
    /// By topic, partition and offset.
    case offset
    /// By Kafka's timestamp, then by offset; events without one come first.
    case eventTime = "event_time"
    /// As they stand: object after object, by first offset. For formats that carry no offsets it is the only one.
    case input
}

/// What rows are sorted by.
struct RowKey: Hashable, Comparable, Sendable {
    /// 0 where time does not count.
    var time: Int64
    var source: Int32
    var offset: Int64

    init(time: Int64, source: Int32, offset: Int64) {
        (self.time, self.source, self.offset) = (time, source, offset)
    }

    init(_ front: EnvelopeFront, order: RowOrder) {
        self.init(
            time: order == .eventTime ? front.timestamp ?? .min : 0, source: front.source, offset: front.offset)
    }

    @inline(__always)
    static func < (a: RowKey, b: RowKey) -> Bool {
        if a.time != b.time { return a.time < b.time }
        if a.source != b.source { return a.source < b.source }
        return a.offset < b.offset
    }
}
