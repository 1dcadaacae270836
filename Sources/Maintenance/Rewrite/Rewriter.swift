public import Catalog
import Formats
public import LakeModel
public import ObjectStorage

/// Writes objects anew: reads some, sorts, leaves out, encodes, uploads. Commits nothing.
public struct Rewriter: Sendable {
    public let store: any ObjectStore
    public let table: TableName
    public let formats: RowFormats
    /// Of new objects: storage class, tags, metadata.
    public var putOptions: PutOptions
    /// Lines that are sorted in memory at a time.
    public var sortBytesMax = 64 << 20
    public var partBytes = 8 << 20
    /// True where the table's event time is Kafka's timestamp, so that new objects state their own times exactly.
    public var timeIsKafka = false

    public init(store: any ObjectStore, table: TableName, formats: RowFormats, putOptions: PutOptions = PutOptions()) {
        (self.store, self.table, self.formats, self.putOptions) = (store, table, formats, putOptions)
    }

    /// Rewrites; on an error nothing of it is left in the store but what could not be removed.
    ///
    /// - `commit`: the id of the commit that will add the new objects; it is a part of their names.
    /// - `keep`: false leaves an event out.
    public func run(
        _ spec: RewriteSpec, commit: CommitID, keep: @escaping (StoredRow) throws -> Bool = { _ in true }
    ) async throws -> RewriteResult {
        guard let first = spec.inputs.first else { return RewriteResult() }
        var spec = spec
        let rewrite: Rewrite
        if spec.format == .parquet, spec.encoding.shape == nil {
            spec.encoding.shape = try await shape(of: spec.inputs)
        }
        rewrite = try Rewrite(self, spec, first: first, commit: commit, keep: keep)
        do {
            if spec.isInOrder, !spec.keepsLastOfKey { try await rewrite.stream() } else { try await rewrite.sort() }
            return try await rewrite.finish()
        } catch {
            await rewrite.abandon()
            throw error
        }
    }

    /// A shape that takes the rows of all inputs: raw, unless all of them are shredded.
    private func shape(of inputs: [DataObject]) async throws -> ParquetTableShape {
        var merged: ParquetTableShape?
        var seen: Set<String?> = []
        for object in inputs where seen.insert(object.schemaID).inserted || object.schemaID == nil {
            let shape = try await formats.reader(object.format, store, table)?.shape(of: object) ?? .raw
            merged = try merged?.merged(with: shape) ?? shape
        }
        return merged ?? .raw
    }

    /// Removes objects that no commit added and none will; best effort.
    public func discard(_ outputs: [DataObject]) async {
        let keys = outputs.compactMap { ObjectKey("\(table)/\($0.path)") }
        for start in stride(from: 0, to: keys.count, by: keysPerRequestMax) {
            _ = try? await store.delete(Array(keys[start..<min(start + keysPerRequestMax, keys.count)]))
        }
    }
}

/// One rewrite on its way.
private final class Rewrite {
    private let rewriter: Rewriter
    private let spec: RewriteSpec
    private let reader: any RowReading
    private let sources: RowSources
    private let names: ObjectNames
    private let keep: (StoredRow) throws -> Bool
    private let inputs: [DataObject]
    private var output: ObjectOutput?
    /// Raw rows of events that have no place in the shape of the output.
    private var leftover: ObjectOutput?
    private var opened = 0
    private var result = RewriteResult()

    init(
        _ rewriter: Rewriter, _ spec: RewriteSpec, first: DataObject, commit: CommitID,
        keep: @escaping (StoredRow) throws -> Bool
    ) throws {
        (self.rewriter, self.spec, self.keep) = (rewriter, spec, keep)
        guard let reader = rewriter.formats.reader(first.format, rewriter.store, rewriter.table) else {
            throw MaintenanceError.unsupported("objects of format \(first.format.rawValue) cannot be rewritten")
        }
        guard first.format != .value || spec.format == .value else {
            throw MaintenanceError.unsupported("value lines carry too little to become \(spec.format.rawValue)")
        }
        self.reader = reader
        inputs = spec.inputsInOrder
        sources = RowSources(of: inputs)
        names = ObjectNames(side: first.side, partition: first.partition, commit: commit)
        result.requests.gets = inputs.reduce(0) { $0 + max(1, $1.bytes / (8 << 20)) }
    }

    /// Passes rows on as they are read.
    func stream() async throws {
        for object in inputs {
            try await reader.forEachRow(of: object, sources: sources, { try take($0) }, pause: { try await send() })
            try await send()
        }
    }

    /// Reads all rows, then writes them in order.
    func sort() async throws {
        let sorter = try RowSorter(
            runBytesMax: rewriter.sortBytesMax, expectedBytes: spec.uncompressedBytes, expectedRows: spec.records)
        var lastOfKey = LastOfKey()
        for object in inputs {
            try await reader.forEachRow(
                of: object, sources: sources,
                { row in
                    guard let front = row.front else {
                        throw MaintenanceError.unsupported("\(object.path) carries no offsets to sort by")
                    }
                    if spec.keepsLastOfKey { lastOfKey.note(row) }
                    try sorter.add(row.line, key: RowKey(front, order: spec.order))
                }, pause: {})
        }
        let merge = try sorter.finish()
        var fronts = EnvelopeFrontReader(sources: sources)
        // Asking every column how much waits there would cost as much as a row.
        let lookBytes = max(1, min(256 << 10, spec.targetBytes / 16))
        var goesOn = true
        while goesOn {
            var bytes: Int64 = 0
            while goesOn, bytes < lookBytes {
                goesOn = try merge.next { line in
                    let row = StoredRow(line: line, front: fronts.read(line))
                    bytes += Int64(line.count)
                    if spec.keepsLastOfKey, !lastOfKey.keeps(row) { drop(row) } else { try take(row) }
                }
            }
            try await send()
        }
    }

    private func take(_ row: StoredRow) throws {
        guard try keep(row) else { return drop(row) }
        let output = try output ?? open(for: row, spec.encoding)
        self.output = output
        do {
            try output.append(row)
        } catch is RowHasNoPlace {
            try takeLeftover(row)
        }
    }

    private func takeLeftover(_ row: StoredRow) throws {
        var encoding = spec.encoding
        encoding.shape = .raw
        let output = try leftover ?? open(for: row, encoding)
        leftover = output
        try output.append(row)
    }

    private func drop(_ row: StoredRow) {
        result.droppedRecords += 1
        guard let front = row.front, sources.all.indices.contains(Int(front.source)) else { return }
        result.dropped[sources.all[Int(front.source)], default: 0] += 1
    }

    private func open(for row: StoredRow, _ encoding: EncodingOptions) throws -> ObjectOutput {
        guard let encoder = try rewriter.formats.encoder(spec.format, encoding) else {
            throw MaintenanceError.unsupported("objects of format \(spec.format.rawValue) cannot be written")
        }
        let span = inputs.first?.offsets.first
        let source = row.front.map { sources.all[Int($0.source)] } ?? span?.topicPartition
        let path = names.path(
            first: source ?? TopicPartition(topic: "none", partition: 0), offset: row.front?.offset ?? span?.first ?? 0,
            number: opened, format: spec.format)
        opened += 1
        return try ObjectOutput(
            store: rewriter.store, table: rewriter.table, path: path, options: rewriter.putOptions, encoder: encoder,
            sources: sources, partBytes: rewriter.partBytes)
    }

    /// Uploads what is ready, and ends the object where it is large enough.
    private func send() async throws {
        guard let output else { return }
        if output.hasPart { try await output.send() }
        if let leftover, leftover.hasPart { try await leftover.send() }
        // Without coordinates nobody could say which object holds what: one object then.
        if spec.hasFronts, output.encodedBytes >= spec.targetBytes { try await closeOutput() }
    }

    private func closeOutput() async throws {
        guard let output else { return }
        // It may have been opened for an event that it did not take.
        if output.records > 0 { try await close(output, tags: spec.tags) }
        self.output = nil
    }

    private func close(_ output: ObjectOutput, tags: [String]) async throws {
        var object = try await output.finish(
            side: names.side, partition: names.partition, format: spec.format, spans: statedSpans,
            times: times(output), tags: tags)
        if object.schemaID == nil, spec.format == inputs.first?.format, Set(inputs.map(\.schemaID)).count == 1 {
            object.schemaID = inputs.first?.schemaID
        }
        result.requests.puts += output.puts
        result.outputs.append(object)
    }

    private func times(_ output: ObjectOutput) -> TimeSpan? {
        let all = inputs.compactMap(\.eventTime)
        guard let low = all.map(\.min).min(), let high = all.map(\.max).max() else { return nil }
        guard rewriter.timeIsKafka || names.side == .deadLetter, let own = output.times, own.min >= low,
            own.max <= high
        else { return TimeSpan(min: low, max: high) }
        return own
    }

    /// What an object of rows without coordinates holds: what its inputs hold, less what was left out.
    private var statedSpans: [OffsetSpan] {
        var left = result.droppedRecords
        return SpanTally.sum(inputs).compactMap { span in
            // Which topic partition a dropped row was of nobody knows; counts have to add up all the same.
            let taken = min(left, span.count)
            left -= taken
            guard span.count > taken else { return nil }
            return OffsetSpan(span.topicPartition, first: span.first, last: span.last, count: span.count - taken)
        }
    }

    func finish() async throws -> RewriteResult {
        try await closeOutput()
        if let leftover { try await close(leftover, tags: Set(spec.tags + [ObjectLabels.unshredded]).sorted()) }
        leftover = nil
        try Balance.check(inputs: inputs, result)
        return result
    }

    func abandon() async {
        await output?.abandon()
        await leftover?.abandon()
        await rewriter.discard(result.outputs)
    }
}
