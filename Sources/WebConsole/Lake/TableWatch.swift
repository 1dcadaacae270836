import Catalog
import LakeModel

/// One table as the console keeps it: the newest snapshot, hourly sums and commit summaries, all bounded.
actor TableWatch {
    nonisolated let name: TableName
    private let table: Table
    private let options: ConsoleOptions
    private let clock: any LakeClock
    private let cache: RollupCache
    private var snapshot: Snapshot
    private var commits: [Int64: CommitView] = [:]
    private var latest: TableFacts?
    private var latestCount = 0
    /// Why the last look failed; what was known before is still shown.
    private(set) var trouble: String?

    private init(_ table: Table, _ snapshot: Snapshot, rollupsMax: Int, options: ConsoleOptions, clock: any LakeClock) {
        (name, self.table, self.snapshot, self.options, self.clock) = (table.name, table, snapshot, options, clock)
        cache = RollupCache(smallBytesMax: options.smallBytesMax, rollupsMax: rollupsMax)
    }

    static func open(
        _ name: TableName, in lake: Lake, rollupsMax: Int, options: ConsoleOptions, clock: any LakeClock
    ) async throws(CatalogError) -> TableWatch {
        let table = try await lake.openExisting(name)
        return TableWatch(
            table, await table.currentSnapshot(), rollupsMax: rollupsMax, options: options, clock: clock)
    }

    /// Catches up with the log: two requests where nothing is new.
    func refresh() async {
        do throws(CatalogError) {
            let before = snapshot.version
            snapshot = try await table.snapshot()
            if snapshot.version != before { snapshot.forgetOthers(in: cache) }
            trouble = nil
        } catch {
            trouble = "\(error)"
        }
    }

    /// Sums up one more manifest; false where all are known.
    func sumOneMore() async -> Bool {
        (try? await Self.sum(snapshot, nil, cache)) ?? false
    }

    /// Away from the actor, so that a manifest being decoded keeps no question waiting.
    @concurrent
    private static func sum(
        _ snapshot: Snapshot, _ range: ClosedRange<LakeHour>?, _ cache: RollupCache
    ) async throws(CatalogError) -> Bool {
        try await snapshot.sumOneMore(range, cache: cache)
    }

    var head: TableHead { snapshot.head }

    /// What is known now; added up anew only where something changed.
    func facts() -> TableFacts {
        if var facts = latest, facts.head.version == snapshot.version, latestCount == cache.count {
            facts.trouble = trouble
            return facts
        }
        latestCount = cache.count
        let facts = TableFacts(
            name: name.description, head: snapshot.head, checkpointVersion: snapshot.checkpointVersion,
            known: snapshot.knownHours(sides: Set(TableSide.allCases), cache: cache), trouble: trouble,
            smallBytesMax: options.smallBytesMax)
        latest = facts
        return facts
    }

    /// Sums of a range of hours, after reading for a little while what is not known yet.
    func hours(_ range: ClosedRange<LakeHour>, side: TableSide) async throws(CatalogError) -> KnownHours {
        let deadline = clock.elapsed() + options.readWithin
        while clock.elapsed() < deadline {
            guard try await Self.sum(snapshot, range, cache) else { break }
        }
        return snapshot.knownHours(range, sides: [side], cache: cache)
    }

    /// Summaries of commits at or below `newest`, the newest first; those that were collected are missing.
    func commits(through newest: Int64?, limit: Int64) async throws(CatalogError) -> [CommitView] {
        let last = min(newest ?? .max, snapshot.head.version)
        guard last > 0, limit > 0 else { return [] }
        let first = max(1, last - limit + 1)
        let missing = (first...last).filter { commits[$0] == nil }
        var read: [Int64: CommitView] = [:]
        if let low = missing.first, let high = missing.last {
            for commit in try await table.commits(low...high) { read[commit.version] = CommitView(commit) }
        }
        let found = (first...last).reversed().compactMap { read[$0] ?? commits[$0] }
        commits.merge(read) { $1 }
        while commits.count > options.commitsMax, let oldest = commits.keys.min() { commits[oldest] = nil }
        return found
    }

    /// At most `limit` objects of an hour in the order of their paths, from behind `after`.
    func objects(
        _ hour: LakeHour, side: TableSide, after: String, limit: Int
    ) async throws(CatalogError) -> [DataObject] {
        var page: [DataObject] = []
        let query = ObjectQuery(sides: [side], hours: hour...hour)
        try await snapshot.forEachBatch(query) { batch throws(CatalogError) in
            page += batch.filter { after.utf8.lexicographicallyPrecedes($0.path.utf8) }
            // Sorted and cut as it comes, so that an hour of a million objects needs no memory for them.
            page.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
            page.removeLast(max(0, page.count - limit))
        }
        return page
    }
}

/// What is known of a table at one moment.
struct TableFacts: Sendable {
    var name: String
    var head: TableHead
    var checkpointVersion: Int64
    /// Of all sides.
    var known: KnownHours
    var trouble: String?
    var smallBytesMax: Int64
}
