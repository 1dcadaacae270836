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
        /// Some of them hold what an erasure took from the table.
        var dropsErased = false
        /// Why nothing can be done.
        var problem: String?
        /// Some archived objects are left to a later run.
        var isOpen = false
    }

    private struct Rewritten {
        var object: DataObject
        var heirs: Set<String>
        var isErased: Bool
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
    ///
    /// Returns how far the archive has followed its table once all of that is done; nil where something is left open.
    func forEachBatch(_ body: ([Step]) async throws -> Void) async throws -> ArchiveMark? {
        let snapshot = try await table.snapshot()
        let kept = try await archive.snapshot()
        var lineage = try await ArchiveLineage(
            table, through: snapshot.version, archive: archive, at: kept.version)
        var isOpen = false
        for window in VerifyWindows.plan(snapshot.manifests + kept.manifests) {
            let query = ObjectQuery(sides: Set(TableSide.allCases), hours: window)
            let live = try await snapshot.objects(query)
            guard lineage.concerns(window) || live.contains(where: { planner.isDue(rule, $0) }) else { continue }
            let archived = kept.version > 0 ? try await kept.objects(query) : []
            let names = archived.isEmpty ? [:] : try await lineage.names(query)
            var batch: [Step] = []
            for (live, archived) in Self.byFolder(live, archived) {
                let step = try await step(live, archived, names, &lineage)
                isOpen = isOpen || step.isOpen
                guard !step.copy.isEmpty || !step.drop.isEmpty else { continue }
                // What was erased goes by commits of its own, which vacuum knows.
                if let last = batch.last, last.dropsErased != step.dropsErased {
                    try await body(batch)
                    batch = []
                }
                batch.append(step)
                if batch.reduce(0, { $0 + $1.copy.count }) >= objectsPerCommit {
                    try await body(batch)
                    batch = []
                }
            }
            if !batch.isEmpty { try await body(batch) }
        }
        return isOpen
            ? nil : ArchiveMark(version: snapshot.version, commit: snapshot.head.id, archive: kept.version)
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

    private func step(
        _ live: [DataObject], _ archived: [DataObject], _ names: [ObjectContents: String],
        _ lineage: inout ArchiveLineage
    ) async throws -> Step {
        let held = Set(archived.map(ObjectContents.init))
        let missing = live.filter { !held.contains(ObjectContents($0)) }
        let present = Set(live.map(ObjectContents.init))
        let stale = archived.filter { !present.contains(ObjectContents($0)) }
        let paths = Set(live.map(\.path))
        var fates = stale.map { lineage.fate(of: $0, live: paths, held: held, names: names) }
        if fates.contains(.unknown) {
            try await lineage.readAll()
            fates = stale.map { lineage.fate(of: $0, live: paths, held: held, names: names) }
        }
        let rewritten = zip(stale, fates).compactMap { object, fate -> Rewritten? in
            guard case .rewritten(let heirs, let isErased) = fate else { return nil }
            return Rewritten(object: object, heirs: heirs, isErased: isErased)
        }
        // What takes the place of archived objects comes all at once, so that the archive has each event once.
        var waiting = Set(missing.filter { !planner.isOld(rule, $0) }.map(\.path))
        var before = -1
        while waiting.count != before {
            before = waiting.count
            for family in rewritten where !family.heirs.isDisjoint(with: waiting) { waiting.formUnion(family.heirs) }
        }
        let replaced = rewritten.filter { $0.heirs.isDisjoint(with: waiting) }
        let due = missing.filter { planner.isDue(rule, $0) }
        let heirs = replaced.reduce(into: Set(due.map(\.path))) { $0.formUnion($1.heirs) }
        var step = Step(copy: missing.filter { heirs.contains($0.path) && !waiting.contains($0.path) })
        step.isOpen = replaced.count < rewritten.count
        if let index = fates.firstIndex(of: .scattered) {
            step.drop = [stale[index]]
            step.problem = "some of its events have expired under another name that the archive does not hold"
        } else if let index = fates.firstIndex(of: .unknown), !missing.isEmpty {
            // Its events may be in what is missing, now or once that is old enough.
            step.isOpen = true
            if !step.copy.isEmpty { step.problem = "the archive holds \(stale[index].path): \(lineage.gap)" }
        }
        if step.problem == nil {
            step.drop = replaced.map(\.object)
            step.dropsErased = replaced.contains(where: \.isErased)
        }
        step.isOpen = step.isOpen || step.problem != nil
        return step
    }
}

/// What an object holds, whatever it is called and wherever it is kept. Without offsets it is known by its name too:
/// others may have the same bytes, and are other events.
struct ObjectContents: Hashable {
    private let checksum: Checksum
    private let bytes, records: Int64
    private let offsets: [OffsetSpan]
    private let path: String?

    init(_ object: DataObject) {
        (checksum, bytes, records, offsets) = (object.checksum, object.bytes, object.records, object.offsets)
        path = object.offsets.isEmpty ? object.path : nil
    }
}

extension Archiver {
    /// Copies and commits; a partition of which an object cannot be copied waits where it would drop others.
    ///
    /// Returns also whether what became of archived objects is settled: a new one that cannot be copied leaves nothing
    /// open, and the next run tries it again.
    func carryOut(
        _ steps: [Step], id: CommitID
    ) async throws -> (outcomes: [LifecycleOutcome], isSettled: Bool) {
        var outcomes: [LifecycleOutcome] = []
        var isSettled = true
        var (add, drop): ([Copied], [DataObject]) = ([], [])
        for step in steps {
            guard step.problem == nil else {
                isSettled = false
                outcomes += items(step).map { LifecycleOutcome(item: $0, problem: step.problem) }
                continue
            }
            let copies = try await copy(step.copy)
            if copies.contains(where: { $0.entry == nil }), !step.drop.isEmpty {
                isSettled = false
                outcomes += copies.map { outcome($0.object, problem: $0.problem ?? "others of its hour failed") }
                continue
            }
            outcomes += copies.compactMap { copy in copy.problem.map { outcome(copy.object, problem: $0) } }
            add += copies.filter { $0.entry != nil }
            drop += step.drop
        }
        guard !add.isEmpty || !drop.isEmpty else { return (outcomes, isSettled) }
        do throws(CatalogError) {
            let dropsErased = steps.contains(where: \.dropsErased)
            let version = try await commit(add.compactMap(\.entry), drop, dropsErased: dropsErased, id: id)
            outcomes += add.map { outcome($0.object, replacement: $0.entry, version: version) }
            outcomes += drop.map { LifecycleOutcome(item: dropped($0), version: version) }
        } catch {
            if case .unsettled = error { throw error }
            guard !add.isEmpty else { throw error }
            // Another run did it meanwhile, or vacuum of the archive was faster: the next run sees.
            isSettled = false
            outcomes += add.map { outcome($0.object, problem: error.description) }
        }
        return (outcomes, isSettled)
    }

    /// What a step does, or would.
    func items(_ step: Step) -> [LifecycleItem] {
        step.copy.map { LifecycleItem(rule: rule, object: $0) } + step.drop.map(dropped)
    }

    private func dropped(_ object: DataObject) -> LifecycleItem {
        LifecycleItem(rule: rule, object: object, leavesArchive: true)
    }

    private func outcome(
        _ object: DataObject, replacement: DataObject? = nil, version: Int64? = nil, problem: String? = nil
    ) -> LifecycleOutcome {
        LifecycleOutcome(
            item: LifecycleItem(rule: rule, object: object), replacement: replacement, version: version,
            problem: problem)
    }

    private func commit(
        _ add: [DataObject], _ drop: [DataObject], dropsErased: Bool, id: CommitID
    ) async throws(CatalogError) -> Int64 {
        var reason = "lifecycle \(rule.name): archive \(add.count) objects of \(table.store.location)"
        if !drop.isEmpty { reason += ", in place of \(drop.count) that were rewritten there" }
        // An erasure it cannot be called: it may bring more than it takes.
        let kind: CommitKind = drop.isEmpty || dropsErased ? .adopt : .lifecycle
        let change = Change(kind: kind, layout: layout, add: add, remove: drop.map(\.path), reason: reason)
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

    /// Why an object can be in no archive yet that should have it: it stays, as nothing may leave the table before it
    /// is archived.
    static func wait(for object: DataObject, _ rule: LifecycleRule) -> String? {
        guard object.adopted != nil, rule.selects(object) else { return nil }
        return "an adopted file expires once it is archived, and is archived once 'varve compact' has rewritten it"
    }

    /// Throws where the archive should have the object and does not.
    func check(_ object: DataObject) async throws {
        if let wait = Self.wait(for: object, rule) { throw MaintenanceError.invalid(wait) }
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
