import Catalog
import Compression
import Formats
import LakeModel
import Logging
import ObjectStorage

/// What comes back from compressors, uploads and the catalog; and the commits themselves.
extension IngestLoop {
    func handle(_ letter: Completion) throws(IngestFailure) {
        switch letter {
        case .compressed(let id, let frame, let buffer, let result):
            workshop.framesInFlight -= 1
            guard let (object, table) = workshop.live[id], case .lines(let lines) = object.content else {
                return workshop.giveBack(buffer)
            }
            switch result {
            case .success(let bytes):
                tables[table].learnRatio(compressedBytes: bytes.count, uncompressedBytes: buffer.count)
                workshop.accept(bytes, frame: frame, buffer: buffer, of: lines, for: object)
            case .failure(let error):
                throw .compression("\(error)")
            }
        case .rowsEncoded(let id, let memoryBytes, let result):
            workshop.framesInFlight -= 1
            workshop.budget.release(memoryBytes)
            guard let (object, table) = workshop.live[id], case .rows(let rows) = object.content else { return }
            try rowsEncoded(result, of: rows, for: object, table: tables[table])
        case .bytesReleased(let bytes):
            workshop.budget.release(bytes)
        case .stored(let id, let outcome):
            noteAnswer(to: .object(id))
            guard let (object, table) = workshop.live[id] else { return }
            object.stored = tables[table].entry(for: object, outcome, sources: sources)
            object.storedAt = clock.elapsed()
            // It waits for its commit, maybe for long and with thousands of others.
            object.upload = nil
            object.content.dropEnding()
            workshop.keep(object)
        case .uploadFailed(let id, let error):
            guard workshop.live[id] != nil else { return }
            throw .store(error)
        case .uploadLost(let id, let error):
            guard let (object, table) = workshop.live[id] else { return }
            logger.warning(
                "an upload was removed before it was complete; its events are read again from the catalog's offsets",
                metadata: [
                    "table": "\(tables[table].settings.name)", "object": "\(object.path)", "detail": "\(error)",
                ])
            reset(tables[table])
        case .storeTrouble(let user, let error):
            noteTrouble(error, of: user)
        case .storeRecovered(let user):
            noteAnswer(to: user)
        case .refreshed(let index, let epoch, let result):
            noteAnswer(to: .table(index))
            try refreshed(tables[index], epoch: epoch, result)
        case .committed(let index, let epoch, let took, let result):
            noteAnswer(to: .table(index))
            try committed(tables[index], epoch: epoch, took: took, result)
        }
    }

    private func rowsEncoded(
        _ result: Result<RowJob.Outcome, ParquetError>, of rows: RowContent, for object: OpenObject, table: TableWriter
    ) throws(IngestFailure) {
        switch result {
        case .success(let outcome):
            let before = rows.encoded
            workshop.accept(outcome, of: rows, for: object)
            table.learnRatio(
                compressedBytes: Int(rows.encoded.bytes - before.bytes),
                uncompressedBytes: Int(rows.encoded.ofUncompressed - before.ofUncompressed))
        case .failure(let error):
            throw .compression("table \(table.settings.name): \(error)")
        }
    }

    private func noteTrouble(_ error: StoreError, of user: StoreUser) {
        // What was given up may tell of its last try.
        if case .object(let id) = user, workshop.live[id] == nil { return }
        if storeTrouble == nil {
            logger.error(
                "the store does not take what it is sent; offsets are kept and it is tried again",
                metadata: ["kind": "\(error.kind.rawValue)", "object": "\(error.key ?? "")", "detail": "\(error)"])
        }
        storeTrouble = error
        storeTroubles[user] = error
    }

    /// The trouble is over when nobody is left who was refused: all have been answered, or were given up.
    private func noteAnswer(to user: StoreUser) {
        guard storeTrouble != nil else { return }
        storeTroubles[user] = nil
        endTroubleIfOver()
    }

    private func endTroubleIfOver() {
        guard storeTrouble != nil, storeTroubles.isEmpty else { return }
        logger.notice("the store answers again")
        storeTrouble = nil
    }

    private func refreshed(_ table: TableWriter, epoch: Int, _ result: Result<TableHead, CatalogError>)
        throws(IngestFailure)
    {
        table.isRefreshing = false
        guard epoch == table.epoch, !table.refreshAgain else {
            table.refreshAgain = false
            return refresh(table)
        }
        switch result {
        case .success(let head):
            table.head = head
            try begin(table)
        case .failure(let error):
            throw .catalog(error, table: table.settings.name)
        }
    }

    /// Commits every cut that is stored and waits for no earlier one: one commit for all of them, where they are not
    /// too many.
    func startCommit(_ table: TableWriter, now: Duration) {
        guard !table.isCommitting else { return }
        let ready = table.cuts.ready(bytesMax: settings.commitBytesMax)
        guard !ready.isEmpty else { return }
        table.committing = ready.map { table.cuts[$0] }
        table.cuts.remove(ready)
        table.lastCommitAt = now
        let change = change(for: table.committing, of: table)
        let id = CommitID(using: &random)
        table.commitID = id
        let (index, epoch, log, mailbox, writer, clock) = (table.index, table.epoch, table.log, mailbox, writer, clock)
        Task(executorPreference: executor) {
            let result = await retrying(for: index, clock: clock, mailbox: mailbox) { () async throws(CatalogError) in
                try await log.commit(change, id: id, writer: writer)
            }
            mailbox.post(.committed(table: index, epoch: epoch, took: clock.elapsed() - now, result))
        }
    }

    private func change(for cuts: [Cut], of table: TableWriter) -> Change {
        let ranges = CutQueue.joined(cuts)
        let offsets = ranges.map { range in
            OffsetRange(
                sources.name(range.source), from: range.from, to: range.to, events: range.events,
                watermark: range.watermark == .min ? nil : Timestamp(milliseconds: range.watermark))
        }
        return Change(
            kind: .append, layout: table.head?.layout == table.settings.layout ? nil : table.settings.layout,
            offsets: offsets.sorted { $0.topicPartition < $1.topicPartition },
            add: cuts.flatMap { $0.objects.compactMap(\.stored) }.sorted { $0.path < $1.path },
            closing: ClosingRule(table.completeness, idle: unread(table)))
    }

    /// Topic partitions of the catalog whose topic the table's `topics` does not name, or does not any more, and that
    /// nobody else moves: nothing is to come of them that an hour could wait for.
    ///
    /// Those that move have a writer with other settings. A run of mode `once` is too short to see that, and takes
    /// those for unread whose watermark stands where that of an idle one would not.
    private func unread(_ table: TableWriter) -> [TopicPartition: Int64] {
        let (now, idle) = (clock.elapsed(), table.settings.close.idle ?? CloseSettings.idleUsual)
        let staleBefore = clock.now().advanced(byMilliseconds: -Int64(idle / .milliseconds(1)))
        var takes: [String: Bool] = [:]
        var unread: [TopicPartition: TableWriter.Unread] = [:]
        var atRest: [TopicPartition: Int64] = [:]
        for (name, progress) in table.head?.progress ?? [:] {
            let isTaken = takes[name.topic] ?? (tables.first { $0.settings.takesTopic(name.topic) } === table)
            takes[name.topic] = isTaken
            guard !isTaken else { continue }
            let known = table.unread[name].flatMap { $0.next == progress.next ? $0 : nil }
            let entry = known ?? TableWriter.Unread(next: progress.next, since: now)
            unread[name] = entry
            let isStale = settings.once && progress.watermark.map { $0 < staleBefore } ?? true
            if isStale || now - entry.since >= idle { atRest[name] = progress.next }
        }
        table.unread = unread
        return atRest
    }

    private func committed(
        _ table: TableWriter, epoch: Int, took: Duration, _ result: Result<CommitReceipt, CatalogError>
    ) throws(IngestFailure) {
        guard epoch == table.epoch else { return }
        switch result {
        case .success(let receipt):
            settle(table, receipt, took: took)
        case .failure(let error) where error.isAnsweredByReading:
            trace(table, table.committing, at: clock.elapsed(), version: nil, failure: "\(error)")
            logger.warning(
                "a commit did not happen; its events are read again from the catalog's offsets",
                metadata: [
                    "table": "\(table.settings.name)", "commit": "\(table.commitID?.description ?? "")",
                    "detail": "\(error)",
                ])
            reset(table)
        case .failure(let error):
            throw .catalog(error, table: table.settings.name)
        }
    }

    private func settle(_ table: TableWriter, _ receipt: CommitReceipt, took: Duration) {
        table.head = receipt.head
        let cuts = table.committing
        table.committing = []
        trace(table, cuts, at: table.lastCommitAt + took, version: receipt.version, failure: nil)
        var hints: [TopicPartition: Int64] = [:]
        for range in CutQueue.joined(cuts) {
            sources[range.source].committed = range.to
            sources[range.source].movedAt = clock.elapsed()
            hints[sources.name(range.source)] = range.to
            table.counters.eventsCommitted += range.events
        }
        for object in cuts.flatMap(\.objects) {
            workshop.retire(object)
            table.counters.objectsCommitted += 1
            table.counters.bytesCommitted += object.stored?.bytes ?? 0
        }
        table.counters.commits += 1
        table.counters.commitConflicts += Int64(receipt.conflicts)
        table.counters.commitSeconds += took / .seconds(1)
        source.hint(hints)
        logger.debug(
            "committed",
            metadata: [
                "table": "\(table.settings.name)", "commit": "\(receipt.id)", "version": "\(receipt.version)",
                "cuts": "\(cuts.count)", "objects": "\(cuts.reduce(0) { $0 + $1.objects.count })",
            ])
        if logger.logLevel <= .trace {
            for object in cuts.flatMap(\.objects) {
                logger.trace(
                    "committed an object",
                    metadata: [
                        "table": "\(table.settings.name)", "commit": "\(receipt.id)", "object": "\(object.path)",
                        "topic": "\(Set(object.stored?.offsets.map(\.topic) ?? []).sorted().joined(separator: ","))",
                    ])
            }
        }
        markComplete(table, receipt.closed)
    }

    /// Puts the `_SUCCESS` objects of hours that a commit has closed.
    private func markComplete(_ table: TableWriter, _ hours: [LakeHour]) {
        guard !hours.isEmpty else { return }
        let (log, logger, name) = (table.log, logger, table.settings.name)
        Task(executorPreference: executor) {
            do {
                try await log.markComplete(hours)
            } catch {
                // The record in the log is what counts; the object is a courtesy to other engines.
                logger.warning(
                    "could not put a _SUCCESS object", metadata: ["table": "\(name)", "detail": "\(error)"])
            }
        }
    }

    /// Drops what is not committed and reads it again from the catalog's offsets: the answer to a zombie's commit, to a
    /// dead object and to an outcome that nobody knows.
    private func reset(_ table: TableWriter) {
        table.counters.resets += 1
        table.discardAll(workshop: workshop)
        // What there was at the start is not all read any more. A writer that is told to stop leaves it to the next.
        if case .draining(.drained) = stage { stage = .running }
        for index in sources.indices where sources[index].table == Int32(table.index) {
            sources[index].forgetUncommitted()
            if sources[index].phase == .consuming { sources[index].phase = .starting }
        }
        storeTroubles = storeTroubles.filter { user, _ in
            if case .object(let id) = user { workshop.live[id] != nil } else { true }
        }
        endTroubleIfOver()
        refresh(table)
    }
}

extension CatalogError {
    /// Whether nothing is wrong with the catalog: the commit did not fit it any more, or nobody knows what became of
    /// it. Reading again from the catalog's offsets is the answer.
    var isAnsweredByReading: Bool {
        switch self {
        case .offsetsMoved, .staleObjects, .unsettled, .contention: true
        case .removedObjects, .newerFormat, .corrupt, .notFound, .invalid, .cancelled, .store: false
        }
    }
}
