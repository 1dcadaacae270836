public import Catalog
public import LakeModel

/// One change of a table that was no append: who, what, when, why.
public struct MaintenanceEntry: Hashable, Sendable {
    public var version: Int64
    public var id: CommitID
    public var kind: CommitKind
    /// By the writer's clock.
    public var at: Timestamp
    public var writer: WriterIdentity
    public var reason: String?
    public var added: Int64
    public var removed: Int64
    public var bytesAdded: Int64
    public var bytesRemoved: Int64
    public var recordsAdded: Int64
    public var recordsRemoved: Int64

    init(_ commit: Commit) {
        (version, id, kind, at) = (commit.version, commit.id, commit.kind, commit.at)
        (writer, reason) = (commit.writer, commit.reason)
        (added, removed) = (Int64(commit.add.count), Int64(commit.remove.count))
        bytesAdded = commit.add.reduce(0) { $0 &+ $1.bytes }
        bytesRemoved = commit.removed.reduce(0) { $0 &+ $1.bytes }
        recordsAdded = commit.add.reduce(0) { $0 &+ $1.records }
        recordsRemoved = commit.removed.reduce(0) { $0 &+ $1.records }
    }
}

extension Table {
    /// The commits of maintenance, oldest first, as far as the log reaches back.
    public func maintenanceHistory(
        kinds: Set<CommitKind> = [.compact, .lifecycle, .vacuum, .erase, .adopt],
        _ body: (MaintenanceEntry) throws -> Void
    ) async throws {
        let newest = try await refresh().version
        var next = max(1, try await listedCommits().first?.version ?? 1)
        while next <= newest {
            let last = min(newest, next + 255)
            for commit in try await commits(next...last) where kinds.contains(commit.kind) {
                try body(MaintenanceEntry(commit))
            }
            next = last + 1
        }
    }
}
