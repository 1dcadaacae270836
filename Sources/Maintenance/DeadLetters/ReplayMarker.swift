public import Catalog
public import LakeModel
import ObjectStorage

/// Marks dead letters as sent again: their objects are written anew with the label `replayed`, and what else they hold
/// without it. Every event stays; the commits are compactions that split.
public struct ReplayMarker: Sendable {
    public let table: Table
    public let selection: RestoreSelection
    public let writer: WriterIdentity
    public var formats: RowFormats
    /// zstd's level of what is written anew.
    public var level: Int32 = 3
    /// Rounds over what others rewrote meanwhile.
    public var roundsMax = 20

    public init(
        table: Table, selection: RestoreSelection, writer: WriterIdentity, formats: RowFormats = .lines
    ) {
        var selection = selection
        selection.side = .deadLetter
        selection.excludedTags.insert(DeadLetters.replayedTag)
        (self.table, self.selection, self.writer, self.formats) = (table, selection, writer, formats)
    }

    /// Marks what the restore that ended with `state` has sent; returns how many events that were.
    ///
    /// - `random`: ids of commits and names are drawn from it.
    public func mark(
        _ state: RestoreState, replay: CommitID, using random: inout some RandomNumberGenerator
    ) async throws -> Int64 {
        var sent: Int64 = 0
        for _ in 0..<max(1, roundsMax) {
            var conflicts = 0
            let snapshot = try await table.snapshot()
            for object in try await snapshot.objects(selection.query) where selection.admits(object) {
                do {
                    sent += try await mark(
                        object, state, replay: replay, layout: snapshot.head.layout, using: &random)
                } catch ReadError.missing {
                    conflicts += 1
                } catch CatalogError.removedObjects {
                    conflicts += 1
                }
            }
            guard conflicts > 0 else { return sent }
        }
        throw CatalogError.contention(attempts: roundsMax)
    }

    private func mark(
        _ object: DataObject, _ state: RestoreState, replay: CommitID, layout: TableLayout?,
        using random: inout some RandomNumberGenerator
    ) async throws -> Int64 {
        guard let reader = formats.reader(object.format, table.store, table.name) else {
            throw MaintenanceError.unsupported("objects of format \(object.format.rawValue) cannot be rewritten")
        }
        let sources = RowSources(of: [object])
        let time = StoredEventTime(layout: layout, object: object)
        let matcher = RestoreMatcher(selection)
        let selection = selection
        func wasSent(_ row: StoredRow) throws -> Bool {
            guard let front = row.front, sources.all.indices.contains(Int(front.source)) else { return false }
            let source = sources.all[Int(front.source)]
            guard let stand = state.sources[source], front.offset < stand.end, selection.admits(row, sources) else {
                return false
            }
            return try matcher.matches(row, time: time)
        }
        var events: Int64 = 0
        try await reader.forEachRow(
            of: object, sources: sources, { if try wasSent($0) { events += 1 } }, pause: {})
        guard events > 0 else { return 0 }
        let marked = try await rewrite(object, name: CommitID(using: &random), isMarked: true) { try wasSent($0) }
        var outputs = marked.outputs
        let rewriter = Rewriter(store: table.store, table: table.name, formats: formats)
        do {
            if events < object.records {
                let rest = try await rewrite(object, name: CommitID(using: &random), isMarked: false) {
                    try !wasSent($0)
                }
                outputs += rest.outputs
            }
            let records = outputs.reduce(0) { $0 + $1.records }
            guard marked.outputs.reduce(0, { $0 + $1.records }) == events, records == object.records else {
                throw MaintenanceError.unbalanced("\(object.path) held \(object.records) events, not \(records)")
            }
            let change = Change(
                kind: .compact, add: outputs, remove: [object.path],
                reason: "replay \(replay): \(events) of \(object.records) dead letters were sent again")
            try await table.commit(change, id: CommitID(using: &random), writer: writer)
            return events
        } catch {
            // Unsettled, it may have happened: then nothing is removed here.
            if case CatalogError.unsettled = error { throw error }
            await rewriter.discard(outputs)
            throw error
        }
    }

    private func rewrite(
        _ object: DataObject, name: CommitID, isMarked: Bool, keep: @escaping (StoredRow) throws -> Bool
    ) async throws -> RewriteResult {
        let labels = ObjectLabels(object.tags)
        var options = PutOptions()
        if let storageClass = labels.storageClass { options.storageClass = storageClass }
        let rewriter = Rewriter(store: table.store, table: table.name, formats: formats, putOptions: options)
        let tags = isMarked ? (object.tags + [DeadLetters.replayedTag]).sorted() : object.tags
        let spec = RewriteSpec(
            inputs: [object], format: object.format, encoding: EncodingOptions(level: labels.level ?? level),
            order: .input, tags: tags)
        return try await rewriter.run(spec, commit: name, keep: keep)
    }
}
