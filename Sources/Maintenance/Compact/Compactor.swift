public import Catalog
public import Formats
public import LakeModel
public import ObjectStorage

/// Carries out the groups of a compaction plan, each as one commit.
///
/// A group's commit removes its inputs and adds its outputs; it fails where another commit removed one of the inputs
/// meanwhile, and only then. So appends, other groups, other machines and other tools never block each other. A crash
/// leaves objects that no commit added, which vacuum deletes.
public struct Compactor: Sendable {
    public let table: Table
    public var formats: RowFormats
    public var putOptions: PutOptions
    /// Groups that are worked on at once.
    public var parallelMax = 2
    /// What all groups at work may take together.
    public var memoryBytesMax: Int64 = 512 << 20
    /// How often a group is tried where inputs vanish or other writers win.
    public var attemptsMax = 3
    /// Bytes of lines that one group sorts in memory at a time; nil for all of them where they fit its share.
    public var sortBytesMax: Int?
    public var writer: WriterIdentity
    /// Rows of Parquet objects that are made of others; nil for raw ones.
    public var shape: ParquetTableShape?
    /// Rows of Parquet objects that are made of others have the fields that a sample of their payloads has, in place of
    /// `shape`.
    public var infersShape = false
    /// Columns of Parquet objects with Bloom filters.
    public var bloomFilters = BloomFilterFields()

    public init(
        table: Table, writer: WriterIdentity, formats: RowFormats = .all, putOptions: PutOptions = PutOptions()
    ) {
        (self.table, self.writer, self.formats, self.putOptions) = (table, writer, formats, putOptions)
    }

    /// Rewrites and commits the groups; one that fails is reported and does not stop the others.
    ///
    /// - `random`: ids of commits are drawn from it.
    /// - `onOutcome`: gets what became of each group, in the order in which they end.
    public func run(
        _ groups: [CompactionGroup], policy: CompactionPolicy, using random: inout some RandomNumberGenerator,
        onOutcome: (CompactionOutcome) -> Void = { _ in }
    ) async throws -> CompactionReport {
        var report = CompactionReport()
        func note(_ outcome: CompactionOutcome) {
            onOutcome(outcome)
            report.add(outcome)
        }
        var waiting = groups[...]
        let share = memoryBytesMax / Int64(max(1, min(parallelMax, groups.count)))
        await withTaskGroup(of: Finished.self) { tasks in
            var used: Int64 = 0
            var running = 0
            while !waiting.isEmpty || running > 0 {
                while let next = waiting.first, running < parallelMax {
                    let memory = MergeMemory(
                        .init(next), keepsLastOfKey: policy.keepsLastOfKey, share: share, total: memoryBytesMax,
                        limit: sortBytesMax)
                    // One that is too large begins alone too: whether it has to sort, its objects tell.
                    guard running == 0 || used &+ memory.bytes <= memoryBytesMax, !Task.isCancelled else { break }
                    waiting.removeFirst()
                    let ids = (0..<max(1, attemptsMax)).map { _ in CommitID(using: &random) }
                    (used, running) = (used &+ memory.bytes, running + 1)
                    tasks.addTask { Finished(await compact(next, policy, memory, ids: ids), memory: memory.bytes) }
                }
                guard running > 0, let finished = await tasks.next() else { break }
                (used, running) = (used &- finished.memory, running - 1)
                note(finished.outcome)
            }
        }
        try Task.checkCancellation()
        return report
    }

    /// A class on purpose: with large values as a task's result, Swift 6.3's optimizer mixed up the results of a group.
    private final class Finished: Sendable {
        let outcome: CompactionOutcome
        let memory: Int64

        init(_ outcome: CompactionOutcome, memory: Int64) {
            (self.outcome, self.memory) = (outcome, memory)
        }
    }
}

extension Compactor {
    private func compact(
        _ group: CompactionGroup, _ policy: CompactionPolicy, _ memory: MergeMemory, ids: [CommitID]
    ) async -> CompactionOutcome {
        var outcome = CompactionOutcome(group: group)
        for id in ids {
            do {
                switch try await attempt(group, policy, memory, id: id, &outcome) {
                case .settled: return outcome
                case .again(let reason): outcome.problem = reason
                }
            } catch {
                outcome.problem = "\(error)"
                return outcome
            }
            outcome.attempts += 1
        }
        return outcome
    }

    private enum Attempt {
        case settled
        case again(String)
    }

    private func attempt(
        _ group: CompactionGroup, _ policy: CompactionPolicy, _ memory: MergeMemory, id: CommitID,
        _ outcome: inout CompactionOutcome
    ) async throws -> Attempt {
        let snapshot = try await table.snapshot()
        let live = try await snapshot.objects(withPaths: Set(group.inputs))
        // A hold may be younger than the plan.
        let inputs = group.inputs.compactMap { live[$0] }.filter { input in !policy.holds.contains { $0.holds(input) } }
        let isConversion = group.format != group.outputFormat || isShredding(inputs, policy)
        guard inputs.count >= (isConversion || group.inputs.count == 1 ? 1 : 2) else {
            outcome.state = .skipped
            let held = live.count - inputs.count
            outcome.problem =
                "\(group.inputs.count - live.count) of its \(group.inputs.count) objects are gone"
                + (held > 0 ? ", \(held) are kept by legal holds" : "")
            return .settled
        }
        var spec = spec(group, policy, inputs)
        if memory.bytes > memoryBytesMax, !spec.isInOrder || spec.keepsLastOfKey {
            outcome.state = .skipped
            outcome.problem = tooLarge(group, spec, memory: memory.bytes)
            return .settled
        }
        var rewriter = Rewriter(store: table.store, table: table.name, formats: formats, putOptions: putOptions)
        rewriter.sortBytesMax = memory.sortBytesMax
        // What lifecycle has moved stays where it was moved to.
        if let storageClass = ObjectLabels(spec.tags).storageClass { rewriter.putOptions.storageClass = storageClass }
        rewriter.timeIsKafka = snapshot.head.layout?.time == "kafka"
        let result: RewriteResult
        do {
            if infersShape, isTakenApart(group, policy, inputs) {
                spec.encoding.shape = try await SchemaSample(store: table.store, table: table.name).shape(of: inputs)
            }
            result = try await rewriter.run(spec, commit: id)
        } catch ReadError.missing(let path) {
            // Compacted and vacuumed by others since the snapshot, or lost: the next look tells.
            return .again("\(path) is missing in the store")
        }
        outcome.requests += result.requests
        return try await commit(result, of: spec, id: id, rewriter, &outcome)
    }

    /// What is sorted has to be in memory, compressed at least, and so does what is known of each key.
    private func tooLarge(_ group: CompactionGroup, _ spec: RewriteSpec, memory: Int64) -> String {
        let need = "takes \(memory >> 20) MiB, \(memoryBytesMax >> 20) are allowed; give more memory, or "
        guard spec.keepsLastOfKey else {
            return "sorting \(group.bytes >> 20) MiB of events of \(group.partition) \(need)do not sort (order: input)"
        }
        return "finding the last event of each key in \(group.partition) \(need)have more shards"
    }

    /// Whether raw rows become shredded ones.
    private func isShredding(_ inputs: [DataObject], _ policy: CompactionPolicy) -> Bool {
        if !infersShape { guard case .shredded = shape else { return false } }
        return policy.shreds == true
            && inputs.allSatisfy {
                $0.schemaID == ParquetTableShape.rawID && !$0.tags.contains(ObjectLabels.unshredded)
            }
    }

    /// Whether rows are made of what has no columns of its own yet.
    private func isTakenApart(
        _ group: CompactionGroup, _ policy: CompactionPolicy, _ inputs: [DataObject]
    ) -> Bool {
        group.outputFormat == .parquet && (group.format != .parquet || isShredding(inputs, policy))
    }

    private func spec(
        _ group: CompactionGroup, _ policy: CompactionPolicy, _ inputs: [DataObject]
    ) -> RewriteSpec {
        var spec = RewriteSpec(inputs: inputs, format: group.outputFormat)
        spec.encoding = EncodingOptions(level: policy.level, bloomFilters: bloomFilters)
        if isTakenApart(group, policy, inputs) { spec.encoding.shape = shape?.keepingMisfits }
        spec.order = group.format == .value ? .input : policy.order
        // A little over the target, so that a group just above it does not leave a crumb.
        spec.targetBytes = policy.targetBytes &+ policy.targetBytes / 5
        spec.keepsLastOfKey = policy.keepsLastOfKey && group.side != .deadLetter && group.format != .value
        let own = spec.keepsLastOfKey ? [ObjectLabels.lastOfKey] : []
        spec.tags = Set(inputs.flatMap { ObjectLabels($0.tags).ofContent } + own).sorted()
        return spec
    }

    private func commit(
        _ result: RewriteResult, of spec: RewriteSpec, id: CommitID, _ rewriter: Rewriter,
        _ outcome: inout CompactionOutcome
    ) async throws -> Attempt {
        if result.droppedRecords > 0, !spec.keepsLastOfKey {
            await rewriter.discard(result.outputs)
            throw MaintenanceError.unbalanced("\(result.droppedRecords) records were left out of a compaction")
        }
        let change = Change(
            // A compaction holds what it replaces; where events of a key were left out it is a matter of lifecycle.
            kind: result.droppedRecords > 0 ? .lifecycle : .compact, add: result.outputs,
            remove: spec.inputs.map(\.path), reason: reason(spec, result))
        do throws(CatalogError) {
            let receipt = try await table.commit(change, id: id, writer: writer)
            outcome.settle(version: receipt.version, spec: spec, result: result)
            return .settled
        } catch {
            switch error {
            case .unsettled:
                // It may have happened: the table shows it, and nothing may be deleted.
                return try await look(for: result, of: spec, after: error, &outcome)
            case .removedObjects, .staleObjects, .contention:
                await rewriter.discard(result.outputs)
                return .again(error.description)
            default:
                await rewriter.discard(result.outputs)
                throw error
            }
        }
    }

    private func reason(_ spec: RewriteSpec, _ result: RewriteResult) -> String {
        var text = "compact: \(spec.inputs.count) objects into \(result.outputs.count)"
        if result.droppedRecords > 0 {
            text += ", \(result.droppedRecords) events left out for later ones of their key"
        }
        return text
    }

    private func look(
        for result: RewriteResult, of spec: RewriteSpec, after error: CatalogError, _ outcome: inout CompactionOutcome
    ) async throws -> Attempt {
        let snapshot = try await table.snapshot()
        let live = try await snapshot.objects(withPaths: Set(result.outputs.map(\.path)))
        guard live.count == result.outputs.count else { throw error }
        outcome.settle(version: snapshot.version, spec: spec, result: result)
        return .settled
    }
}
