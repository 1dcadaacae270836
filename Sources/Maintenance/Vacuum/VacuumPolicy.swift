public import LakeModel

/// How long vacuum leaves things alone that nobody needs; every default is written here and nowhere else.
public struct VacuumPolicy: Hashable, Sendable {
    /// How long an object stays after a commit removed it, for readers of older snapshots.
    public var removedAfter: Duration = .days(7)
    /// The same for objects that an erasure removed, here or in the table of an archive: their bytes have to go soon.
    public var erasedAfter: Duration = .days(1)
    /// How old an object has to be that no commit ever added.
    public var orphansAfter: Duration = .days(3)
    /// How long ago an unfinished multipart upload has to be begun.
    public var uploadsAfter: Duration = .days(3)
    /// How long log entries and checkpoints are kept, for time travel, `manifest diff` and audits. Entries that name
    /// objects still in their grace are kept longer.
    public var logAfter: Duration = .days(30)
    /// How far the store's clock may be from ours.
    public var clockDifferenceMax: Duration = .seconds(900)
    /// The longest time between a store's own note of an object's age and the answer to its upload: some stores date
    /// an object from the start of its upload, and an object is open for a day at most.
    public var uploadTimeMax: Duration = .days(1)

    /// How long after an erasure older copies of what it erased may still be there: objects that others had replaced
    /// before, and those that no commit added, by whoever was just uploading one.
    public var olderCopiesAfter: Duration { max(removedAfter, max(orphansAfter, uploadsAfter) + uploadTimeMax) }

    public init() {}
}

/// The moments that a policy gives at one moment by the store's clock.
public struct VacuumTimes: Hashable, Sendable {
    /// By the store's clock.
    public var now: Timestamp
    /// What the vacuum commit carries: from then on no commit adds an object that was uploaded before this.
    public var horizon: Timestamp
    /// An object that no commit added and that is older than this is dead. Before the horizon by the longest time an
    /// upload takes.
    public var orphansBefore: Timestamp
    /// Objects that were removed before this are dead.
    public var removedBefore: Timestamp
    public var erasedBefore: Timestamp
    public var uploadsBefore: Timestamp
    public var logBefore: Timestamp

    public init(_ policy: VacuumPolicy, now: Timestamp) {
        let margin = min(policy.uploadTimeMax, policy.orphansAfter / 2)
        self.now = now
        orphansBefore = now.before(policy.orphansAfter)
        horizon = now.before(policy.orphansAfter - margin)
        removedBefore = now.before(policy.removedAfter)
        erasedBefore = now.before(policy.erasedAfter)
        uploadsBefore = now.before(policy.uploadsAfter)
        logBefore = now.before(max(policy.logAfter, policy.removedAfter, policy.erasedAfter))
    }

    func graceEnds(_ kind: CommitKind) -> Timestamp { kind.removesErased ? erasedBefore : removedBefore }
}

extension CommitKind {
    /// Whether what such a commit removes may hold erased events. Nothing that adopts removes objects but an archive
    /// that takes what is left of them after an erasure of its table (`Archiver`).
    var removesErased: Bool { self == .erase || self == .adopt }
}
