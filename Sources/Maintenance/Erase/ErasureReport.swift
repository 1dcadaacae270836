public import LakeModel

/// What an erasure did, or would do. Holds nothing of what was erased.
public struct ErasureReport: Hashable, Sendable {
    public struct CommitNote: Hashable, Sendable, Codable {
        public var version: Int64
        public var id: CommitID

        public init(version: Int64, id: CommitID) {
            (self.version, self.id) = (version, id)
        }
    }

    /// One object and what stands in its place.
    public struct ErasedObject: Hashable, Sendable, Codable {
        public var before: ObjectNote
        /// Nil where none of its events is left, and in plans.
        public var after: ObjectNote?
        public var events: Int64
    }

    /// An object that nobody can look into now.
    public struct UnreadObject: Hashable, Sendable, Codable {
        public var object: ObjectNote
        /// Why not.
        public var reason: String
    }

    /// Enough of an object to recognise it by.
    public struct ObjectNote: Hashable, Sendable, Codable {
        public var path: String
        public var bytes: Int64
        public var records: Int64
        public var checksum: Checksum
        /// Key of the file that another program wrote, where it was one: not ours to delete.
        public var adopted: String?

        public init(_ object: DataObject) {
            (path, bytes, records, checksum) = (object.path, object.bytes, object.records, object.checksum)
            adopted = object.adopted?.key
        }
    }

    /// Of the request.
    public var id: CommitID
    public var startedAt: Timestamp
    public var finishedAt: Timestamp
    /// Of the last snapshot that was gone through: it holds no match but what is `held`, and what commits behind
    /// `through` brought.
    public var version: Int64 = 0
    /// Nil where everything in `version` was looked through.
    public var through: Int64?
    public var rounds = 0
    public var objectsExamined: Int64 = 0
    /// Objects that were not read, as their bounds in the catalog leave no room for any of the values.
    public var objectsPassedOver: Int64 = 0
    /// Objects of which only the footer was read, and Bloom filters, which leave no room for any of the values.
    public var objectsFiltered: Int64 = 0
    public var eventsExamined: Int64 = 0
    public var bytesExamined: Int64 = 0
    /// Of footers and Bloom filters.
    public var bytesAsked: Int64 = 0
    /// Of looking, not of rewriting.
    public var requests = RequestCount()
    /// Events whose payload could not be looked into.
    public var unreadable: Int64 = 0
    /// Events that were kept without key and headers, where one of these is compared: they hold neither.
    public var keyless: Int64 = 0
    /// Objects in which some event has the field that was compared.
    public var objectsWithField: Int64 = 0
    public var objects: [ErasedObject] = []
    public var commits: [CommitNote] = []
    /// Objects with matching events that a legal hold keeps, or the table that was archived.
    public var held: [ErasedObject] = []
    /// Those of them that the table that was archived may still have.
    public var ofTable = 0
    /// Objects that are archived in the store, or damaged: what is in them is not known.
    public var unread: [UnreadObject] = []
    /// Whether the catalog's entries of what was erased from tell bounds of texts in it.
    public var leavesBounds = false
    public var heldByRules: Int { held.count - ofTable }

    init(id: CommitID, startedAt: Timestamp) {
        (self.id, self.startedAt, finishedAt) = (id, startedAt, startedAt)
    }

    /// Files of other programs that still hold what was erased from the table.
    public var filesLeft: [String] { objects.compactMap(\.before.adopted) }

    public var events: Int64 { objects.reduce(0) { $0 &+ $1.events } }

    mutating func asked(_ result: ProbeResult) {
        bytesAsked &+= result.bytes
        requests.gets &+= result.gets
        if !result.mayHold { objectsFiltered += 1 }
    }

    mutating func examined(_ scan: ObjectScan) {
        if let reason = scan.unreadReason {
            unread.append(UnreadObject(object: ObjectNote(scan.object), reason: reason))
            return
        }
        objectsExamined += 1
        eventsExamined &+= scan.object.records
        bytesExamined &+= scan.object.bytes
        requests.gets &+= max(1, (scan.object.bytes &+ (8 << 20) &- 1) / (8 << 20))
        unreadable &+= scan.unreadable
        keyless &+= scan.keyless
        if scan.hasField { objectsWithField += 1 }
    }

    /// Notes an object that was only found.
    mutating func found(_ scan: ObjectScan) {
        let note = ErasedObject(before: ObjectNote(scan.object), after: nil, events: scan.matches)
        if scan.isOfTable { ofTable += 1 }
        if scan.isKept { held.append(note) } else { objects.append(note) }
    }

    mutating func erased(_ scan: ObjectScan, _ result: RewriteResult) {
        if scan.object.tellsTexts { leavesBounds = true }
        objects.append(
            ErasedObject(
                before: ObjectNote(scan.object), after: result.outputs.first.map(ObjectNote.init),
                events: result.droppedRecords))
    }
}

extension DataObject {
    /// Whether its entry in the catalog tells between which texts the values of some column lie.
    var tellsTexts: Bool { columns?.contains { $0.kind == .text && $0.min != nil } ?? false }
}
