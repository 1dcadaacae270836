import Catalog
import Formats
public import LakeModel

/// Which stored events are to go back to Kafka. Every condition that is set must hold.
public struct RestoreSelection: Sendable {
    public var side: TableSide
    public var topic: String?
    /// Of `topic`.
    public var partition: Int32?
    public var offsets: Range<Int64>?
    /// Event times from the first to the last, both in it.
    public var times: TimeSpan?
    public var hours: ClosedRange<LakeHour>?
    public var shards: Set<UInt16>?
    /// Events of which a field has one of some values.
    public var request: ErasureRequest?
    /// Only in dead letters: one of these reasons; empty for all.
    public var reasons: Set<String>
    /// Objects that have one of these labels are passed over.
    public var excludedTags: Set<String>
    /// Objects under a legal hold are passed over.
    public var holds: [LegalHold] = []

    public init(
        side: TableSide = .main, topic: String? = nil, partition: Int32? = nil, offsets: Range<Int64>? = nil,
        times: TimeSpan? = nil, hours: ClosedRange<LakeHour>? = nil, shards: Set<UInt16>? = nil,
        request: ErasureRequest? = nil, reasons: Set<String> = [],
        excludedTags: Set<String> = []
    ) {
        (self.side, self.topic, self.partition, self.offsets) = (side, topic, partition, offsets)
        (self.times, self.hours, self.shards, self.request) = (times, hours, shards, request)
        (self.reasons, self.excludedTags) = (reasons, excludedTags)
    }

    /// The catalog's query, which knows whole objects only; `admits` has to be asked too.
    var query: ObjectQuery {
        var query = ObjectQuery(sides: [side], hours: hours, shards: shards, eventTime: times, offsets: offsets)
        if let topic, let partition { query.topicPartition = TopicPartition(topic: topic, partition: partition) }
        return query
    }

    /// False where no event of the object can be wanted.
    func admits(_ object: DataObject) -> Bool {
        guard excludedTags.isDisjoint(with: object.tags), !holds.contains(where: { $0.holds(object) }) else {
            return false
        }
        // Objects without spans cannot be judged by them.
        return object.offsets.isEmpty || object.offsets.contains { admits($0.topicPartition) }
    }

    /// False where no event of the topic partition can be wanted.
    public func admits(_ source: TopicPartition) -> Bool {
        if let topic, topic != source.topic { return false }
        if let partition, partition != source.partition { return false }
        return true
    }

    /// True where an event has to be looked into.
    public var looksInside: Bool { times != nil || request != nil || !reasons.isEmpty }
}

/// Decides event by event whether it is wanted. Belongs to one task at a time.
final class RestoreMatcher {
    private let selection: RestoreSelection
    private let matcher: EventMatcher?
    private let envelopes = EnvelopeReader()

    init(_ selection: RestoreSelection) {
        self.selection = selection
        matcher = selection.request.map(EventMatcher.init)
    }

    /// Payloads that could not be looked into.
    var unreadable: Int64 { matcher?.unreadable ?? 0 }

    /// - `time`: the event's own, by the rule that placed it.
    func matches(_ row: StoredRow, time: StoredEventTime) throws -> Bool {
        if let matcher, try !matcher.matches(row) { return false }
        guard selection.times != nil || !selection.reasons.isEmpty else { return true }
        guard row.front != nil else {
            guard let times = selection.times else { return selection.reasons.isEmpty }
            return try decided(time.lies(in: times, time.ofValueLine(row.line)))
        }
        let event = try envelopes.read(row.line)
        if !selection.reasons.isEmpty, !(event.reason.map(selection.reasons.contains) ?? false) { return false }
        guard let times = selection.times else { return true }
        return try decided(time.lies(in: times, time.of(event)))
    }

    private func decided(_ answer: Bool?) throws -> Bool {
        guard let answer else { throw StoredEventTime.otherRule }
        return answer
    }
}
