public import LakeModel

/// What became of one group of a plan.
public struct CompactionOutcome: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable {
        case done
        /// Too many of its inputs are gone, as others have rewritten them, or are held.
        case skipped
        case failed
    }

    public var group: CompactionGroup
    public var state = State.failed
    /// The commit's version, where it is done.
    public var version: Int64?
    public var outputs: [DataObject] = []
    public var inputs = 0
    public var bytesRead: Int64 = 0
    public var bytesWritten: Int64 = 0
    public var records: Int64 = 0
    /// Events that were left out for later ones of their key.
    public var droppedRecords: Int64 = 0
    public var attempts = 1
    /// Why it was skipped, failed, or had to be tried again; one line.
    public var problem: String?
    public var requests = RequestCount()

    init(group: CompactionGroup) {
        self.group = group
    }

    mutating func settle(version: Int64, spec: RewriteSpec, result: RewriteResult) {
        (state, self.version, outputs, problem) = (.done, version, result.outputs, nil)
        (inputs, bytesRead, bytesWritten) = (spec.inputs.count, spec.bytes, result.bytes)
        (records, droppedRecords) = (spec.records, result.droppedRecords)
        requests += RequestCount(puts: 1, gets: 2)
    }
}

/// What a compaction did.
public struct CompactionReport: Hashable, Sendable {
    public var done = 0
    public var skipped = 0
    public var failed = 0
    public var objectsRead: Int64 = 0
    public var objectsWritten: Int64 = 0
    public var bytesRead: Int64 = 0
    public var bytesWritten: Int64 = 0
    public var records: Int64 = 0
    public var droppedRecords: Int64 = 0
    public var requests = RequestCount()

    public init() {}

    mutating func add(_ outcome: CompactionOutcome) {
        switch outcome.state {
        case .done: done += 1
        case .skipped: skipped += 1
        case .failed: failed += 1
        }
        objectsRead &+= Int64(outcome.inputs)
        objectsWritten &+= Int64(outcome.outputs.count)
        bytesRead &+= outcome.bytesRead
        bytesWritten &+= outcome.bytesWritten
        records &+= outcome.records
        droppedRecords &+= outcome.droppedRecords
        requests += outcome.requests
    }
}
