public import Catalog
import Formats
public import LakeModel
import ObjectStorage

/// Sends events of a table back to Kafka, each topic partition in the order of its offsets.
///
/// The events are those that the table held when the restore began; what is added meanwhile is not sent. Progress is
/// kept by the sink, with the events: a run that was killed is taken up by the next one of the same name.
public struct Restorer: Sendable {
    public let table: Table
    public var selection: RestoreSelection
    public let clock: any LakeClock
    public var formats: RowFormats
    public var limits = RestoreLimits()
    /// Sends what would not be byte for byte the event that was produced: payload lines without key, headers and
    /// timestamp, events with no timestamp of their own.
    public var isLossy = false
    /// Two command lines with the same text are the same restore.
    public var request: String
    /// Begins again, whatever an earlier run kept.
    public var restarts = false

    public init(
        table: Table, selection: RestoreSelection, clock: any LakeClock, request: String, formats: RowFormats = .all
    ) {
        (self.table, self.selection, self.clock) = (table, selection, clock)
        (self.request, self.formats) = (request, formats)
    }

    /// Says what `run` would do if it began now.
    public func plan() async throws -> RestorePlan {
        let state = try await begin()
        return RestorePlan(try await objects(state), state: state)
    }

    /// Sends.
    public func run(
        into sink: any RestoreSink, progress: (RestoreReport) -> Void = { _ in }
    ) async throws -> RestoreReport {
        var restorer = self
        let kept = try sink.open()
        var state = try await begin()
        var report = RestoreReport()
        if let kept, !restarts {
            guard let known = RestoreState(encoded: kept) else {
                throw MaintenanceError.invalid(
                    "the progress that an earlier run kept cannot be read; give --restart or another --name")
            }
            guard known.request == request else {
                throw MaintenanceError.invalid(
                    "an earlier restore of this name asked for other events; give another --name, or --restart")
            }
            (state, report.wasResumed, report.wasDone) = (known, true, known.isDone)
            restorer.selection.times = known.times
        }
        (report.startedAt, report.totalEvents, report.totalBytes) = (state.startedAt, state.events, state.bytes)
        report.state = state
        guard !report.wasDone else { return report }
        let pass = RestorePass(restorer, sink, state, report)
        do {
            return try await pass.run(try await restorer.objects(state), progress)
        } catch {
            sink.abandon()
            throw error
        }
    }

    /// Where a restore that begins now starts and ends.
    private func begin() async throws -> RestoreState {
        let snapshot = try await table.snapshot()
        var state = RestoreState(
            request: request, times: selection.times, version: snapshot.version, startedAt: clock.now())
        for (source, next) in try await ends(snapshot) where selection.admits(source) {
            let first = max(0, selection.offsets?.lowerBound ?? 0)
            let end = min(next, selection.offsets?.upperBound ?? .max)
            if first < end { state.sources[source] = RestoreState.Source(next: first, end: end) }
        }
        return state
    }

    /// Where each topic partition ends. The log of an archive has no offsets, but its objects do.
    private func ends(_ snapshot: Snapshot) async throws -> [TopicPartition: Int64] {
        guard snapshot.head.progress.isEmpty else { return snapshot.head.progress.mapValues(\.next) }
        var ends: [TopicPartition: Int64] = [:]
        try await snapshot.forEachBatch(selection.query) { batch in
            for span in batch.flatMap(\.offsets) where span.last < .max {
                ends[span.topicPartition] = max(ends[span.topicPartition] ?? 0, span.last + 1)
            }
        }
        return ends
    }

    /// The objects that may hold wanted events; throws where they cannot be restored as asked.
    private func objects(_ state: RestoreState) async throws -> [DataObject] {
        // Lines without offsets are counted, so they must stand in the same objects in every run. And an archive grows
        // by age, so that what comes later may have the lower offsets.
        let isArchive = await table.head().progress.isEmpty
        let isPinned = (isLossy || isArchive) && selection.side != .deadLetter
        let snapshot = try await isPinned ? table.snapshot(at: .version(state.version)) : table.snapshot()
        var objects: [DataObject] = []
        for object in try await snapshot.objects(selection.query) where selection.admits(object) {
            guard object.format != .value || isLossy else {
                throw MaintenanceError.unsupported(
                    "\(object.path) holds payload lines, without key, headers, timestamp and offset of the events; "
                        + "--lossy sends the payloads alone")
            }
            guard object.format != .parquet || object.schemaID == ParquetTableShape.raw.schemaID || isLossy else {
                throw MaintenanceError.unsupported(
                    "\(object.path) holds payloads taken apart into columns, which are put together again: not byte "
                        + "for byte what was produced; --lossy sends those")
            }
            if object.format != .value {
                let isOpen = object.offsets.contains { span in
                    guard let stand = state.sources[span.topicPartition] else { return false }
                    return span.first < stand.end && span.last >= stand.next
                }
                guard isOpen else { continue }
            } else if selection.offsets != nil || (selection.partition != nil && object.offsets.count > 1) {
                throw MaintenanceError.unsupported(
                    "\(object.path) holds payload lines, of which nobody knows the offsets; leave --offsets and "
                        + "--partition out")
            }
            guard ObjectLabels(object.tags).isReadable else {
                throw MaintenanceError.unsupported(
                    "\(object.path) lies in a storage class that has to be restored before it can be read")
            }
            objects.append(object)
        }
        return objects
    }
}
