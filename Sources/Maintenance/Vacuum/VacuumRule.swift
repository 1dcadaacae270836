import Catalog
import LakeModel
import ObjectStorage

/// What vacuum thinks of one object in the store.
public enum VacuumVerdict: String, Hashable, Sendable, CaseIterable {
    /// The table's newest snapshot has it.
    case live
    /// A commit removed it and its grace is not over.
    case grace
    /// No commit has added it and it is young: it may be on its way.
    case young
    /// It does not lie where data objects lie: not ours to judge.
    case foreign
    /// A commit removed it and its grace is over.
    case removed
    /// No commit that can be seen has added it, and none can any more.
    case orphan

    public var isDead: Bool { self == .removed || self == .orphan }
}

/// The rule by which objects are judged; a pure function of what was read.
struct VacuumRule: Sendable {
    var times: VacuumTimes
    var removals: Removals

    /// Judges an object by its path in the table's folder, the store's date of it, and whether it is live.
    ///
    /// Being live comes first: no clock and no log can make a live object dead.
    func verdict(path: String, modifiedAt: Timestamp, isLive: Bool) -> VacuumVerdict {
        if isLive { return .live }
        guard PartitionPath(dataPath: path) != nil, !path.hasSuffix("/_SUCCESS") else { return .foreign }
        switch removals.state(of: path) {
        case .inGrace: return .grace
        case .over: return .removed
        case .unknown: return modifiedAt < times.orphansBefore ? .orphan : .young
        }
    }

    /// Up to which version the log may be collected: every entry up to it is old, and none has removed an object that
    /// is still in its grace. 0 for none.
    func collectable(_ listed: [ListedCommit]) -> Int64 {
        var through: Int64 = 0
        for commit in listed {
            guard commit.writtenAt < times.logBefore else { break }
            if let first = removals.keepLogFrom, commit.version >= first { break }
            through = commit.version
        }
        return through
    }
}
