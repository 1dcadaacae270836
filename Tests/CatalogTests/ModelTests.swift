import Catalog
import LakeModel
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// What a table should hold, kept in the plainest way: one whole state for each version.
private struct NaiveTable {
    struct State: Equatable {
        var paths: Set<String> = []
        var next: [TopicPartition: Int64] = [:]
    }

    var states: [Int64: State] = [0: State()]
    var newest: Int64 = 0

    mutating func apply(_ change: Change, version: Int64) {
        var state = states[version - 1] ?? State()
        state.paths.subtract(change.remove)
        state.paths.formUnion(change.add.map(\.path))
        for range in change.offsets { state.next[range.topicPartition] = range.to }
        states[version] = state
        newest = max(newest, version)
    }

    init() {}
}

@Suite("Random histories against a naive model")
struct ModelTests {
    private struct World {
        let bench: Bench
        var random: SeededGenerator
        var tables: [Table] = []
        var model = NaiveTable()
        var events: [Int64] = Array(repeating: 0, count: 4)

        init(seed: UInt64) throws {
            bench = try Bench(seed: seed)
            random = SeededGenerator(seed: seed)
        }
    }

    private func options(_ options: inout CatalogOptions) {
        options.checkpointEvery = 5
        options.manifestEntriesMax = 6
        options.manifestCacheEntriesMax = 12
        options.settleWithin = .seconds(30)
    }

    @Test(
        "three writers, faults of every kind, collections, restarts: the table is what was acknowledged",
        arguments: [
            UInt64
        ](1...60))
    func histories(seed: UInt64) async throws {
        var world = try World(seed: seed)
        for _ in 0..<3 { world.tables.append(try await world.bench.open(options)) }
        let faults = Mutex(SeededGenerator(seed: seed &* 977))
        for step in 0..<120 {
            let isFaulty = Int.random(in: 0..<3, using: &world.random) > 0
            if isFaulty { world.bench.store.intercept { _, key in faults.withLock { fault(key, &$0) } } }
            await takeStep(&world)
            world.bench.store.intercept(nil)
            if step % 20 == 19 { try await check(world, seed) }
        }
        try await check(world, seed)
        try await audit(world, seed)
    }

    private func takeStep(_ world: inout World) async {
        let index = Int.random(in: 0..<world.tables.count, using: &world.random)
        let table = world.tables[index]
        switch Int.random(in: 0..<20, using: &world.random) {
        case 0:
            _ = try? await table.checkpoint()
        case 1:
            let version = Int64.random(in: 0...max(1, world.model.newest), using: &world.random)
            world.bench.store.advance(milliseconds: 1000)
            _ = try? await table.collectLog(through: version - 10, unusedSince: world.bench.store.now)
        case 2:
            if let fresh = try? await world.bench.open(options) { world.tables[index] = fresh }
        case 3:
            guard let head = try? await table.refresh() else { return }
            #expect(head.version == world.model.newest)
        case 4, 5, 6:
            guard let snapshot = try? await table.snapshot(), snapshot.version > 0 else { return }
            guard let objects = try? await snapshot.objects() else { return }
            let chosen = objects.shuffled(using: &world.random).prefix(Int.random(in: 1...4, using: &world.random))
            guard let first = chosen.first else { return }
            let output = world.bench.object(
                orders0, first: 0, count: 1, hour: Int.random(in: 0..<50, using: &world.random))
            let isRewrite = first.path.utf8.count.isMultiple(of: 2)
            await commit(
                Change(kind: .lifecycle, add: isRewrite ? [output] : [], remove: chosen.map(\.path)), table, &world)
        default:
            await append(table, &world)
        }
    }

    private func append(_ table: Table, _ world: inout World) async {
        let source = TopicPartition(topic: "t", partition: Int32.random(in: 0..<4, using: &world.random))
        let from = await table.head().next(of: source) ?? 0
        let count = Int64.random(in: 1...9, using: &world.random)
        let hour = Int.random(in: 0..<60, using: &world.random)
        var change = world.bench.appending(source, from: from, count: count, hour: hour)
        change.offsets[0].watermark = nil
        await commit(change, table, &world)
    }

    /// Commits, and tells the model what the catalog says became of it.
    private func commit(_ change: Change, _ table: Table, _ world: inout World) async {
        do throws(CatalogError) {
            let receipt = try await table.commit(change, id: world.bench.id(), writer: anyWriter)
            world.model.apply(change, version: receipt.version)
        } catch {
            // Refused for any other reason, nothing happened, and the model says so too.
            guard case .unsettled = error else { return }
            // The truth is in the table, once the store is well again.
            world.bench.store.intercept(nil)
            guard let head = try? await table.refresh() else {
                Issue.record("a healthy store does not show the table")
                return
            }
            guard head.version > world.model.newest else { return }
            #expect(head.version == world.model.newest + 1)
            world.model.apply(change, version: head.version)
        }
    }

    private func check(_ world: World, _ seed: UInt64) async throws {
        let table = try await world.bench.open(options)
        for version in [world.model.newest, world.model.newest / 2, world.model.newest - 3] where version > 0 {
            let expected = try #require(world.model.states[version], "seed=\(seed)")
            // An old version may have been collected, and says so; the newest never is.
            let past = try? await table.snapshot(at: .version(version))
            guard let snapshot = past else {
                #expect(version < world.model.newest, "seed=\(seed)")
                continue
            }
            let objects = try await snapshot.objects()
            #expect(objects.count == expected.paths.count, "seed=\(seed) version=\(version)")
            #expect(Set(objects.map(\.path)) == expected.paths, "seed=\(seed) version=\(version)")
            #expect(snapshot.head.progress.mapValues(\.next) == expected.next, "seed=\(seed) version=\(version)")
            #expect(snapshot.head.total(of: .main) == SideTotals.of(objects).first ?? SideTotals(side: .main))
        }
        #expect(await table.head().version == world.model.newest, "seed=\(seed)")
    }

    /// What is left of the log, from its oldest checkpoint on, keeps every rule.
    private func audit(_ world: World, _ seed: UInt64) async throws {
        let table = try await world.bench.open(options)
        let commits = try await table.commits(1...world.model.newest)
        guard let first = commits.first else { return }
        var auditor = LogAuditor()
        if first.version > 1 {
            guard let before = try? await table.snapshot(at: .version(first.version)) else { return }
            auditor = LogAuditor(after: before.head, objects: try await before.objects(.everything))
        }
        for commit in commits where commit.version > auditor.version { auditor.examine(commit) }
        let snapshot = try await table.snapshot()
        auditor.compare(head: snapshot.head, objects: try await snapshot.objects(.everything))
        #expect(auditor.violations.isEmpty, "seed=\(seed)")
    }
}

/// One call in six goes wrong.
private func fault(_ key: ObjectKey, _ random: inout SeededGenerator) -> Fault? {
    guard !key.description.hasSuffix("manifest") else { return nil }
    switch Int.random(in: 0..<30, using: &random) {
    case 0: return .down(key)
    case 1, 2: return .lost(key)
    case 3: return .ambiguous(key)
    case 4: return .conflict(key)
    default: return nil
    }
}
