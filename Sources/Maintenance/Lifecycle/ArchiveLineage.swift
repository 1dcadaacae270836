import Catalog
import LakeModel

/// What a table's log says became of objects that are not live any more.
struct ArchiveLineage {
    enum Fate: Hashable {
        /// All its events that are left are in these live objects; in none where all were erased.
        case rewritten(heirs: Set<String>)
        /// A rule removed it, and nothing took its place.
        case expired
        /// The log that tells was collected, or some of its events expired under another name.
        case unknown
    }

    private struct Removal {
        var kind: CommitKind
        /// What the same commit added to the same side of the same partition.
        var successors: [String]
    }

    private let table: Table
    private let listed: [ListedCommit]
    private let newest: Int64
    private var removals: [String: Removal] = [:]
    /// Hours of which objects were rewritten or erased.
    private var hours: Set<LakeHour> = []
    /// The oldest version that was read; reading goes backwards from it.
    private var readFrom: Int64

    /// Clocks of two stores may differ by this much.
    private static let clockDifference = Duration.seconds(3600)

    init(_ table: Table, through newest: Int64) async throws {
        (self.table, self.newest, readFrom) = (table, newest, newest + 1)
        listed = try await table.listedCommits().filter { $0.version <= newest }
    }

    /// Reads what the log has since a time; what was read before is not read again.
    mutating func read(since time: Timestamp) async throws {
        let start = time.before(Self.clockDifference)
        guard let first = listed.first(where: { $0.writtenAt >= start })?.version, first < readFrom else { return }
        var next = first
        while next < readFrom {
            let last = min(readFrom - 1, next + 255)
            for commit in try await table.commits(next...last) { note(commit) }
            next = last + 1
        }
        readFrom = first
    }

    private mutating func note(_ commit: Commit) {
        guard !commit.remove.isEmpty else { return }
        var added: [Substring: [String]] = [:]
        for object in commit.add { added[Self.folder(object.path), default: []].append(object.path) }
        for path in commit.remove {
            let removal = Removal(kind: commit.kind, successors: added[Self.folder(path)] ?? [])
            if removal.kind == .erase || !removal.successors.isEmpty, let partition = PartitionPath(dataPath: path) {
                hours.insert(LakeHour(partition))
            }
            removals[path] = removal
        }
    }

    /// Whether something of these hours was rewritten or erased.
    func concerns(_ window: ClosedRange<LakeHour>) -> Bool { hours.contains(where: window.contains) }

    /// Side and partition.
    private static func folder(_ path: String) -> Substring {
        path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
    }

    /// - `live`: paths of the live objects of its side and partition.
    func fate(of path: String, live: Set<String>) -> Fate {
        guard let own = removals[path] else { return .unknown }
        if own.successors.isEmpty, own.kind != .erase { return .expired }
        var heirs: Set<String> = []
        var todo = own.successors
        var seen = Set(todo)
        while let next = todo.popLast() {
            guard !live.contains(next) else {
                heirs.insert(next)
                continue
            }
            guard let removal = removals[next], !removal.successors.isEmpty || removal.kind == .erase else {
                return .unknown
            }
            for successor in removal.successors where seen.insert(successor).inserted { todo.append(successor) }
        }
        return .rewritten(heirs: heirs)
    }
}
