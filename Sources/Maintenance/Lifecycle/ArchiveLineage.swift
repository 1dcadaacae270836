import Catalog
import LakeModel

/// What a table's log says became of objects that are not live any more.
struct ArchiveLineage {
    enum Fate: Hashable {
        /// All its events that are left are in these live objects, or in what the archive holds; in none where all were
        /// erased. `isErased` where an erasure is among what rewrote it.
        case rewritten(heirs: Set<String>, isErased: Bool)
        /// A rule removed it, and nothing took its place.
        case expired
        /// Some of its events expired under another name, which the archive does not hold.
        case scattered
        /// The log that was read does not name it.
        case unknown
    }

    private struct Successor {
        var path: String
        var contents: ObjectContents

        init(_ object: DataObject) { (path, contents) = (object.path, ObjectContents(object)) }
    }

    private struct Removal {
        var kind: CommitKind
        /// What the same commit added to the same side of the same partition.
        var added: [Successor]

        var isExpiry: Bool { added.isEmpty && kind != .erase }

        /// What was only moved is in one of them, whatever else the commit moved.
        func successors(of contents: ObjectContents) -> [Successor] {
            let same = added.filter { $0.contents == contents }
            return same.isEmpty ? added : same
        }
    }

    private let table: Table
    private var removals: [String: Removal] = [:]
    /// Hours of which objects were rewritten or erased, or archived lately.
    private var hours: Set<LakeHour> = []
    /// The oldest version that was read; reading goes backwards from it.
    private var readFrom: Int64
    /// Every entry of the table's log from `readFrom` on was there.
    private var isWhole = true
    /// What became of archived objects before what was read was settled by an earlier run; of `late` ones it was not.
    private var isSettled = false
    /// Archived since that run began.
    private var late: Set<String> = []
    /// The table as that run saw it; nil where there was none.
    private var past: Snapshot?

    /// Reads what the table's log has since the run that settled everything before; the whole log where there was none.
    ///
    /// - `archived`: the archive's version that is compared with version `newest` of the table.
    init(_ table: Table, through newest: Int64, archive: Table, at archived: Int64) async throws {
        (self.table, readFrom) = (table, newest + 1)
        guard archived > 0 else {
            isSettled = true
            return
        }
        guard let mark = try await ArchiveMark.read(archive), mark.version <= newest, mark.archive <= archived,
            let then = try await Self.snapshot(of: table, mark)
        else {
            try await readAll()
            return
        }
        past = then
        try await read(from: mark.version + 1)
        isSettled = isWhole
        let added = try await Self.forEachCommit(archive, mark.archive + 1, archived) { commit in
            for object in commit.add {
                late.insert(object.path)
                hours.insert(LakeHour(object.partition))
            }
        }
        isSettled = isSettled && added
        if !isSettled { try await readAll() }
    }

    /// The table as the run saw it that left the mark; nil where that is collected, or was another history.
    private static func snapshot(of table: Table, _ mark: ArchiveMark) async throws(CatalogError) -> Snapshot? {
        guard mark.version > 0 else { return nil }
        do throws(CatalogError) {
            let snapshot = try await table.snapshot(at: .version(mark.version))
            return snapshot.head.id == mark.commit ? snapshot : nil
        } catch {
            guard case .notFound = error else { throw error }
            return nil
        }
    }

    /// What objects were called when everything was settled before: some had been moved since they were archived.
    func names(_ query: ObjectQuery) async throws -> [ObjectContents: String] {
        guard let past else { return [:] }
        return Dictionary(try await past.objects(query).map { (ObjectContents($0), $0.path) }) { first, _ in first }
    }

    /// Reads what the log has that was not read yet.
    mutating func readAll() async throws { try await read(from: 1) }

    private mutating func read(from version: Int64) async throws {
        guard version < readFrom else { return }
        let first = try await table.listedCommits().first?.version ?? version
        let found = try await Self.forEachCommit(table, max(version, first), readFrom - 1) { note($0) }
        isWhole = isWhole && found && first <= version
        readFrom = version
    }

    /// False where some are missing.
    private static func forEachCommit(
        _ table: Table, _ first: Int64, _ last: Int64, _ body: (Commit) -> Void
    ) async throws -> Bool {
        var next = first
        var isWhole = true
        while next <= last {
            let end = min(last, next + 255)
            let commits = try await table.commits(next...end)
            commits.forEach(body)
            isWhole = isWhole && commits.count == Int(end - next + 1)
            next = end + 1
        }
        return isWhole
    }

    private mutating func note(_ commit: Commit) {
        guard !commit.remove.isEmpty else { return }
        var added: [Substring: [Successor]] = [:]
        for object in commit.add { added[Self.folder(object.path), default: []].append(Successor(object)) }
        for path in commit.remove {
            let removal = Removal(kind: commit.kind, added: added[Self.folder(path)] ?? [])
            if !removal.isExpiry, let partition = PartitionPath(dataPath: path) { hours.insert(LakeHour(partition)) }
            removals[path] = removal
        }
    }

    /// Side and partition.
    private static func folder(_ path: String) -> Substring {
        path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
    }

    /// Whether something of these hours may have been rewritten or erased, so that the archive has to follow.
    func concerns(_ window: ClosedRange<LakeHour>) -> Bool { !isSettled || hours.contains(where: window.contains) }

    /// Why nothing is known of an archived object.
    var gap: String {
        isWhole && readFrom == 1
            ? "no commit of the table tells what became of it; who else has written to the archive?"
            : "the log no longer tells what became of it; archive more often than vacuum.log_after"
    }

    /// - `live`: paths of the live objects of its side and partition.
    /// - `held`: what the archive holds there.
    /// - `names`: of then.
    func fate(
        of object: DataObject, live: Set<String>, held: Set<ObjectContents>, names: [ObjectContents: String]
    ) -> Fate {
        // It had expired from the table when it was erased from, in the history that the last settled run has seen.
        guard !ObjectLabels(object.tags).isErasedInArchive else { return past == nil ? .unknown : .expired }
        let contents = ObjectContents(object)
        guard let own = removals[object.path] ?? names[contents].flatMap({ removals[$0] }) else {
            return isSettled && !late.contains(object.path) ? .expired : .unknown
        }
        guard !own.isExpiry else { return .expired }
        var heirs: Set<String> = []
        var isErased = own.kind == .erase
        var todo = own.successors(of: contents)
        var seen = Set(todo.map(\.path))
        while let next = todo.popLast() {
            guard !live.contains(next.path) else {
                heirs.insert(next.path)
                continue
            }
            guard let removal = removals[next.path] else { return .unknown }
            guard !removal.isExpiry else {
                // Moved and expired, it is the object itself that the archive holds on.
                if next.contents == contents { return .expired }
                guard held.contains(next.contents) else { return .scattered }
                continue
            }
            isErased = isErased || removal.kind == .erase
            for successor in removal.successors(of: next.contents) where seen.insert(successor.path).inserted {
                todo.append(successor)
            }
        }
        return .rewritten(heirs: heirs, isErased: isErased)
    }
}
