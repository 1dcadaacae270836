public import Catalog
public import LakeModel
public import ObjectStorage

/// A number of objects and their bytes.
public struct ObjectTally: Hashable, Sendable {
    public var objects: Int64 = 0
    public var bytes: Int64 = 0

    public init(objects: Int64 = 0, bytes: Int64 = 0) {
        (self.objects, self.bytes) = (objects, bytes)
    }

    mutating func add(bytes: Int64) {
        objects &+= 1
        self.bytes &+= bytes
    }
}

/// One object that vacuum deletes, or would delete.
public struct VacuumItem: Hashable, Sendable {
    /// Relative to the table's folder.
    public var path: String
    public var verdict: VacuumVerdict
    public var bytes: Int64
    /// By the store's clock.
    public var modifiedAt: Timestamp
}

/// What a vacuum did, or would do.
public struct VacuumReport: Hashable, Sendable {
    public var table: TableName
    /// Of the snapshot that objects were compared with.
    public var version: Int64
    public var times: VacuumTimes
    /// What was seen, by verdict.
    public var tallies: [VacuumVerdict: ObjectTally] = [:]
    /// Objects that were deleted; 0 in a plan.
    public var deleted = ObjectTally()
    /// Unfinished multipart uploads that are abandoned.
    public var uploads: [PendingUpload] = []
    /// Log entries that may go, up to this version; 0 for none.
    public var logThrough: Int64 = 0
    public var logEntries: Int64 = 0
    /// What became of the log and the checkpoints; nil in a plan.
    public var collected: CollectReport?
    /// The vacuum commit; nil in a plan, and where the table's horizon was high enough.
    public var commit: CommitReceipt?
    /// Keys that the store would not delete; the next vacuum tries them again.
    public var failures: [DeleteFailure] = []
    public var requests = RequestCount()

    public init(table: TableName, version: Int64, times: VacuumTimes) {
        (self.table, self.version, self.times) = (table, version, times)
    }

    /// What is dead, removed objects and orphans together.
    public var dead: ObjectTally {
        tallies.filter(\.key.isDead).values.reduce(into: ObjectTally()) {
            $0.objects &+= $1.objects
            $0.bytes &+= $1.bytes
        }
    }
}
