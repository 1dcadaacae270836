import LakeModel

/// What a table keeps in memory: where its newest known checkpoint stands, the commits since, and the head.
struct TableState: Sendable {
    /// The checkpoint that `tail` begins after; version 0 where none was read.
    private(set) var base: Checkpoint
    /// The commits after `base`, oldest first.
    private(set) var tail: [Commit] = []
    private(set) var head: TableHead

    init(base: Checkpoint) {
        self.base = base
        head = base.head
    }

    mutating func append(_ commit: Commit) throws(ChainBreak) {
        try head.apply(commit)
        tail.append(commit)
    }

    /// Takes a newer checkpoint as the base; ignored where it is not between the old base and the head.
    mutating func rebase(on checkpoint: Checkpoint) {
        guard checkpoint.head.version > base.head.version, checkpoint.head.version <= head.version else { return }
        tail.removeFirst(Int(checkpoint.head.version - base.head.version))
        base = checkpoint
    }
}

/// A saved snapshot: its head, and the manifests that list its objects.
struct Checkpoint: Hashable, Sendable {
    var head: TableHead
    var manifests: [ManifestSummary]

    /// The empty table, before its first commit.
    static let empty = Checkpoint(head: TableHead(), manifests: [])
}

/// What a table's tail changes in its base: objects that came and paths that went.
struct TailDelta: Sendable {
    private(set) var added: [String: DataObject] = [:]
    /// Removed paths that the base lists.
    private(set) var removed: Set<String> = []
    /// Every path that was removed, those that the tail itself had added among them.
    private(set) var gone: Set<String> = []

    init(_ tail: [Commit]) {
        for commit in tail {
            gone.formUnion(commit.remove)
            for path in commit.remove where added.removeValue(forKey: path) == nil { removed.insert(path) }
            for object in commit.add { added[object.path] = object }
        }
    }
}
