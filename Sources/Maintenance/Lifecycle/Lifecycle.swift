public import Catalog
public import Formats
public import LakeModel
public import ObjectStorage

/// Applies lifecycle rules to a table: each change is a commit that names its rule.
///
/// Objects that others removed meanwhile are left to the next run, which sees what has become of them. A crash leaves
/// copies that no commit added; vacuum deletes them.
public struct Lifecycle: Sendable {
    public let table: Table
    public let policy: LifecyclePolicy
    public let clock: any LakeClock
    public var writer: WriterIdentity
    public var formats: RowFormats
    public var putOptions: PutOptions
    /// Columns of rewritten Parquet objects with Bloom filters.
    public var bloomFilters = BloomFilterFields()
    /// Where `policy.archive` copies objects to.
    public var archive: Lake?
    /// Of objects in the archive; nil for the store's own.
    public var archiveStorageClass: String?
    /// Objects that one commit expires or moves.
    public var objectsPerCommit = 500

    public init(
        table: Table, policy: LifecyclePolicy, clock: any LakeClock, writer: WriterIdentity,
        formats: RowFormats = .all, putOptions: PutOptions = PutOptions()
    ) {
        (self.table, self.policy, self.clock, self.writer) = (table, policy, clock, writer)
        (self.formats, self.putOptions) = (formats, putOptions)
    }

    /// Hands out what `apply` would do now, and changes nothing.
    ///
    /// - `onItem`: also gets why it cannot be done, where that is known.
    public func plan(onItem: (LifecycleItem, _ problem: String?) throws -> Void) async throws {
        if let archiver = try await archiver() {
            _ = try await archiver.forEachBatch { steps in
                for step in steps { for item in archiver.items(step) { try onItem(item, step.problem) } }
            }
        }
        try await forEachBatch { items in
            for item in items {
                let wait = policy.archive.flatMap { ArchiveProof.wait(for: item.object, $0) }
                try onItem(item, item.rule.action == .expire ? wait : nil)
            }
        }
    }

    /// Does it. One object that fails is reported and does not stop the others.
    ///
    /// - `random`: ids of commits are drawn from it.
    public func apply(
        using random: inout some RandomNumberGenerator, onOutcome: (LifecycleOutcome) throws -> Void
    ) async throws {
        var ids = random
        defer { random = ids }
        var proof: ArchiveProof?
        var settled: (mark: ArchiveMark, archive: Table)?
        if let archiver = try await archiver() {
            var isSettled = true
            let mark = try await archiver.forEachBatch { steps in
                let done = try await archiver.carryOut(steps, id: CommitID(using: &ids))
                isSettled = isSettled && done.isSettled
                for outcome in done.outcomes { try onOutcome(outcome) }
            }
            // Nothing of a table that is not there yet.
            if await archiver.archive.head().version > 0 {
                if let mark, isSettled {
                    try await mark.write(archiver.archive)
                    settled = (mark, archiver.archive)
                } else {
                    try await ArchiveMark.begin(archiver.archive)
                }
            }
            proof = ArchiveProof(
                rule: archiver.rule, archive: archiver.archive, snapshot: try await archiver.archive.snapshot())
        }
        try await forEachBatch { items in
            for group in Self.groups(items, max: objectsPerCommit) {
                for outcome in try await apply(group, proof, using: &ids) { try onOutcome(outcome) }
            }
        }
        guard var settled else { return }
        settled.mark.days = try await TableDays.read(table, archive: settled.archive)
        try await settled.mark.write(settled.archive)
    }

    /// Nil where nothing is archived.
    private func archiver() async throws -> Archiver? {
        guard let rule = policy.archive else { return nil }
        guard let archive else { throw MaintenanceError.invalid("no lake was given to archive into") }
        guard let layout = try await table.snapshot().head.layout else { return nil }
        return Archiver(
            table: table, archive: try await Archiver.open(table, in: archive, layout: layout), rule: rule,
            planner: try LifecyclePlanner(policy: policy, layout: layout, now: clock.now()), layout: layout,
            writer: writer,
            storageClass: archiveStorageClass)
    }

    /// Goes through the table in stretches of hours, so that memory stays that of one.
    private func forEachBatch(_ body: ([LifecycleItem]) async throws -> Void) async throws {
        guard !policy.rules.isEmpty else { return }
        let snapshot = try await table.snapshot()
        guard let layout = snapshot.head.layout else { return }
        let planner = try LifecyclePlanner(policy: policy, layout: layout, now: clock.now())
        for window in VerifyWindows.plan(snapshot.manifests) {
            let query = ObjectQuery(sides: Set(TableSide.allCases), hours: window)
            let items = planner.items(try await snapshot.objects(query))
            if !items.isEmpty { try await body(items) }
        }
    }

    /// Items of one rule each, few enough for one commit. What is read and written again goes object by object.
    private static func groups(_ items: [LifecycleItem], max: Int) -> [[LifecycleItem]] {
        var groups: [[LifecycleItem]] = []
        var byRule: [LifecycleRule: [LifecycleItem]] = [:]
        for item in items { byRule[item.rule, default: []].append(item) }
        for item in byRule.sorted(by: { $0.key.name < $1.key.name }).flatMap(\.value) {
            var isAlone = false
            if case .recompress = item.rule.action { isAlone = true }
            if !isAlone, let last = groups.last, last.count < max, last.first?.rule == item.rule {
                groups[groups.count - 1].append(item)
            } else {
                groups.append([item])
            }
        }
        return groups
    }
}

/// What became of one object.
public struct LifecycleOutcome: Hashable, Sendable {
    public var item: LifecycleItem
    /// The object that stands in its place; nil where it expired, and where nothing happened.
    public var replacement: DataObject?
    /// The commit's version; nil where nothing happened.
    public var version: Int64?
    /// Why nothing happened; one line.
    public var problem: String?
}

extension Lifecycle {
    private func apply(
        _ items: [LifecycleItem], _ proof: ArchiveProof?, using random: inout some RandomNumberGenerator
    ) async throws -> [LifecycleOutcome] {
        guard let rule = items.first?.rule else { return [] }
        var id = CommitID(using: &random)
        var outcomes: [LifecycleOutcome] = []
        var ready: [(item: LifecycleItem, new: DataObject?)] = []
        for (number, item) in items.enumerated() {
            do {
                if item.rule.action == .expire { try await proof?.check(item.object) }
                ready.append((item, try await replacement(for: item, number: number, id: id)))
            } catch {
                guard !Task.isCancelled else { throw error }
                outcomes.append(LifecycleOutcome(item: item, problem: "\(error)"))
            }
        }
        while !ready.isEmpty {
            do throws(CatalogError) {
                return try await outcomes + commit(ready, rule, id: id)
            } catch .removedObjects(let paths) {
                // Others changed some meanwhile; the rest can still go.
                let gone = ready.filter { paths.contains($0.item.object.path) }
                await discard(gone)
                outcomes += gone.map { LifecycleOutcome(item: $0.item, problem: "others have changed it meanwhile") }
                ready.removeAll { paths.contains($0.item.object.path) }
                id = CommitID(using: &random)
            } catch {
                if case .unsettled = error { throw error }
                await discard(ready)
                throw error
            }
        }
        return outcomes
    }

    private func commit(
        _ ready: [(item: LifecycleItem, new: DataObject?)], _ rule: LifecycleRule, id: CommitID
    ) async throws(CatalogError) -> [LifecycleOutcome] {
        let change = Change(
            kind: .lifecycle, add: ready.compactMap(\.new), remove: ready.map(\.item.object.path),
            reason: "lifecycle \(rule.name): \(rule.action.words) \(ready.count) objects")
        let receipt = try await table.commit(change, id: id, writer: writer)
        return ready.map { LifecycleOutcome(item: $0.item, replacement: $0.new, version: receipt.version) }
    }

    /// Makes what shall stand in an object's place; nil for nothing.
    private func replacement(
        for item: LifecycleItem, number: Int, id: CommitID
    ) async throws -> DataObject? {
        switch item.rule.action {
        case .expire, .archive: nil
        case .tier(let storageClass): try await copy(item.object, to: storageClass, number: number, id: id)
        case .recompress(let level): try await recompress(item.object, level: level, id: id)
        }
    }

    private func copy(
        _ object: DataObject, to storageClass: String, number: Int, id: CommitID
    ) async throws -> DataObject {
        let names = ObjectNames(side: object.side, partition: object.partition, commit: id)
        var new = object
        let first = object.offsets.first
        new.path = names.path(
            first: first?.topicPartition ?? TopicPartition(topic: "none", partition: 0), offset: first?.first ?? 0,
            number: number, format: object.format)
        new.tags = ObjectLabels(object.tags).with(storageClass: storageClass)
        guard let source = ObjectKey("\(table.name)/\(object.path)"),
            let target = ObjectKey("\(table.name)/\(new.path)")
        else { throw MaintenanceError.invalid("not an object key: \(new.path)") }
        var options = putOptions
        options.storageClass = storageClass
        let info = try await table.store.copy(source, to: target, options: options)
        new.uploadedAt = info.modifiedAt
        return new
    }

    private func recompress(_ object: DataObject, level: Int32, id: CommitID) async throws -> DataObject? {
        var options = putOptions
        let labels = ObjectLabels(object.tags)
        if let storageClass = labels.storageClass { options.storageClass = storageClass }
        let rewriter = Rewriter(store: table.store, table: table.name, formats: formats, putOptions: options)
        let spec = RewriteSpec(
            inputs: [object], format: object.format,
            encoding: EncodingOptions(level: level, bloomFilters: bloomFilters), order: .input,
            tags: labels.with(level: level))
        let result = try await rewriter.run(spec, commit: id)
        guard let output = result.outputs.first, result.outputs.count == 1, result.droppedRecords == 0 else {
            await rewriter.discard(result.outputs)
            throw MaintenanceError.unbalanced("\(object.path) became \(result.outputs.count) objects")
        }
        var new = output
        new.eventTime = object.eventTime
        return new
    }

    private func discard(_ ready: [(item: LifecycleItem, new: DataObject?)]) async {
        let rewriter = Rewriter(store: table.store, table: table.name, formats: formats)
        await rewriter.discard(ready.compactMap(\.new))
    }
}

extension LifecycleRule.Action {
    /// For reasons and lists.
    public var words: String {
        switch self {
        case .expire: "expire"
        case .tier(let storageClass): "move to \(storageClass)"
        case .recompress(let level): "compress at level \(level)"
        case .archive: "archive"
        }
    }
}
