public import Catalog
public import LakeModel

/// One object that a rule wants changed.
public struct LifecycleItem: Hashable, Sendable {
    public var rule: LifecycleRule
    public var object: DataObject
    /// It is the archive's, and leaves it, as the table has rewritten it or its events were erased.
    public var leavesArchive: Bool

    public init(rule: LifecycleRule, object: DataObject, leavesArchive: Bool = false) {
        (self.rule, self.object, self.leavesArchive) = (rule, object, leavesArchive)
    }

    /// For lists.
    public var words: String { leavesArchive ? "remove from the archive" : rule.action.words }

    /// What it costs: nothing but the commit to expire, a copy to tier, reading and writing to recompress or archive.
    public var requests: RequestCount {
        guard !leavesArchive else { return RequestCount() }
        return switch rule.action {
        case .expire: RequestCount()
        case .tier: RequestCount(puts: 1)
        case .recompress:
            RequestCount(puts: 1 + object.bytes / (8 << 20), gets: 1 + object.bytes / (8 << 20))
        case .archive:
            RequestCount(puts: 1 + object.bytes / (8 << 20), gets: 2 + object.bytes / (8 << 20))
        }
    }
}

extension LifecycleRule {
    /// Files that other programs wrote lie where those put them, and a copy of one in an archive would be nobody's to
    /// delete; a compaction makes objects of them that can be moved and archived.
    fileprivate func canApply(to object: DataObject) -> Bool {
        switch action {
        case .tier, .archive: object.adopted == nil
        case .expire, .recompress: true
        }
    }
}

/// Decides what becomes of objects: a pure function of objects, policy, layout and time.
public struct LifecyclePlanner: Sendable {
    private let policy: LifecyclePolicy
    private let rules: [LifecycleRule]
    private let calendar: PartitionCalendar
    private let now: Timestamp

    /// Throws `.invalid` where the layout's zone is unknown.
    public init(policy: LifecyclePolicy, layout: TableLayout, now: Timestamp) throws(CatalogError) {
        (self.policy, self.now) = (policy, now)
        // An object is packed before it is moved: classes for old data charge for what is soon replaced.
        let order: [LifecycleRule.Kind] = [.expire, .recompress]
        rules =
            order.flatMap { kind in policy.rules.filter { $0.kind == kind } }
            + policy.rules.filter { !order.contains($0.kind) }
        calendar = try .of(layout)
    }

    /// What to do with these objects, in order of partition and path; at most one thing with each.
    public func items(_ objects: [DataObject]) -> [LifecycleItem] {
        objects.sorted { ($0.partition, $0.path) < ($1.partition, $1.path) }.compactMap { object in
            guard hold(on: object) == nil else { return nil }
            return rule(for: object).map { LifecycleItem(rule: $0, object: object) }
        }
    }

    private func rule(for object: DataObject) -> LifecycleRule? {
        let newest = newestEvent(object)
        let covering = rules.filter { $0.canApply(to: object) && $0.covers(object, newestEvent: newest, now: now) }
        return covering.enumerated().first { place, rule in
            rule.isDue(object)
                && !covering.enumerated().contains { other in
                    other.element.kind == rule.kind && (other.element.after, other.offset) > (rule.after, place)
                }
        }?.element
    }

    /// Whether an object is old enough for a rule.
    func isDue(_ rule: LifecycleRule, _ object: DataObject) -> Bool {
        rule.canApply(to: object) && rule.covers(object, newestEvent: newestEvent(object), now: now)
    }

    /// Whether it is, were the rule for such objects.
    func isOld(_ rule: LifecycleRule, _ object: DataObject) -> Bool { rule.isOld(newestEvent(object), now: now) }

    /// The hold that keeps an object, if any.
    public func hold(on object: DataObject) -> LegalHold? { policy.holds.first { $0.holds(object) } }

    /// As the catalog says; where no event has a time, the end of its hour.
    private func newestEvent(_ object: DataObject) -> Timestamp {
        object.eventTime?.max ?? Timestamp(milliseconds: calendar.end(of: LakeHour(object.partition)))
    }
}
