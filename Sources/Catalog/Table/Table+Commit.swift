public import LakeModel
import ObjectStorage

extension Table {
    /// Commits one change, whatever other writers do meanwhile, or says why it cannot be.
    ///
    /// Two requests where nobody else writes. `id` must be new for each change; it is what a lost answer is settled
    /// by. After `settleWithin` (default: `options.settleWithin`) an ambiguous commit becomes `.unsettled`: open the
    /// table again, or call `refresh`, to see whether it happened. Any other error means that nothing was committed.
    @discardableResult
    public func commit(
        _ change: Change, id: CommitID, writer: WriterIdentity, settleWithin: Duration? = nil
    ) async throws(CatalogError) -> CommitReceipt {
        try CommitRules.checkShape(change)
        let deadline = clock.elapsed() + (settleWithin ?? options.settleWithin)
        return try await exclusively { table throws(CatalogError) in
            var attempt = CommitAttempt(change: change, id: id, writer: writer, deadline: deadline)
            do throws(CatalogError) {
                let receipt = try await table.run(&attempt)
                await table.checkpointIfDue()
                return receipt
            } catch {
                throw table.withDoubt(error, attempt)
            }
        }
    }
}

/// One change on its way into the log.
struct CommitAttempt: Sendable {
    let change: Change
    let id: CommitID
    let writer: WriterIdentity
    /// By `LakeClock.elapsed`.
    let deadline: Duration
    var attempts = 0
    var conflicts = 0
    var settledByReading = false
    /// A put had its version, or may have had it, and the boundary overtook it: only success is certain from then on.
    /// What speaks against it (another's entry in its place, a change that fits no more) may be what came after it.
    var isInDoubt = false
    /// A put of the current version may have taken effect although its answer did not say so.
    var isAmbiguous = false
    var backoff: Backoff

    init(change: Change, id: CommitID, writer: WriterIdentity, deadline: Duration) {
        (self.change, self.id, self.writer, self.deadline) = (change, id, writer, deadline)
        backoff = Backoff(seed: id)
    }
}

extension Table {
    func run(_ attempt: inout CommitAttempt) async throws(CatalogError) -> CommitReceipt {
        if isStale { try await load() }
        try await checkpointIfOverdue()
        var isFresh = false
        while attempt.attempts < options.attemptsMax {
            let commit: Commit
            do {
                commit = try await prepare(attempt, on: state)
            } catch {
                // Our head may be old: a refusal counts only against a fresh one.
                guard !isFresh else { throw error }
                try await catchUp()
                isFresh = true
                continue
            }
            attempt.attempts += 1
            switch try await settle(commit, &attempt) {
            case .won:
                if try await happened(commit, &attempt) { return try finish(commit, attempt) }
                attempt.isInDoubt = true
                try await load()
            case .lost(let other):
                attempt.conflicts += 1
                try await yield(to: other, &attempt)
                attempt.isAmbiguous = false
                try await pause(&attempt, ambiguous: false, why: "other writers keep winning")
            }
            isFresh = true
        }
        throw .contention(attempts: attempt.attempts)
    }

    /// A commit that may have happened does not fail: it is unsettled.
    private func withDoubt(_ error: CatalogError, _ attempt: CommitAttempt) -> CatalogError {
        guard attempt.isInDoubt else { return error }
        if case .unsettled = error { return error }
        return unsettled(state.head.version, "it may have happened before this: \(error.description)")
    }

    private func finish(_ commit: Commit, _ attempt: CommitAttempt) throws(CatalogError) -> CommitReceipt {
        do {
            try state.append(commit)
        } catch {
            throw .corrupt(place: "commit \(commit.version)", reason: error.reason)
        }
        return CommitReceipt(
            version: commit.version, id: commit.id, attempts: attempt.attempts, conflicts: attempt.conflicts,
            closed: commit.closed, settledByReading: attempt.settledByReading, head: state.head)
    }

    /// Another commit has our version: catch up, and let the caller check the change again.
    ///
    /// Where our put may have taken effect, the other entry proves nothing until the boundary is known to be below it:
    /// ours may have been there first, and been collected.
    private func yield(to other: Commit, _ attempt: inout CommitAttempt) async throws(CatalogError) {
        let (wasInDoubt, loads) = (attempt.isInDoubt, loadCount)
        attempt.isInDoubt = wasInDoubt || attempt.isAmbiguous
        var fresh = state
        do {
            try fresh.append(other)
        } catch {
            try await accept(fresh, .broken(version: other.version, reason: error.reason))
            attempt.isInDoubt = wasInDoubt || attempt.isAmbiguous && loadCount != loads
            return
        }
        let end = try await reader.replay(&fresh)
        try await accept(fresh, end)
        attempt.isInDoubt = wasInDoubt || attempt.isAmbiguous && loadCount != loads
    }

    /// The entry that this change would be on top of `state`, or why it cannot be one.
    private func prepare(_ attempt: CommitAttempt, on state: TableState) async throws(CatalogError) -> Commit {
        let (change, head) = (attempt.change, state.head)
        let rules = CommitRules(change: change, head: head)
        try rules.checkAgainstHead()
        guard head.version < .max - 1 else { throw .invalid("the log is full") }
        let removed = try await resolveObjects(change, in: state)
        var commit = Commit(
            version: head.version + 1, id: attempt.id, parent: head.id, kind: change.kind, at: clock.now(),
            writer: attempt.writer, reason: change.reason, layout: change.layout == head.layout ? nil : change.layout,
            offsets: rules.offsets.sorted { $0.topicPartition < $1.topicPartition },
            add: change.add.sorted { ($0.partition, $0.path) < ($1.partition, $1.path) },
            remove: change.remove.sorted(), removed: SideTotals.of(removed), horizon: change.horizon,
            closed: change.closed)
        var next = head
        do {
            try next.apply(commit)
        } catch {
            throw .invalid("the change does not fit the table: \(error.reason)")
        }
        if let rule = change.closing, commit.closed.isEmpty {
            commit.closed = rule.newlyComplete(next, after: head)
        }
        return commit
    }

    /// Checks the change against the table's objects and returns those it removes.
    ///
    /// An append needs no look: its objects hold offsets that no commit held before, so they are new. What is removed
    /// must be live, and what else is added must not be in the table; both read only the manifests of the partitions
    /// in question.
    private func resolveObjects(_ change: Change, in state: TableState) async throws(CatalogError) -> [DataObject] {
        let added = change.offsets.isEmpty || change.kind != .append ? change.add.map(\.path) : []
        guard !added.isEmpty || !change.remove.isEmpty else { return [] }
        let snapshot = Snapshot(table: name, state: state, loader: manifests)
        let known = try await snapshot.objects(withPaths: Set(change.remove + added))
        if let twice = added.first(where: { known[$0] != nil || snapshot.wasRemovedLately($0) }) {
            throw .invalid("\(twice) was added to the table before")
        }
        let missing = change.remove.filter { known[$0] == nil }
        guard missing.isEmpty else { throw .removedObjects(missing) }
        return change.remove.compactMap { known[$0] }
    }
}
