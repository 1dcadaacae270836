public import LakeModel

/// What becomes of a table's objects as they grow old, by event time.
public struct LifecyclePolicy: Hashable, Sendable {
    /// Expiry comes before all others, and packing before moving. Of several rules with one kind of action that cover
    /// an object the one with the greatest age counts, of equal ages the last, or else two classes would take turns;
    /// otherwise the first with anything left to do.
    public var rules: [LifecycleRule]
    /// What no rule may touch, whatever it says.
    public var holds: [LegalHold]
    /// Which objects are copied to another lake; those expire only when they are there. Copying changes nothing, so
    /// holds do not keep objects from it.
    public var archive: LifecycleRule?

    public init(rules: [LifecycleRule] = [], holds: [LegalHold] = [], archive: LifecycleRule? = nil) {
        (self.rules, self.holds, self.archive) = (rules, holds, archive)
    }
}

/// One rule: which objects, how old, and what to do with them.
public struct LifecycleRule: Hashable, Sendable {
    public enum Action: Hashable, Sendable {
        /// Removes the object from the table; vacuum deletes its bytes after their grace.
        case expire
        /// Moves the object to a storage class such as `GLACIER_IR`.
        case tier(storageClass: String)
        /// Compresses the object anew at a level of zstd.
        case recompress(level: Int32)
        /// Copies the object to another lake.
        case archive
    }

    /// Of rules of one kind only one counts.
    enum Kind { case expire, tier, recompress, archive }

    var kind: Kind {
        switch action {
        case .expire: .expire
        case .tier: .tier
        case .recompress: .recompress
        case .archive: .archive
        }
    }

    /// Stands in the reason of every commit that the rule makes.
    public var name: String
    public var action: Action
    /// Since the newest event of the object.
    public var after: Duration
    public var sides: Set<TableSide>
    /// Only objects with all of these labels.
    public var tags: Set<String>
    /// Only objects of at least this size.
    public var bytesMin: Int64
    /// Only objects up to this size.
    public var bytesMax: Int64

    public init(
        name: String, action: Action, after: Duration, sides: Set<TableSide> = Set(TableSide.allCases),
        tags: Set<String> = [], bytesMin: Int64 = 0, bytesMax: Int64 = .max
    ) {
        (self.name, self.action, self.after, self.sides) = (name, action, after, sides)
        (self.tags, self.bytesMin, self.bytesMax) = (tags, bytesMin, bytesMax)
    }

    /// Whether the rule is for such an object, once it is old enough.
    func selects(_ object: DataObject) -> Bool {
        sides.contains(object.side) && tags.isSubset(of: object.tags) && object.bytes >= bytesMin
            && object.bytes <= bytesMax
    }

    func isOld(_ newestEvent: Timestamp, now: Timestamp) -> Bool { newestEvent < now.before(after) }

    /// Whether the rule is about the object, done already or not.
    func covers(_ object: DataObject, newestEvent: Timestamp, now: Timestamp) -> Bool {
        selects(object) && isOld(newestEvent, now: now)
    }

    /// Whether there is anything left to do.
    func isDue(_ object: DataObject) -> Bool {
        switch action {
        case .expire, .archive: true
        case .tier(let storageClass): ObjectLabels(object.tags).storageClass != storageClass
        // Never to a lower level: what grows by that may be another rule's again.
        case .recompress(let level): ObjectLabels(object.tags).level ?? .min < level
        }
    }
}

/// Keeps objects as they are: by label, by hours, or both.
public struct LegalHold: Hashable, Sendable, Codable {
    public var name: String
    /// Objects with one of these labels; empty for all.
    public var tags: [String]
    /// Objects of these hours; nil for all.
    public var firstHour: LakeHour?
    public var lastHour: LakeHour?

    public init(name: String, tags: [String] = [], firstHour: LakeHour? = nil, lastHour: LakeHour? = nil) {
        (self.name, self.tags, self.firstHour, self.lastHour) = (name, tags, firstHour, lastHour)
    }

    enum CodingKeys: String, CodingKey {
        case name, tags
        case firstHour = "first_hour"
        case lastHour = "last_hour"
    }

    public func holds(_ object: DataObject) -> Bool {
        let hour = LakeHour(object.partition)
        // A day's object is held by each of its hours.
        if let firstHour, hour.lastHour < firstHour { return false }
        if let lastHour, hour > lastHour { return false }
        return tags.isEmpty || tags.contains { object.tags.contains($0) }
    }
}

/// Labels by which maintenance remembers what it did to an object: `class:GLACIER_IR`, `zstd:19`.
public struct ObjectLabels: Hashable, Sendable {
    private static let classPrefix = "class:"
    private static let levelPrefix = "zstd:"

    /// Of raw rows that have no place in a shredded table, so that they are not tried again.
    static let unshredded = "unshredded"

    /// Of objects that hold only the last event of each key in their partition, together with the others so labelled.
    static let lastOfKey = "last_of_key"

    /// Of objects of an archive that were erased from there, after they had expired from the table.
    private static let erasedInArchive = "erased_in_archive"

    private var tags: [String]

    public init(_ tags: [String]) {
        self.tags = tags
    }

    /// The storage class that lifecycle moved the object to; nil for the table's own.
    public var storageClass: String? { value(Self.classPrefix) }

    /// The level that lifecycle compressed the object at.
    public var level: Int32? { value(Self.levelPrefix).flatMap { Int32($0) } }

    /// False where the store has to be asked for the object hours before it can be read.
    public var isReadable: Bool { storageClass != "GLACIER" && storageClass != "DEEP_ARCHIVE" }

    var isErasedInArchive: Bool { tags.contains(Self.erasedInArchive) }

    var withErasedInArchive: [String] { Set(tags + [Self.erasedInArchive]).sorted() }

    /// The labels that stay when objects are merged: what is compressed anew is not at that level any more, and what
    /// meets other objects is not the last of its key any more.
    var ofContent: [String] { tags.filter { !$0.hasPrefix(Self.levelPrefix) && $0 != Self.lastOfKey } }

    /// What is copied to another store is of that store's class.
    var withoutStorageClass: [String] { tags.filter { !$0.hasPrefix(Self.classPrefix) } }

    /// The labels with another storage class, sorted.
    func with(storageClass: String) -> [String] { replacing(Self.classPrefix, storageClass) }

    func with(level: Int32) -> [String] { replacing(Self.levelPrefix, "\(level)") }

    private func value(_ prefix: String) -> String? {
        tags.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    private func replacing(_ prefix: String, _ value: String) -> [String] {
        (tags.filter { !$0.hasPrefix(prefix) } + [prefix + value]).sorted()
    }
}
