// The protocol of a table's log
// =============================
//
// A table is a chain of commits. Commit `v` is the object `<table>/_varve/log/<v as 20 digits>.json`, written once,
// with put-if-absent, by whoever wants to be version `v`; the store decides who wins. There is no lock, no server and
// no list: whoever can read the chain knows the table.
//
// Writing. A writer knows the head: version, commit id, next offset of each topic partition, horizon, layout. It checks
// its change against the head, writes entry `head + 1` with the head's id as parent, and settles the outcome:
//
//   success                        the entry is ours
//   conflict, or no clear answer   read the entry back and compare commit ids: ours, it happened (the answer was lost,
//                                  and others may have built on it since); another's, we lost this version: apply it
//                                  and all after it, check the change again, try the next version; none, the same
//                                  bytes are put at the same version again
//   no answer to that either       keep settling until the caller's deadline, then `.unsettled`: nothing is guessed
//
// What is read back below the boundary proves nothing either. Once the boundary has overtaken a version that we put, a
// change that still fits is put again (it cannot have counted), and one that does not is `.unsettled`, not refused.
//
// A commit never moves to another version before its own is seen to be taken by another commit, so one commit cannot
// happen twice.
//
// Checking. An offset range is valid only where it begins at the head's next offset (or the head does not know the
// topic partition). So a zombie, a replay and a double delivery all lose by the same comparison.
//
// Collection. Old entries are deleted, or the log would grow for ever. But then a writer that slept could put an entry
// into the hole and believe it won. So the collector advances `boundary.json` to `B` before it deletes entries up to
// `B`, and `B` stays below the newest entry. A writer reads the boundary after its put: a commit at or below it did not
// happen. A reader reads it after its replay: entries it took from at or below it prove nothing, and it begins again
// from the checkpoint that the boundary names, which is at `B` or above. Entry `B + 1` is never missing, and its parent
// is the true entry `B`: so an invented chain below the boundary cannot join the log above it.
//
// Starting. `latest.json` names a checkpoint. It is a hint: stale, it costs a longer replay; missing or wrong, a replay
// from the start or from the boundary's checkpoint. Versions are probed one after another until one is missing, as
// listings may hide the newest.
//
// Vacuum. A vacuum commit carries a horizon. An object uploaded before it (by the store's clock) and not in the table
// then may be deleted, so a later commit that would add such an object is refused.

public import LakeModel
public import Logging
public import ObjectStorage

/// One table's log: opens it, commits to it, and makes snapshots of it.
///
/// Safe to share: commits of one `Table` wait for each other, those of others are settled through the store. Memory is
/// that of the head and the commits since the last checkpoint, whatever the table's size.
public actor Table {
    public nonisolated let name: TableName
    public nonisolated let store: any ObjectStore
    public nonisolated let options: CatalogOptions
    let clock: any LakeClock
    let logger: Logger
    let reader: LogReader
    nonisolated let manifests: ManifestLoader

    var state: TableState
    /// Set where a commit ended unsettled: `state` may lack it, so the next operation loads the table again.
    var isStale = false
    /// How often the table was read anew because the boundary had overtaken what it knew, or might have.
    var loadCount = 0
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private init(
        name: TableName, store: any ObjectStore, options: CatalogOptions, clock: any LakeClock, logger: Logger
    ) {
        (self.name, self.store, self.options, self.clock) = (name, store, options, clock)
        var logger = logger
        logger[metadataKey: "table"] = "\(name)"
        self.logger = logger
        reader = LogReader(store: store, keys: TableKeys(table: name), options: options)
        manifests = ManifestLoader(reader: reader)
        state = TableState(base: .empty)
    }

    /// Opens a table by reading its newest state; a table without a log is at version 0 and gets one with its first
    /// commit.
    public static func open(
        _ name: TableName, in store: any ObjectStore, options: CatalogOptions = CatalogOptions(),
        clock: any LakeClock, logger: Logger
    ) async throws(CatalogError) -> Table {
        let table = Table(name: name, store: store, options: options, clock: clock, logger: logger)
        try await table.begin()
        return table
    }

    private func begin() async throws(CatalogError) {
        try await exclusively { table throws(CatalogError) in try await table.load() }
    }

    var keys: TableKeys { reader.keys }

    /// The head as this table last saw it; costs nothing.
    public func head() -> TableHead { state.head }

    /// Catches up with the log: two requests where nothing is new.
    @discardableResult
    public func refresh() async throws(CatalogError) -> TableHead {
        try await exclusively { table throws(CatalogError) in try await table.catchUp() }
        return state.head
    }

    /// Runs `body` alone: an actor lets other calls in at every `await`, and a rule's state must not move under it.
    func exclusively<Value: Sendable>(
        _ body: (isolated Table) async throws(CatalogError) -> Value
    ) async throws(CatalogError) -> Value {
        if isBusy {
            await withCheckedContinuation { waiting.append($0) }
        }
        isBusy = true
        defer {
            if waiting.isEmpty {
                isBusy = false
            } else {
                // The next one is handed the turn: `isBusy` stays set, so that nobody else slips in.
                waiting.removeFirst().resume()
            }
        }
        return try await body(self)
    }
}

extension Table {
    /// Reads the table from the newest checkpoint on.
    func load() async throws(CatalogError) {
        loadCount += 1
        var floor = Boundary.none
        for _ in 0..<max(1, options.reloadsMax) {
            let hint = try await reader.latest(logger: logger)
            var fresh = TableState(base: try await startingPoint(hint: hint, floor: floor))
            let end = try await reader.replay(&fresh, window: 4)
            let boundary = try await reader.boundary()
            guard boundary.version <= fresh.base.head.version else {
                floor = boundary
                continue
            }
            try refuse(end)
            state = fresh
            isStale = false
            return
        }
        throw .contention(attempts: options.reloadsMax)
    }

    /// Replays what is new since the head.
    func catchUp() async throws(CatalogError) {
        guard !isStale else { return try await load() }
        var fresh = state
        let end = try await reader.replay(&fresh)
        try await accept(fresh, end)
        if state.head.version - state.base.head.version >= rebaseAfter { try await adoptNewerCheckpoint() }
    }

    /// Takes over a state that was replayed from ours, if the boundary did not overtake us meanwhile.
    func accept(_ fresh: TableState, _ end: ReplayEnd) async throws(CatalogError) {
        let boundary = try await reader.boundary()
        // What was read above our old head is true only if nothing above it had been collected.
        guard boundary.version <= state.head.version else { return try await load() }
        try refuse(end)
        state = fresh
    }

    private func refuse(_ end: ReplayEnd) throws(CatalogError) {
        guard case .broken(let version, let reason) = end else { return }
        throw .corrupt(place: "log entry \(try keys.entry(version))", reason: reason)
    }

    /// The newest checkpoint that the hint or the boundary names, or the empty table.
    private func startingPoint(hint: Int64, floor: Boundary) async throws(CatalogError) -> Checkpoint {
        if hint > floor.checkpoint, let checkpoint = try await manifests.checkpoint(hint) { return checkpoint }
        guard floor.checkpoint > 0 else { return .empty }
        guard let checkpoint = try await manifests.checkpoint(floor.checkpoint) else {
            throw .corrupt(
                place: "\(try keys.checkpointList(floor.checkpoint))",
                reason: "it is missing, but boundary.json names it")
        }
        return checkpoint
    }
}
