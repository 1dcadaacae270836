import Catalog
import LakeModel
import ObjectStorage

/// Copies objects that have reached an age into the same table of another lake, and commits them there.
///
/// The archive holds each event once. Where the table has rewritten archived objects, the archive takes what stands in
/// their place and drops them in the same commit, as soon as all of that is old enough. What expired from the table
/// stays in the archive. A crash leaves copies that no commit added, which the next run takes up.
struct Archiver: Sendable {
    let table: Table
    let archive: Table
    let rule: LifecycleRule
    let planner: LifecyclePlanner
    let layout: TableLayout
    var writer: WriterIdentity
    /// Of the copies.
    var storageClass: String?
    /// Objects that are copied at once.
    var parallelMax = 4
    /// Objects of one commit, and a partition's more.
    var objectsPerCommit = 64

    /// What one side of one partition needs; done in one commit.
    struct Step: Sendable {
        var copy: [DataObject] = []
        /// Objects of the archive that the table has rewritten.
        var drop: [DataObject] = []
        /// Why nothing can be done.
        var problem: String?
    }

    /// Opens the archive's table; throws where it is no archive of this one.
    static func open(_ table: Table, in lake: Lake, layout: TableLayout) async throws -> Table {
        let archive = try await lake.open(table.name)
        let head = await archive.head()
        guard head.progress.isEmpty else {
            throw MaintenanceError.invalid(
                "table \(table.name) of \(lake.store.location) is written by others or a replica; archive into another "
                    + "lake")
        }
        if let known = head.layout, known.granularity != layout.granularity || known.zone != layout.zone {
            throw MaintenanceError.invalid(
                "table \(table.name) of \(lake.store.location) is partitioned otherwise; archive into another lake")
        }
        return archive
    }

    /// Goes through the table; hands out what is to be done now, some partitions at a time.
    func forEachBatch(_ body: ([Step]) async throws -> Void) async throws {
        let snapshot = try await table.snapshot()
        let kept = try await archive.snapshot()
        var lineage = try await ArchiveLineage(table, through: snapshot.version)
        if let last = try await archive.listedCommits().last { try await lineage.read(since: last.writtenAt) }
        for window in VerifyWindows.plan(snapshot.manifests) {
            let query = ObjectQuery(sides: Set(TableSide.allCases), hours: window)
            let live = try await snapshot.objects(query)
            guard lineage.concerns(window) || live.contains(where: { planner.isDue(rule, $0) }) else { continue }
            let archived = kept.version > 0 ? try await kept.objects(query) : []
            var batch: [Step] = []
            for (live, archived) in Self.byFolder(live, archived) {
                guard let step = try await step(live, archived, &lineage) else { continue }
                batch.append(step)
                if batch.reduce(0, { $0 + $1.copy.count }) >= objectsPerCommit {
                    try await body(batch)
                    batch = []
                }
            }
            if !batch.isEmpty { try await body(batch) }
        }
    }

    private static func byFolder(
        _ live: [DataObject], _ archived: [DataObject]
    ) -> [(live: [DataObject], archived: [DataObject])] {
        struct Folder: Hashable {
            var partition: PartitionPath
            var side: TableSide

            init(_ object: DataObject) { (partition, side) = (object.partition, object.side) }
        }
        let live = Dictionary(grouping: live, by: Folder.init)
        let archived = Dictionary(grouping: archived, by: Folder.init)
        return Set(live.keys).union(archived.keys)
            .sorted { ($0.partition, $0.side.rawValue) < ($1.partition, $1.side.rawValue) }
            .map { (live[$0, default: []].sorted { $0.path < $1.path }, archived[$0] ?? []) }
    }

    /// Nil where there is nothing to do, or not yet.
    private func step(
        _ live: [DataObject], _ archived: [DataObject], _ lineage: inout ArchiveLineage
    ) async throws -> Step? {
        let held = Set(archived.map(ObjectContents.init))
        let missing = live.filter { !held.contains(ObjectContents($0)) }
        let present = Set(live.map(ObjectContents.init))
        let stale = archived.filter { !present.contains(ObjectContents($0)) }
        let due = missing.filter { planner.isDue(rule, $0) }
        if !due.isEmpty, let oldest = stale.map(\.uploadedAt).min() { try await lineage.read(since: oldest) }
        let paths = Set(live.map(\.path))
        var rewritten: [(object: DataObject, heirs: Set<String>)] = []
        for object in stale {
            switch lineage.fate(of: object.path, live: paths) {
            case .rewritten(let heirs): rewritten.append((object, heirs))
            case .expired: continue
            case .unknown where due.isEmpty: continue
            case .unknown:
                return Step(
                    copy: due,
                    problem: "the log no longer tells what became of \(object.path), which the archive holds; archive "
                        + "more often than vacuum.log_after")
            }
        }
        // What takes the place of archived objects comes all at once, so that the archive has each event once.
        var waiting = Set(missing.filter { !planner.isOld(rule, $0) }.map(\.path))
        var before = -1
        while waiting.count != before {
            before = waiting.count
            for family in rewritten where !family.heirs.isDisjoint(with: waiting) { waiting.formUnion(family.heirs) }
        }
        let replaced = rewritten.filter { $0.heirs.isDisjoint(with: waiting) }
        let heirs = replaced.reduce(into: Set(due.map(\.path))) { $0.formUnion($1.heirs) }
        let copy = missing.filter { heirs.contains($0.path) && !waiting.contains($0.path) }
        return copy.isEmpty && replaced.isEmpty ? nil : Step(copy: copy, drop: replaced.map(\.object))
    }
}

/// What an object holds, whatever it is called and wherever it is kept.
struct ObjectContents: Hashable {
    private let checksum: Checksum
    private let bytes, records: Int64
    private let offsets: [OffsetSpan]

    init(_ object: DataObject) {
        (checksum, bytes, records, offsets) = (object.checksum, object.bytes, object.records, object.offsets)
    }
}

extension Archiver {
    /// Copies and commits; a partition of which an object cannot be copied waits where it would drop others.
    func carryOut(_ steps: [Step], id: CommitID) async throws -> [LifecycleOutcome] {
        var outcomes: [LifecycleOutcome] = []
        var (add, drop): ([Copied], [DataObject]) = ([], [])
        for step in steps {
            let copies = step.problem == nil ? try await copy(step.copy) : []
            let failed = copies.contains { $0.entry == nil }
            if let problem = step.problem ?? (failed && !step.drop.isEmpty ? "others of its hour failed" : nil) {
                let own = Dictionary(uniqueKeysWithValues: copies.map { ($0.object.path, $0.problem) })
                outcomes += step.copy.map { outcome($0, problem: (own[$0.path] ?? nil) ?? problem) }
                continue
            }
            outcomes += copies.compactMap { copy in copy.problem.map { outcome(copy.object, problem: $0) } }
            add += copies.filter { $0.entry != nil }
            drop += step.drop
        }
        guard !add.isEmpty || !drop.isEmpty else { return outcomes }
        do throws(CatalogError) {
            let version = try await commit(add.compactMap(\.entry), drop, id: id)
            outcomes += add.map { outcome($0.object, replacement: $0.entry, version: version) }
        } catch {
            if case .unsettled = error { throw error }
            guard !add.isEmpty else { throw error }
            // Another run did it meanwhile, or vacuum of the archive was faster: the next run sees.
            outcomes += add.map { outcome($0.object, problem: error.description) }
        }
        return outcomes
    }

    private func outcome(
        _ object: DataObject, replacement: DataObject? = nil, version: Int64? = nil, problem: String? = nil
    ) -> LifecycleOutcome {
        LifecycleOutcome(
            item: LifecycleItem(rule: rule, object: object), replacement: replacement, version: version,
            problem: problem)
    }

    private func commit(_ add: [DataObject], _ drop: [DataObject], id: CommitID) async throws(CatalogError) -> Int64 {
        var reason = "lifecycle \(rule.name): archive \(add.count) objects of \(table.store.location)"
        if !drop.isEmpty { reason += ", in place of \(drop.count) that were rewritten there" }
        let change = Change(kind: .adopt, layout: layout, add: add, remove: drop.map(\.path), reason: reason)
        return try await archive.commit(change, id: id, writer: writer).version
    }

    /// An object and its copy's entry.
    private struct Copied: Sendable {
        let object: DataObject
        var entry: DataObject?
        var problem: String?
    }

    private func copy(_ objects: [DataObject]) async throws -> [Copied] {
        var copier = ObjectCopier(source: table.store, target: archive.store, table: table.name)
        copier.storageClass = storageClass
        copier.horizon = await archive.head().horizon
        let ready = copier
        return try await mapConcurrently(objects, runningMax: parallelMax) { try await copy($0, ready) }
            .sorted { $0.object.path < $1.object.path }
    }

    private func copy(_ object: DataObject, _ copier: ObjectCopier) async throws -> Copied {
        do {
            var entry = object
            entry.uploadedAt = try await copier.copy(object).uploadedAt
            let labels = ObjectLabels(object.tags)
            entry.tags = storageClass.map { labels.with(storageClass: $0) } ?? labels.withoutStorageClass
            return Copied(object: object, entry: entry)
        } catch {
            guard !Task.isCancelled else { throw error }
            return Copied(object: object, problem: "\(error)")
        }
    }
}

/// Shows that an archive holds an object, before it is removed from its table.
struct ArchiveProof: Sendable {
    let rule: LifecycleRule
    let archive: Table
    let snapshot: Snapshot

    /// Throws where the archive should have the object and does not.
    func check(_ object: DataObject) async throws {
        guard rule.selects(object) else { return }
        let hour = LakeHour(object.partition)
        let query = ObjectQuery(sides: [object.side], hours: hour...hour, shards: [object.partition.shard])
        let entries = snapshot.version > 0 ? try await snapshot.objects(query) : []
        guard let entry = entries.first(where: { ObjectContents($0) == ObjectContents(object) }),
            let key = entry.key(in: archive.name)
        else { throw MaintenanceError.invalid("the archive does not hold it yet") }
        let stored = try await archive.store.head(key)
        guard stored.bytes == object.bytes else {
            throw MaintenanceError.invalid("the archive's copy has \(stored.bytes) bytes, not \(object.bytes)")
        }
    }
}
