import LakeModel
import ObjectStorage
import TestSupport
import Testing

@Suite("The store probe")
struct StoreProbeTests {
    private let clock = ManualClock()

    private func probe(_ store: any ObjectStore) async throws -> ProbeReport {
        let id = try #require(CommitID("0123456789abcdef0123456789abcdef"))
        return await StoreProbe(store: store, clock: clock, id: id).run()
    }

    @Test("a store that keeps the rules passes, and is left as it was")
    func good() async throws {
        let store = MemoryObjectStore(clock: clock)
        _ = try await store.put([1], to: try #require(ObjectKey("orders/_varve/log/1.json")))
        let report = try await probe(store)
        #expect(report.supportsExactlyOnce, "\(report.verdict)")
        #expect(report.checks.filter { $0.outcome == .failed }.map(\.name) == [])
        #expect(report.clockDifferenceMilliseconds == 0)
        #expect(try await store.listAll(prefix: "").count == 1)
        #expect(try await store.listUploads(prefix: "").isEmpty)
    }

    @Test("a directory passes")
    func directory() async throws {
        let directory = try TemporaryDirectory()
        let store = try DirectoryObjectStore(root: directory.path, durability: .none)
        let id = try #require(CommitID("0123456789abcdef0123456789abcdef"))
        let report = await StoreProbe(store: store, clock: SystemClock(), id: id).run()
        #expect(report.supportsExactlyOnce, "\(report.verdict)")
        #expect(try await store.listAll(prefix: "").isEmpty)
    }

    @Test("a store that breaks one rule is refused by the name of that rule", arguments: LyingStore.Lie.allCases)
    func lies(_ lie: LyingStore.Lie) async throws {
        let report = try await probe(LyingStore(MemoryObjectStore(clock: clock), lie))
        #expect(!report.supportsExactlyOnce)
        #expect(report[lie.check]?.outcome == .failed, "\(report.checks)")
        #expect(report.verdict.contains(lie.check))
    }

    @Test(
        "a store that cannot be reached says nothing of its rules", arguments: [StoreFault.denied, .unavailableBefore])
    func unreachable(_ fault: StoreFault) async throws {
        let store = FaultyStore(
            MemoryObjectStore(clock: clock), seed: 1, clock: clock, rules: [FaultRule(fault)])
        let report = try await probe(store)
        #expect(!report.supportsExactlyOnce)
        #expect(report.failure != nil)
        #expect(report.verdict.hasPrefix("cannot tell"))
        #expect(report.checks.allSatisfy { $0.outcome == .skipped })
        #expect(store.calls(.put) == 1)
    }

    @Test("a lost answer to a conditional put is not held against the store", arguments: 0..<20 as Range<UInt64>)
    func lostAnswers(_ seed: UInt64) async throws {
        let rules = [FaultRule(.ownConflict, on: [.put], keyContains: "race", probability: 0.3)]
        let store = FaultyStore(MemoryObjectStore(clock: clock), seed: seed, clock: clock, rules: rules)
        let report = try await probe(store)
        #expect(report.checks.filter { $0.outcome == .failed }.map(\.name) == [], "seed \(seed)")
    }

    @Test("a clock that differs by minutes is reported and does not forbid the store")
    func clockDifference() async throws {
        let storeClock = ManualClock(now: clock.now().advanced(byMilliseconds: 1_200_000))
        let report = try await probe(MemoryObjectStore(clock: storeClock))
        #expect(report["clock"]?.outcome == .failed)
        #expect(report["clock"]?.detail.contains("1200 s") == true)
        #expect(report.supportsExactlyOnce)
    }
}

/// A store that breaks one rule, as some S3-compatibles do.
struct LyingStore: ForwardingStore {
    enum Lie: String, CaseIterable, Sendable {
        case ignoresAbsent, ignoresMatches, createsOnMatches, checksThenPuts, refusesButStores, readsStale

        /// The check that has to find it.
        var check: String {
            switch self {
            case .ignoresAbsent, .refusesButStores: "put_if_absent"
            case .ignoresMatches: "put_if_matches"
            case .createsOnMatches: "put_if_matches_missing"
            case .checksThenPuts: "put_if_absent_race"
            case .readsStale: "read_after_write"
            }
        }
    }

    let inner: any ObjectStore
    private let lie: Lie

    init(_ inner: any ObjectStore, _ lie: Lie) {
        (self.inner, self.lie) = (inner, lie)
    }

    var location: String { "lying:" }

    func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        var free = options
        free.condition = .always
        switch (lie, options.condition) {
        case (.ignoresAbsent, .absent), (.ignoresMatches, .matches):
            return try await inner.put(body, to: key, options: free)
        case (.createsOnMatches, .matches):
            do {
                return try await inner.put(body, to: key, options: options)
            } catch {
                guard error.kind == .conflict, try await inner.getIfPresent(key) == nil else { throw error }
                return try await inner.put(body, to: key, options: free)
            }
        case (.checksThenPuts, .absent):
            if try await inner.getIfPresent(key) != nil { return try await inner.put(body, to: key, options: options) }
            // Every writer of a race has looked before the first one writes.
            for _ in 0..<1000 { await Task.yield() }
            return try await inner.put(body, to: key, options: free)
        case (.refusesButStores, .absent):
            let isTaken = try await inner.getIfPresent(key) != nil
            let info = try await inner.put(body, to: key, options: free)
            if isTaken { throw StoreError(.conflict, operation: "put", message: "refused") }
            return info
        default: return try await inner.put(body, to: key, options: options)
        }
    }

    func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        var content = try await inner.get(key, range: range, bytesMax: bytesMax)
        if lie == .readsStale, key.description.hasSuffix("fresh") { content.bytes = Array("round 0".utf8) }
        return content
    }
}
