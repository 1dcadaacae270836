public import LakeModel

/// Which objects a reader wants. Every condition that is set must hold.
public struct ObjectQuery: Hashable, Sendable {
    public var sides: Set<TableSide>
    /// The partitions' hours, from the first to the last, both in it.
    public var hours: ClosedRange<LakeHour>?
    public var shards: Set<UInt16>?
    /// Objects that may hold an event of this time span; one without event times always may.
    public var eventTime: TimeSpan?
    /// Objects that hold events of this topic partition, in `offsets` where that is set.
    public var topicPartition: TopicPartition?
    /// Objects whose span of the topic partition (of any, where none is set) touches this one.
    public var offsets: Range<Int64>?
    /// Objects that have all of these.
    public var tags: Set<String>
    /// Objects whose path begins with this.
    public var pathPrefix: String?

    public init(
        sides: Set<TableSide> = [.main], hours: ClosedRange<LakeHour>? = nil, shards: Set<UInt16>? = nil,
        eventTime: TimeSpan? = nil, topicPartition: TopicPartition? = nil, offsets: Range<Int64>? = nil,
        tags: Set<String> = [], pathPrefix: String? = nil
    ) {
        (self.sides, self.hours, self.shards, self.eventTime) = (sides, hours, shards, eventTime)
        (self.topicPartition, self.offsets, self.tags) = (topicPartition, offsets, tags)
        self.pathPrefix = pathPrefix
    }

    /// Every live object, side tables too.
    public static let everything = ObjectQuery(sides: Set(TableSide.allCases))

    /// Every hour of the days from `first` to `last`.
    public static func days(_ first: CalendarDay, through last: CalendarDay) -> ObjectQuery {
        let from = LakeHour(date: first, hour: nil)
        return ObjectQuery(hours: from...max(from, LakeHour(date: last, hour: 23)))
    }

    public func matches(_ object: DataObject) -> Bool {
        guard sides.contains(object.side), matches(LakeHour(object.partition)) else { return false }
        if let shards, !shards.contains(object.partition.shard) { return false }
        if let eventTime, let span = object.eventTime, span.max < eventTime.min || span.min > eventTime.max {
            return false
        }
        if let pathPrefix, !object.path.utf8.starts(with: pathPrefix.utf8) { return false }
        guard tags.isEmpty || tags.isSubset(of: object.tags) else { return false }
        guard topicPartition != nil || offsets != nil else { return true }
        return object.offsets.contains { matches($0.topicPartition, $0.first, $0.last) }
    }

    /// Whether a manifest can hold an object that matches; true in doubt.
    func mayMatch(_ manifest: ManifestSummary) -> Bool {
        guard !sides.isDisjoint(with: manifest.sides) else { return false }
        if let hours, LakeHour(manifest.last) < hours.lowerBound || LakeHour(manifest.first) > hours.upperBound {
            return false
        }
        if let eventTime, !manifest.untimed {
            guard let span = manifest.eventTime else { return false }
            if span.max < eventTime.min || span.min > eventTime.max { return false }
        }
        guard topicPartition != nil || offsets != nil, let bounds = manifest.offsets else { return true }
        return bounds.contains { matches($0.topicPartition, $0.first, $0.last) }
    }

    private func matches(_ hour: LakeHour) -> Bool { hours?.contains(hour) ?? true }

    private func matches(_ source: TopicPartition, _ first: Int64, _ last: Int64) -> Bool {
        if let topicPartition, topicPartition != source { return false }
        guard let offsets else { return true }
        return first < offsets.upperBound && last >= offsets.lowerBound
    }
}
