import Catalog
import Compression
import LakeModel
import Logging
import ObjectStorage

/// What time brings: rotation by age and by closed hours, memory pressure, commits, the end of the run.
extension IngestLoop {
    func upkeep(_ now: Duration) throws(IngestFailure) {
        for table in tables {
            if sources.indices.contains(where: { isWaiting($0, table) }) { try begin(table) }
            cutByAge(table, now: now)
            cutClosedHours(table, now: now)
            table.cutIfCrowded(sources: sources, workshop: workshop)
            table.discardEmpty(olderThan: table.settings.rotate.age, now: now, workshop: workshop)
        }
        relieveMemory()
        try applyBackPressure(now)
        for table in tables where isCommitDue(table, now: now) { startCommit(table, now: now) }
        try releaseSettled(now)
        forgetPrefixes()
        sayThatItWaits(now)
        drainIfDone()
        publishStatus(now)
    }

    private func isCommitDue(_ table: TableWriter, now: Duration) -> Bool {
        table.commitIsUrgent || now - table.lastCommitAt >= settings.commitEvery
            || table.cuts.objectsReady >= settings.commitObjects
    }

    /// Topic partitions that come and go for weeks must not leave anything behind. Those that are here have theirs made
    /// anew with their next event.
    private func forgetPrefixes() {
        for table in tables where table.router.prefixesKept > 64 {
            let held = sources.indices.count { sources[$0].table == Int32(table.index) && sources[$0].isHeld }
            if table.router.prefixesKept > 2 * held + 64 { table.router.forgetPrefixes() }
        }
    }

    private func isWaiting(_ index: Int32, _ table: TableWriter) -> Bool {
        sources[index].table == Int32(table.index) && sources[index].phase == .starting
    }

    private func cutByAge(_ table: TableWriter, now: Duration) {
        while let oldest = table.uncut.values.filter({ $0.records > 0 }).min(by: { $0.openedAt < $1.openedAt }),
            now - oldest.openedAt >= table.settings.rotate.age
        {
            table.cut(oldest.sources, .age, sources: sources, workshop: workshop)
        }
    }

    /// Seals the objects of hours that no topic partition of this writer will add to any more, stragglers and late
    /// events aside, and takes along how far idle topic partitions have come: what is not committed closes no hour.
    ///
    /// An hour is over once: a straggler's object would otherwise take along all that shares a topic partition with it,
    /// every time it is opened. It waits for its age instead, and no declaration waits for it: a commit has every event
    /// below the one that moved its watermark, so what closes an hour has all that came before the hour was over.
    private func cutClosedHours(_ table: TableWriter, now: Duration) {
        moveIdleWatermarks(table, now: now)
        let held = sources.indices.filter {
            sources[$0].table == Int32(table.index) && sources[$0].phase == .consuming
                && !isNewAndIdle($0, table, now: now)
        }
        guard let least = held.map({ sources[$0].watermark }).min(), least != .min else { return }
        let grace = table.settings.close.graceMilliseconds
        let (closed, isBeforeAll) = least.subtractingReportingOverflow(grace)
        guard !isBeforeAll else { return }
        let over = table.hours.values.filter {
            !$0.isLate && $0.side == .main && $0.end > table.hoursCutThrough && $0.end <= closed
        }
        // Back as well: a topic partition that came just now may be days behind, and its hours end one after the other.
        table.hoursCutThrough = closed
        let seeds = over.flatMap(\.objects).compactMap { $0 }.filter { $0.records > 0 }.flatMap(\.sources)
        // Of the others the next cut of their objects tells.
        let silent = held.filter { sources[$0].events == 0 && sources[$0].watermark > sources[$0].watermarkCut }
        if seeds.isEmpty {
            // A commit for every hour, not for every look at the clock.
            guard let behind = silent.map({ sources[$0].watermarkCut }).min(),
                table.completeness.isHourOver(at: least, butNotAt: behind)
            else { return }
        }
        table.cut(seeds + silent, .hourClosed, sources: sources, workshop: workshop)
    }

    /// A topic partition with nothing to read stands still; after a while its watermark follows the wall clock, so that
    /// it does not hold every hour open for ever.
    private func moveIdleWatermarks(_ table: TableWriter, now: Duration) {
        guard let idle = table.settings.close.idle else { return }
        // Where nobody looks, what waits at the broker may be older.
        guard fullSince == nil, case .running = stage else { return countIdlenessAnew(of: table, now: now) }
        let limit = clock.now().advanced(byMilliseconds: -Int64(idle / .milliseconds(1))).milliseconds
        var unconfirmed: [Int32] = []
        for index in sources.indices where sources[index].table == Int32(table.index) {
            guard isIdle(index, table, now: now), !isNewAndIdle(index, table, now: now) else { continue }
            if isEndConfirmed(index, within: idle, now: now) {
                sources[index].watermark = max(sources[index].watermark, limit)
            } else {
                unconfirmed.append(index)
            }
        }
        for index in confirmEnds(of: unconfirmed, now: now) {
            sources[index].watermark = max(sources[index].watermark, limit)
        }
    }

    func countIdlenessAnew(of table: TableWriter, now: Duration) {
        for index in sources.indices
        where sources[index].table == Int32(table.index) && sources[index].idleSince != nil {
            sources[index].idleSince = now
        }
    }

    private func isIdle(_ index: Int32, _ table: TableWriter, now: Duration) -> Bool {
        guard let idle = table.settings.close.idle, sources[index].phase == .consuming,
            let since = sources[index].idleSince
        else { return false }
        return now - since >= idle
    }

    /// Whether it is idle and never had an event: nothing in the catalog holds an hour open for it, and whatever time
    /// its first event will have, it is not late.
    private func isNewAndIdle(_ index: Int32, _ table: TableWriter, now: Duration) -> Bool {
        sources[index].watermark == .min && sources[index].next == sources[index].committed
            && isIdle(index, table, now: now) && table.head?.progress[sources.name(index)] == nil
    }

    // MARK: Memory

    /// Encodes what was gathered early, ends row groups, then seals the largest objects, until the open ones fit again.
    private func relieveMemory() {
        guard workshop.budget.shouldCompressEarly else { return }
        let level: (OpenObject) -> Int32 = { [self] object in
            let table = workshop.live[object.id]?.table ?? 0
            return tables[table].settings.compressionLevel
        }
        var held = tables.reduce(0) { $0 + $1.openObjects.reduce(0) { $0 + $1.content.memoryBytes } }
        let bySize = tables.flatMap { Array($0.openObjects) }
            .sorted { $0.content.waitingBytes > $1.content.waitingBytes }
        for object in bySize where held > settings.memoryBytesMax / 4 && object.content.waitingBytes >= 32 << 10 {
            let before = object.content.memoryBytes
            workshop.flush(object, level: level(object))
            held -= before - object.content.memoryBytes
        }
        endRowGroups(while: held > settings.memoryBytesMax / 4)
        // Where nothing is taken any more, nothing but this makes room: it has to be enough for `isEased`.
        if fullSince != nil {
            workshop.dropKeptBuffers()
            for table in tables { table.discardEmpty(olderThan: .zero, now: clock.elapsed(), workshop: workshop) }
            cutSealed()
        }
        guard workshop.budget.shouldSeal || fullSince != nil else { return }
        let openMax = fullSince == nil ? settings.memoryBytesMax / 2 : settings.memoryBytesMax / 8 * 3
        var open = tables.reduce(0) { $0 + $1.openObjects.reduce(0) { $0 + $1.memoryBytes } }
        let largestFirst = tables.flatMap { table in table.openObjects.map { (table, $0) } }
            .sorted { $0.1.memoryBytes > $1.1.memoryBytes }
        for (table, object) in largestFirst where open > openMax && object.records > 0 {
            open -= object.memoryBytes
            table.seal(object, .memory, workshop: workshop)
        }
    }

    /// Cuts sealed objects that wait for others of their group, where what is kept of them alone is much.
    private func cutSealed() {
        let sealed = tables.map { $0.uncut.values.filter { $0.sealed != nil } }
        guard sealed.joined().reduce(0, { $0 + $1.keptBytesCharged }) > settings.memoryBytesMax / 8 else { return }
        for (table, objects) in zip(tables, sealed) where !objects.isEmpty {
            table.cut(objects.flatMap(\.sources), .memory, sources: sources, workshop: workshop)
        }
    }

    /// Ends the largest row groups that are encoded and waiting for more: their bytes can leave for the store then.
    private func endRowGroups(while isTight: Bool) {
        guard isTight else { return }
        for object in tables.flatMap({ Array($0.openObjects) }) {
            guard case .rows(let rows) = object.content, rows.groupBytes >= settings.rowGroupBytesLeast else {
                continue
            }
            rows.endGroup()
            workshop.startJob(rows, of: object)
        }
    }

    /// Stops taking events while the budget is full; where that lasts, the source stops fetching as well.
    private func applyBackPressure(_ now: Duration) throws(IngestFailure) {
        if workshop.budget.isFull {
            if fullSince == nil { fullSince = now }
        } else if workshop.budget.isEased {
            fullSince = nil
        }
        let shouldPause = fullSince.map { now - $0 >= .seconds(2) } ?? false
        guard shouldPause != isPaused else { return }
        let held = sources.indices.filter { sources[$0].phase == .consuming }.map(sources.name)
        do throws(SourceError) {
            if shouldPause { try source.pause(held) } else { try source.resume(held) }
        } catch {
            throw .source(error)
        }
        isPaused = shouldPause
        logger.notice(shouldPause ? "paused: the memory budget is full" : "resumed")
    }

    // MARK: The end

    func beginDraining(_ reason: RotationReason) {
        // A writer that drains by itself can be told to hurry.
        if reason == .shutdown, deadline == nil { deadline = clock.elapsed() + settings.shutdownTimeout }
        guard case .running = stage else { return }
        stage = .draining(reason)
        logger.info("stopping", metadata: ["reason": "\(reason.rawValue)"])
        for table in tables {
            let own = sources.indices.filter { sources[$0].table == Int32(table.index) }
            table.cut(own, reason, sources: sources, workshop: workshop)
            table.commitIsUrgent = true
        }
    }

    private func drainIfDone() {
        if case .running = stage, settings.once, isDrained { beginDraining(.drained) }
        guard case .draining = stage, tables.allSatisfy({ $0.cuts.isEmpty && !$0.isCommitting && !$0.isRefreshing })
        else { return }
        stage = .leaving
        leftEarly = settings.once && !isDrained
        deadline = deadline ?? clock.elapsed() + settings.shutdownTimeout
        source.close()
    }

    private var isDrained: Bool {
        guard hasAssignment, !tables.contains(where: \.isRefreshing) else { return false }
        return sources.indices.allSatisfy { index in
            switch sources[index].phase {
            case .away: true
            case .starting, .revoking: false
            case .consuming: sources[index].isDrained
            }
        }
    }

    func outcomeIfEnded(_ now: Duration) throws(IngestFailure) -> IngestOutcome? {
        if case .leaving = stage, sourceHasClosed {
            stage = .ended
            return leftEarly ? .stoppedEarly : .finished
        }
        guard let deadline, now >= deadline else { return nil }
        let events = tables.flatMap(\.pendingCuts).flatMap(\.ranges).reduce(0) { $0 + $1.events }
        if case .leaving = stage {} else { leftEarly = settings.once && !isDrained }
        stage = .ended
        return events > 0 ? .timedOut(eventsUncommitted: events) : leftEarly ? .stoppedEarly : .finished
    }
}
