public import Catalog
public import LakeModel
public import ObjectStorage

/// What a replication would do, or did, to one table.
public struct ReplicationReport: Hashable, Sendable {
    public var table: TableName
    /// The copy's version before; 0 where it had none.
    public var from: Int64 = 0
    /// The original's version that the copy is brought to.
    public var to: Int64 = 0
    /// Objects and bytes that are copied.
    public var objects: Int64 = 0
    public var bytes: Int64 = 0
    /// Objects that an earlier run had copied.
    public var skipped: Int64 = 0
    /// Log entries that are copied.
    public var entries: Int64 = 0
    /// Objects that were deleted in the copy, as the original does not have them any more.
    public var pruned: Int64 = 0
    public var requests = RequestCount()
}

/// Keeps a copy of a table in another lake: its live objects and its log, which is the same entry for entry.
///
/// A stretch of the log at a time, objects first, then the entries that add them, in order: so the copy opens at every
/// moment, as the table was at an earlier version, whole but for objects that the original itself had deleted before
/// they were copied; at the end of a run it is whole. A run that was killed is taken up by the next. Nobody else may
/// write to the copy.
public struct Replicator: Sendable {
    public let table: Table
    public let target: Lake
    public let clock: any LakeClock
    /// Objects that are copied at once.
    public var parallelMax = 4
    /// Entries whose objects are copied before they are, and kept in memory.
    var entriesAtOnce: Int64 = 256
    /// Rounds over what others rewrote and vacuumed meanwhile.
    public var roundsMax = 5
    /// Shared by runs of one process that bring the same copy further, it saves them requests.
    public var memory = ReplicationMemory()

    public init(table: Table, target: Lake, clock: any LakeClock) {
        (self.table, self.target, self.clock) = (table, target, clock)
    }

    /// Says what `run` would do now, and changes nothing. Objects that an unfinished run has copied are counted.
    public func plan() async throws -> ReplicationReport {
        let difference = try await difference()
        var report = difference.report
        report.entries = difference.newest.version - difference.base
        func count(_ objects: [DataObject]) {
            for object in objects {
                report.objects += 1
                report.bytes &+= object.bytes
                let parts = max(1, (object.bytes + (8 << 20) - 1) / (8 << 20))
                report.requests += RequestCount(puts: parts > 1 ? parts + 2 : 1, gets: parts)
            }
        }
        try await forEachBatch(of: difference.start) { count($0) }
        try await forEachStretch(difference) { added, _ in count(added) }
        report.requests += RequestCount(puts: report.entries, gets: 2 * report.entries)
        return report
    }

    /// Brings the copy to the table's newest version.
    public func run(progress: (ReplicationReport) -> Void = { _ in }) async throws -> ReplicationReport {
        for _ in 1..<max(1, roundsMax) {
            do {
                return try await round(progress)
            } catch ReadError.missing, CatalogError.notFound {
                // Compacted and vacuumed between the snapshot and the copy, or collected: the newest snapshot does not
                // need it.
                continue
            }
        }
        return try await round(progress)
    }

    private func difference() async throws -> Difference {
        // First the copy, then the original: another run may bring the copy further meanwhile, never past the original.
        let copy = try await target.open(table.name)
        let head = await copy.head()
        let isFollowing = head.version > 0 ? try await follows(head) : false
        // What this view of the table stands on may be behind where its log begins by now.
        if !isFollowing { try await table.adoptNewestCheckpoint() }
        let newest = try await table.snapshot()
        guard head.version <= newest.version else {
            throw MaintenanceError.invalid(
                "the copy of \(table.name) is at version \(head.version), the original at \(newest.version): it was "
                    + "written to, and cannot follow any more")
        }
        var start: Snapshot?
        if !isFollowing, newest.checkpointVersion > head.version {
            start = try await table.snapshot(at: .version(newest.checkpointVersion))
        }
        return Difference(copy: copy, head: head, newest: newest, start: start)
    }

    /// Whether the original's log still has the copy's newest entry, which then has to be the same.
    private func follows(_ head: TableHead) async throws -> Bool {
        guard let known = try await table.commits(head.version...head.version).first else { return false }
        guard known.id == head.id else {
            throw MaintenanceError.invalid(
                "version \(head.version) of the copy of \(table.name) is another commit than the original's: it was "
                    + "written to, and cannot follow any more")
        }
        return true
    }

    /// Those of the checkpoint that the copy begins at.
    private func forEachBatch(of start: Snapshot?, _ body: ([DataObject]) async throws -> Void) async throws {
        guard let start else { return }
        for window in VerifyWindows.plan(start.manifests) {
            let query = ObjectQuery(sides: Set(TableSide.allCases), hours: window)
            try await body(try await start.objects(query))
        }
    }

    /// Those that some entries add, removed again or not, so that the copy is whole after each entry; with the last of
    /// these entries.
    ///
    /// - `first`: the first entry, where that is not the one behind `base`.
    private func forEachStretch(
        _ difference: Difference, from first: Int64? = nil,
        _ body: (_ added: [DataObject], _ last: Int64) async throws -> Void
    ) async throws {
        var next = first ?? difference.base + 1
        while next <= difference.newest.version {
            let last = min(difference.newest.version, next + max(1, entriesAtOnce) - 1)
            // The checkpoint has what the entries up to it add.
            let commits = try await table.commits(next...last).filter { $0.version > difference.base }
            // Entries behind the boundary are not told of any more, though they may be there until they are deleted.
            let expected = last - max(next, difference.base + 1) + 1
            guard commits.count >= expected else { throw collected(next) }
            try await body(commits.flatMap(\.add), last)
            next = last + 1
        }
    }

    private func collected(_ version: Int64) -> CatalogError {
        .notFound("log entry \(version) of \(table.name) was collected meanwhile; run it again")
    }

    private func round(_ progress: (ReplicationReport) -> Void) async throws -> ReplicationReport {
        let archiveMark = try await ArchiveMark.written(table)
        let difference = try await difference()
        // No moment may take the copy of an archive for a table that writers can go on with.
        if archiveMark != nil { try await ArchiveMark.begin(difference.copy) }
        let report = try await bring(difference, progress)
        if let archiveMark { try await ArchiveMark.copy(archiveMark, to: difference.copy) }
        return report
    }

    private func bring(
        _ difference: Difference, _ progress: (ReplicationReport) -> Void
    ) async throws -> ReplicationReport {
        let newest = difference.newest
        var report = difference.report
        let adoptions = AdoptionCopies(
            table: table.name, source: table.store, target: target.store, memory: memory)
        // Of what the entries below bring, open ones: so that no moment leaves an import without its record.
        try await adoptions.bring(to: difference.head.version)
        guard difference.head.version < newest.version else { return report }
        let copier = ObjectCopier(source: table.store, target: target.store, table: table.name)
        let log = table.replicaLog(in: target.store)
        var next = difference.base + 1
        if let start = difference.start {
            try await forEachBatch(of: start) { try await copy($0, newest, copier, &report, progress) }
            try await log.copyCheckpoint(of: newest)
            // The log of the copy begins at this checkpoint.
            let boundary = try await log.hasEntry(start.version) ? start.version - 1 : start.version
            try await log.begin(atCheckpoint: start.version, boundary: boundary)
            next = boundary + 1
            // The log of the copy does not tell of imports before.
            try await adoptions.bring(to: start.version)
        }
        try await forEachStretch(difference, from: next) { added, last in
            try await copy(added, newest, copier, &report, progress)
            if last == newest.version, difference.start == nil { try await log.copyCheckpoint(of: newest) }
            while next <= last {
                guard try await log.copyEntry(next) != nil else { throw collected(next) }
                report.entries += 1
                next += 1
                progress(report)
            }
        }
        try await adoptions.bring(to: newest.version)
        if newest.checkpointVersion > 0 { try await log.hint(atCheckpoint: newest.checkpointVersion) }
        return report
    }

    private func copy(
        _ objects: [DataObject], _ newest: Snapshot, _ copier: ObjectCopier, _ report: inout ReplicationReport,
        _ progress: (ReplicationReport) -> Void
    ) async throws {
        guard !objects.isEmpty else { return }
        // What has left the table since may be gone from the store.
        let live = Set(try await newest.objects(withPaths: Set(objects.map(\.path))).keys)
        func take(bytesCopied: Int64?) {
            if let bytesCopied {
                report.objects += 1
                report.bytes &+= bytesCopied
            } else {
                report.skipped += 1
            }
            progress(report)
        }
        _ = try await mapConcurrently(objects, runningMax: parallelMax, onEach: take) { object -> Int64? in
            do {
                return try await copier.copy(object).isNew ? object.bytes : nil
            } catch ReadError.missing where !live.contains(object.path) {
                return nil
            }
        }
    }

    /// What the copy lacks.
    private struct Difference {
        var copy: Table
        /// The copy's.
        var head: TableHead
        var newest: Snapshot
        /// The checkpoint that the copy has to begin at, as it is new or the log that it would follow was collected;
        /// nil where it follows entry by entry.
        var start: Snapshot?

        /// The version that the copy has before the first new entry.
        var base: Int64 { start?.version ?? head.version }

        var report: ReplicationReport {
            var report = ReplicationReport(table: copy.name)
            (report.from, report.to) = (head.version, newest.version)
            return report
        }
    }
}

extension Replicator {
    /// Deletes objects of the copy that its newest version does not have and that are older than `age`, by the store's
    /// clock. Younger ones may belong to a run that is on its way.
    ///
    /// - `isDry`: counts them and deletes nothing.
    public func prune(
        olderThan age: Duration, isDry: Bool = false
    ) async throws -> (deleted: Int64, failures: [DeleteFailure]) {
        let copy = try await isDry ? target.open(table.name) : target.openExisting(table.name)
        guard await copy.head().version > 0 else { return (0, []) }
        let before = clock.now().before(age)
        var deleted: Int64 = 0
        var failures: [DeleteFailure] = []
        for side in TableSide.allCases {
            let prefix = "\(table.name)/"
            var request = ListRequest(prefix: "\(prefix)\(side.folder)/")
            while true {
                let page = try await target.store.list(request)
                let old = page.objects.filter { $0.modifiedAt < before }.compactMap { listed -> String? in
                    let path = String(listed.key.description.dropFirst(prefix.count))
                    return PartitionPath(dataPath: path) == nil ? nil : path
                }
                if !old.isEmpty {
                    // The original may have moved on, but an object that left a table never comes back.
                    let live = try await copy.snapshot().objects(withPaths: Set(old))
                    let dead = old.filter { live[$0] == nil }.compactMap { ObjectKey("\(prefix)\($0)") }
                    if !dead.isEmpty {
                        let failed = isDry ? [] : try await target.store.delete(dead)
                        failures += failed
                        deleted += Int64(dead.count - failed.count)
                    }
                }
                guard let next = page.next else { break }
                request.continuation = next
            }
        }
        return (deleted, failures)
    }
}
