/// One thing that is wrong with a table; `verify` reports each once.
public struct VerifyFinding: Hashable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        /// The log, a checkpoint or a manifest breaks a rule.
        case catalog
        /// The catalog lists an object that the store does not have.
        case missingObject = "missing_object"
        /// An object's size, checksum, records or lines are not what the catalog says.
        case damagedObject = "damaged_object"
        /// The store has an object and does not hand it out.
        case unreadableObject = "unreadable_object"
        /// Live objects hold more or fewer events than were committed.
        case counts
        /// Two objects hold the same offset.
        case overlap
        /// A part of the table was too large to be checked whole.
        case unchecked
        /// The broker no longer has, or does not have yet, the offset that comes next.
        case kafka
        /// A certificate of erasure does not hold.
        case erasure
    }

    public var kind: Kind
    /// A path, a topic partition or a log entry.
    public var place: String
    /// What is wrong, in one line.
    public var detail: String

    public init(_ kind: Kind, _ place: String, _ detail: String) {
        (self.kind, self.place, self.detail) = (kind, place, detail)
    }
}

/// How thoroughly to look.
public enum VerifyDepth: Sendable {
    /// The catalog, and that every object is there with its size.
    case listed
    /// Every byte too: checksums, records, and that no offset is there twice.
    case everything
}
