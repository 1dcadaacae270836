import Catalog
import Formats
import LakeModel
import Logging
import ObjectStorage

/// Rebalancing: what comes and goes, and where reading begins.
extension IngestLoop {
    func handle(_ signal: SourceSignal) throws(IngestFailure) {
        switch signal {
        case .assigned(let names): try assigned(names)
        case .revoked(let names, let lost): try revoked(names, lost: lost)
        case .reachedEnd(let name, let position): reachedEnd(name, position: position)
        case .outOfRange(let name, let offset): try outOfRange(name, offset: offset)
        case .refused(let name, let text): refused(name, text)
        case .trouble(let text, let isOutage):
            logger.warning("source trouble", metadata: ["detail": "\(text)"])
            guard isOutage else { return }
            // Until nothing more is said of it.
            for table in tables { countIdlenessAnew(of: table, now: clock.elapsed() + .seconds(60)) }
        case .closed: sourceHasClosed = true
        }
    }

    /// After a kill it takes a session's time-out, in which nothing else is said.
    func sayThatItWaits(_ now: Duration) {
        guard !hasAssignment, !isEnding, !saidThatItWaits else { return }
        let since = assignmentAwaitedSince ?? now
        assignmentAwaitedSince = since
        guard now - since >= .seconds(5) else { return }
        saidThatItWaits = true
        logger.info("waiting for the group: a member that was killed keeps its topic partitions until its session ends")
    }

    private func assigned(_ names: [TopicPartition]) throws(IngestFailure) {
        hasAssignment = true
        (assignmentAwaitedSince, saidThatItWaits) = (nil, false)
        var strangers: [TopicPartition] = []
        for name in names {
            let index = source.index(of: name)
            sources.add(index, name)
            guard let table = tables.first(where: { $0.settings.takesTopic(name.topic) }) else {
                strangers.append(name)
                continue
            }
            sources[index].table = Int32(table.index)
            sources[index].shard = Int32(
                table.settings.shardRule.shard(ofPartition: name.partition, shards: table.settings.layout.shards))
            sources[index].phase = .starting
            sources[index].needsStart = true
            refresh(table)
        }
        if !strangers.isEmpty {
            logger.warning("topics that no table takes are not read", metadata: ["topics": "\(strangers)"])
        }
        // Nothing for this member: the group waits for the answer all the same.
        if names.isEmpty { do throws(SourceError) { try source.start([:]) } catch { throw .source(error) } }
        logger.info("assigned", metadata: ["partitions": "\(names.count)"])
    }

    /// Asks the catalog where the table stands; `begin` follows.
    func refresh(_ table: TableWriter) {
        guard !table.isRefreshing else {
            table.refreshAgain = true
            return
        }
        table.isRefreshing = true
        let (index, epoch, log, mailbox) = (table.index, table.epoch, table.log, mailbox)
        let clock = clock
        Task(executorPreference: executor) {
            let result = await retrying(for: index, clock: clock, mailbox: mailbox) { () async throws(CatalogError) in
                try await log.refresh()
            }
            mailbox.post(.refreshed(table: index, epoch: epoch, result))
        }
    }

    /// Starts (or seeks) every waiting topic partition of the table at the catalog's next offset.
    ///
    /// Brokers are asked meanwhile, which can take seconds for each table: a writer that is to stop begins nothing.
    func begin(_ table: TableWriter) throws(IngestFailure) {
        guard mayBegin, let head = table.head, !table.isRefreshing else { return }
        var waiting = sources.indices.filter {
            sources[$0].table == Int32(table.index) && sources[$0].phase == .starting && !table.holds($0)
        }
        guard !waiting.isEmpty, clock.elapsed() >= table.beginAgainAt else { return }
        do throws(SourceError) {
            let unknown = waiting.filter { head.progress[sources.name($0)] == nil && sources[$0].needsStart }
            let resolved =
                unknown.isEmpty ? [:] : try source.resolve(table.settings.start, for: unknown.map(sources.name))
            let nowhere = Set(unknown.map(sources.name).filter { resolved[$0] == nil })
            let fresh = waiting.filter { sources[$0].needsStart }.map(sources.name).filter { !nowhere.contains($0) }
            let ends = settings.once && !fresh.isEmpty ? try source.endOffsets(of: fresh) : [:]
            let unanswered = nowhere.union(settings.once ? fresh.filter { ends[$0] == nil } : [])
            if !unanswered.isEmpty {
                waiting.removeAll { unanswered.contains(sources.name($0)) }
                beginLater(table, unanswered)
            }
            guard !waiting.isEmpty else { return }
            var starts: [TopicPartition: Int64] = [:]
            for index in waiting {
                let name = sources.name(index)
                let progress = head.progress[name]
                let offset = progress?.next ?? resolved[name] ?? sources[index].committed
                let needsStart = sources[index].needsStart
                sources[index].begin(at: offset, watermark: progress?.watermark, target: ends[name])
                if needsStart { starts[name] = offset } else { try source.seek(name, to: offset) }
            }
            if !starts.isEmpty { try source.start(starts) }
            // A pause outlives seeks and assignments: which it is now has to be said. While the budget is full nothing
            // may flow.
            let names = waiting.map(sources.name)
            if isPaused { try source.pause(names) } else { try source.resume(names) }
        } catch {
            throw .source(error)
        }
    }

    private var mayBegin: Bool {
        switch stage {
        case .running, .draining(.drained): !control.isStopRequested
        case .draining, .leaving, .ended: false
        }
    }

    /// The others begin meanwhile.
    private func beginLater(_ table: TableWriter, _ names: Set<TopicPartition>) {
        table.beginAgainAt = clock.elapsed() + .seconds(10)
        logger.warning(
            "no broker answers for some topic partitions; they are asked for again",
            metadata: ["table": "\(table.settings.name)", "partitions": "\(names.sorted())"])
    }

    private func revoked(_ names: [TopicPartition], lost: Bool) throws(IngestFailure) {
        logger.info("revoked", metadata: ["partitions": "\(names.count)", "lost": "\(lost)"])
        let indices = names.compactMap(sources.index(of:)).filter { sources[$0].isHeld }
        for table in tables {
            let own = indices.filter { sources[$0].table == Int32(table.index) }
            guard !own.isEmpty else { continue }
            table.cut(own, .revoke, sources: sources, workshop: workshop)
            table.commitIsUrgent = true
        }
        for index in indices { sources[index].phase = .revoking }
        // Who has nothing waits for what the group says next, which may be all of it again.
        if !sources.indices.contains(where: { sources[$0].isConsumed }) { hasAssignment = false }
        // Lost partitions have no owner to wait for: the commit is tried all the same, and the catalog decides.
        let deadline = lost ? clock.elapsed() : clock.elapsed() + settings.revokeTimeout
        revocations.append(Revocation(names: names, sources: indices, deadline: deadline))
        try releaseSettled(clock.elapsed())
    }

    /// Gives up revoked partitions whose events are in the catalog, or whose time is over.
    func releaseSettled(_ now: Duration) throws(IngestFailure) {
        var rest: [Revocation] = []
        for revocation in revocations {
            let pending = revocation.sources.contains { index in
                tables.indices.contains(Int(sources[index].table)) && tables[Int(sources[index].table)].holds(index)
            }
            if pending, now < revocation.deadline {
                rest.append(revocation)
                continue
            }
            if pending {
                logger.warning("partitions are released before their events are committed; they will be read again")
            }
            for index in revocation.sources { sources[index].phase = .away }
            do throws(SourceError) { try source.release(revocation.names) } catch { throw .source(error) }
        }
        revocations = rest
    }

    private func reachedEnd(_ name: TopicPartition, position: Int64) {
        guard let index = sources.index(of: name), sources[index].phase == .consuming else { return }
        if sources[index].isRefused { endRefusal(of: index) }
        sources[index].endSeen = max(sources[index].endSeen, position)
        if sources[index].idleSince == nil { sources[index].idleSince = clock.elapsed() }
    }

    private func outOfRange(_ name: TopicPartition, offset: Int64) throws(IngestFailure) {
        guard let index = sources.index(of: name), sources[index].phase == .consuming,
            tables.indices.contains(Int(sources[index].table))
        else { return }
        let table = tables[Int(sources[index].table)]
        let position: StartPosition = table.settings.onReset == .latest ? .latest : .earliest
        let known: Int64?
        do throws(SourceError) {
            known = try source.resolve(position, for: [name])[name]
        } catch {
            throw .source(error)
        }
        guard let first = known else {
            logger.warning(
                "the broker does not have an offset, and does not say where the topic partition begins; asked again",
                metadata: ["table": "\(table.settings.name)", "partition": "\(name)", "offset": "\(offset)"])
            seeksDue[index] = clock.elapsed() + .seconds(10)
            return
        }
        guard table.settings.onReset != .stop, first >= sources[index].next else {
            throw .gap(
                "table \(table.settings.name): the catalog continues \(name) at offset \(sources[index].next), but the"
                    + " broker begins at \(first): events were deleted before they were read, or the topic was made"
                    + " anew; check the topic, then set on_reset or use a new table")
        }
        logger.error(
            "offsets skipped: the broker no longer has them",
            metadata: [
                "table": "\(table.settings.name)", "topic": "\(name.topic)", "partition": "\(name)",
                "from": "\(sources[index].next)", "to": "\(first)",
            ])
        sources[index].next = first
        do throws(SourceError) { try source.seek(name, to: first) } catch { throw .source(error) }
    }
}

/// Repeats a table's question to the catalog for as long as only the store is in the way.
func retrying<Value: Sendable>(
    for table: Int, clock: any LakeClock, mailbox: Mailbox, _ ask: () async throws(CatalogError) -> Value
) async -> Result<Value, CatalogError> {
    var delay = Duration.milliseconds(200)
    while true {
        do throws(CatalogError) {
            return .success(try await ask())
        } catch {
            guard case .store(let trouble) = error, trouble.canPass else { return .failure(error) }
            mailbox.post(.storeTrouble(.table(table), trouble))
            guard (try? await clock.sleep(for: delay)) != nil else { return .failure(error) }
            delay = min(delay * 2, .seconds(10))
        }
    }
}
