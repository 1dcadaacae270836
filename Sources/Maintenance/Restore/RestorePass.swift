import Catalog
import Formats
import LakeModel
import ObjectStorage

/// One run of a restore. Belongs to one task.
final class RestorePass {
    private let restorer: Restorer
    private let sink: any RestoreSink
    private var state: RestoreState
    private var report: RestoreReport
    private let matcher: RestoreMatcher
    private var pacer: Pacer
    private let begin: Duration
    /// Since the last save.
    private var unsaved = (events: 0, bytes: 0)
    private var savedAt: Duration

    init(_ restorer: Restorer, _ sink: any RestoreSink, _ state: RestoreState, _ report: RestoreReport) {
        (self.restorer, self.sink, self.state, self.report) = (restorer, sink, state, report)
        matcher = RestoreMatcher(restorer.selection)
        begin = restorer.clock.elapsed()
        savedAt = begin
        pacer = Pacer(restorer.limits, start: begin)
    }

    func run(_ objects: [DataObject], _ progress: (RestoreReport) -> Void) async throws -> RestoreReport {
        let layout = await restorer.table.head().layout
        try await sendBare(objects.filter { $0.format == .value }, layout, progress)
        var sweep = RestoreSweep(
            objects.filter { $0.format != .value }, state: state, stepBytesMax: restorer.limits.stepBytesMax)
        while let step = sweep.next() {
            // Reading a step can take longer than a transaction lasts.
            try save()
            let merge = try await sort(step, &sweep, layout)
            try await send(merge, progress)
            for (source, window) in step.windows { state.sources[source]?.next = window.upperBound }
        }
        state.sources = state.sources.mapValues { RestoreState.Source(next: $0.end, end: $0.end) }
        state.isDone = true
        try save()
        report.state = state
        report.unreadable = matcher.unreadable
        report.seconds = seconds
        return report
    }

    private var seconds: Double {
        let (seconds, attoseconds) = (restorer.clock.elapsed() - begin).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    private func reader(_ object: DataObject) throws -> any RowReading {
        guard let reader = restorer.formats.reader(object.format, restorer.table.store, restorer.table.name) else {
            throw MaintenanceError.unsupported("objects of format \(object.format.rawValue) cannot be restored from")
        }
        return reader
    }
}

extension RestorePass {
    /// Reads a step's objects to their ends, which checks them, before any of their events is sent.
    private func sort(
        _ step: RestoreStep, _ sweep: inout RestoreSweep, _ layout: TableLayout?
    ) async throws -> RowMerge {
        let sources = RowSources(of: step.objects)
        let windows = sources.all.map { step.windows[$0] }
        let expected = step.objects.reduce(0) { $0 &+ $1.uncompressedBytes }
        let sorter = try RowSorter(runBytesMax: restorer.limits.sortBytesMax, expectedBytes: expected)
        for object in step.objects {
            let time = StoredEventTime(layout: layout, object: object)
            var later: [Int32: Int64] = [:]
            try await reader(object).forEachRow(
                of: object, sources: sources,
                { row in
                    guard let front = row.front, windows.indices.contains(Int(front.source)) else {
                        throw MaintenanceError.unsupported("\(object.path) carries no offsets to restore by")
                    }
                    let window = windows[Int(front.source)]
                    guard let window, window.contains(front.offset) else {
                        if front.offset >= window?.upperBound ?? 0 {
                            later[front.source] = min(later[front.source] ?? .max, front.offset)
                        }
                        return
                    }
                    guard try matcher.matches(row, time: time) else { return }
                    try sorter.add(row.line, key: RowKey(front, order: .offset))
                }, pause: {})
            for (index, source) in sources.all.enumerated() {
                sweep.note(object, source, nextAt: later[Int32(index)] ?? .max)
            }
        }
        return try sorter.finish()
    }

    private func send(_ merge: RowMerge, _ progress: (RestoreReport) -> Void) async throws {
        let envelopes = EnvelopeReader()
        var event: StoredEvent?
        while try merge.next({ event = try envelopes.read($0) }) {
            guard let next = event else { continue }
            try await send(next, progress)
            state.sources[next.topicPartition]?.next = next.offset + 1
        }
    }

    private func send(_ event: StoredEvent, _ progress: (RestoreReport) -> Void) async throws {
        if !restorer.isLossy, (event.timestamp?.milliseconds ?? 0) <= 0 {
            throw MaintenanceError.unsupported(
                "offset \(event.offset) of \(event.topicPartition) has no timestamp after 1970, and would get the "
                    + "time of now; --lossy allows it")
        }
        let bytes = event.payloadBytes
        if let delay = pacer.delay(bytes: bytes, now: restorer.clock.elapsed()) {
            // Nobody has to wait for events while this run waits.
            if delay > .milliseconds(500) { try save() }
            try await restorer.clock.sleep(for: delay)
        }
        try saveIfDue(before: bytes)
        try sink.send(event)
        unsaved = (unsaved.events + 1, unsaved.bytes + bytes)
        (state.events, state.bytes) = (state.events + 1, state.bytes &+ Int64(bytes))
        (report.events, report.bytes) = (report.events + 1, report.bytes &+ Int64(bytes))
        (report.totalEvents, report.totalBytes) = (state.events, state.bytes)
        report.bySource[event.topicPartition, default: 0] += 1
        if report.events % 256 == 0 {
            report.seconds = seconds
            progress(report)
        }
    }

    private func saveIfDue(before bytes: Int) throws {
        let limits = restorer.limits
        guard unsaved.events > 0,
            unsaved.events >= limits.saveEventsMax || unsaved.bytes + bytes > limits.saveBytesMax
                || restorer.clock.elapsed() - savedAt > limits.saveEvery
        else { return }
        try save()
    }

    private func save() throws {
        guard unsaved.events > 0 || state.isDone else { return }
        try sink.save(state.encoded)
        unsaved = (0, 0)
        savedAt = restorer.clock.elapsed()
    }
}

extension RestorePass {
    /// Sends payload lines, object by object in the order of their paths.
    private func sendBare(
        _ objects: [DataObject], _ layout: TableLayout?, _ progress: (RestoreReport) -> Void
    ) async throws {
        guard !objects.isEmpty else { return }
        let objects = objects.sorted { $0.path < $1.path }
        if let path = state.path, !objects.contains(where: { $0.path == path }) {
            throw MaintenanceError.unsupported(
                "\(path), in which the restore had stopped, is not in the table any more; begin again with --restart")
        }
        for object in objects where object.path >= state.path ?? "" {
            var left = object.path == state.path ? state.lines : 0
            if object.path != state.path { (state.path, state.lines) = (object.path, 0) }
            let time = StoredEventTime(layout: layout, object: object)
            let spans = object.offsets
            let source = spans.count == 1 ? spans[0].topicPartition : nil
            var waiting: [StoredEvent?] = []
            func flush() async throws {
                for event in waiting {
                    if let event { try await send(event, progress) }
                    state.lines += 1
                }
                waiting.removeAll(keepingCapacity: true)
                try saveIfDue(before: 0)
            }
            try await reader(object).forEachRow(
                of: object, sources: RowSources(of: [object]),
                { row in
                    guard left == 0 else {
                        left -= 1
                        return
                    }
                    guard try matcher.matches(row, time: time) else { return waiting.append(nil) }
                    let topic = source?.topic ?? spans.first?.topic ?? ""
                    // A partition of -1 leaves the choice to the producer.
                    let place = source ?? TopicPartition(topic: topic, partition: -1)
                    waiting.append(
                        StoredEvent(
                            place, offset: 0, timestamp: nil, timestampType: .none, key: nil, value: Array(row.line)))
                }, pause: { try await flush() })
            try await flush()
        }
    }
}
