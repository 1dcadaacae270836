public import LakeModel

/// What a caller wants a commit to do. The table gives it its version and parent, and refuses it where the table has
/// moved on in a way that matters.
public struct Change: Hashable, Sendable {
    public var kind: CommitKind
    /// The layout that the events were written with; stored only where it differs from the table's. The first commit
    /// of a table needs it.
    public var layout: TableLayout?
    /// At most one range for each topic partition.
    public var offsets: [OffsetRange]
    public var add: [DataObject]
    public var remove: [String]
    /// Only for `.vacuum`.
    public var horizon: Timestamp?
    /// Hours that this commit declares complete, ascending; see `Completeness`.
    public var closed: [LakeHour]
    /// Declares the hours that are complete once this commit is in, by the head it lands on: another writer may have
    /// brought a topic partition that is far behind. Used where `closed` is empty.
    public var closing: ClosingRule?
    public var reason: String?

    public init(
        kind: CommitKind, layout: TableLayout? = nil, offsets: [OffsetRange] = [], add: [DataObject] = [],
        remove: [String] = [], horizon: Timestamp? = nil, closed: [LakeHour] = [],
        closing: ClosingRule? = nil, reason: String? = nil
    ) {
        (self.kind, self.layout, self.offsets) = (kind, layout, offsets)
        (self.add, self.remove, self.horizon) = (add, remove, horizon)
        (self.closed, self.closing, self.reason) = (closed, closing, reason)
    }
}

/// What became of a change.
public struct CommitReceipt: Hashable, Sendable {
    public var version: Int64
    public var id: CommitID
    /// How many versions were tried, this one among them.
    public var attempts: Int
    /// How many of them other writers won.
    public var conflicts: Int
    /// The hours that the commit declared complete: call `Table.markComplete` with them.
    public var closed: [LakeHour]
    /// True where the store's answer was lost or unclear and the entry had to be read back.
    public var settledByReading: Bool
    /// The table right after this commit.
    public var head: TableHead

    public init(
        version: Int64, id: CommitID, attempts: Int, conflicts: Int, closed: [LakeHour] = [], settledByReading: Bool,
        head: TableHead
    ) {
        (self.version, self.id, self.attempts) = (version, id, attempts)
        (self.conflicts, self.closed, self.settledByReading, self.head) = (conflicts, closed, settledByReading, head)
    }
}
