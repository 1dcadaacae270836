import Catalog
import LakeModel
import ObjectStorage
import Synchronization
import Testing

/// Commits that happened and were then collected: whoever made them must not be told that nothing was committed, as it
/// might delete the objects that it believes nobody has. The histories were found by the protocol model.
@Suite("A commit in doubt never counts as failed")
struct DoubtTests {
    private func entry(_ version: Int) -> String { "_varve/log/\(String(repeating: "0", count: 19))\(version).json" }

    private func expectUnsettled(_ error: CatalogError?) {
        guard case .unsettled = error else {
            Issue.record("a commit that happened was reported as \(String(describing: error))")
            return
        }
    }

    /// Calls `body` once, before the first `call` on a key that ends like this.
    private func before(
        _ call: Call, of suffix: String, in bench: Bench, _ body: @escaping @Sendable () async throws -> Void
    ) {
        let counter = Counter()
        bench.store.intercept { made, key in
            guard made == call, key.description.hasSuffix(suffix), counter.next() == 1 else { return nil }
            do {
                try await body()
            } catch {
                Issue.record(error)
            }
            return nil
        }
    }

    @Test("a lost answer, a collected log and a sleeper that fills the hole: unsettled, not refused")
    func holeFilledBySleeper() async throws {
        let bench = try Bench()
        let (writer, sleeper) = (try await bench.open(), try await bench.open())
        let other = try await bench.open { $0.checkpointEvery = 0 }
        let (puts, gets) = (Counter(), Counter())
        let suffix = entry(1)
        bench.store.intercept { call, key in
            guard key.description.hasSuffix(suffix) else { return nil }
            if call == .put { return puts.next() == 1 ? Fault.lost(key) : nil }
            guard call == .get, gets.next() == 1 else { return nil }
            do {
                for _ in 0..<3 { try await bench.append(other, orders1) }
                try await other.collectLog(through: 2, unusedSince: bench.store.now)
                // It slept since version 0, so it puts its entry into the hole at 1 before it finds out.
                try await bench.append(sleeper, orders2)
            } catch {
                Issue.record(error)
            }
            return nil
        }
        expectUnsettled(await refusal { try await bench.append(writer, orders0) })
        bench.store.intercept(nil)
        #expect(try await writer.refresh().next(of: orders0) == 10)
    }

    @Test("a rewrite that sleeps after its put until the log is collected past it: unsettled, so its objects stay")
    func rewriteSleepsAfterPut() async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 0 }
        try await bench.append(table)
        let old = try #require(try await table.snapshot().objects().first)
        var new = bench.object(orders0, first: 0, count: 10)
        new.path += ".2"
        let compactor = try await bench.open()
        before(.get, of: "boundary.json", in: bench) {
            for _ in 0..<3 { try await bench.append(table, orders1) }
            try await table.collectLog(through: 3, unusedSince: bench.store.now)
        }
        let change = Change(kind: .compact, add: [new], remove: [old.path])
        expectUnsettled(await refusal { try await compactor.commit(change, id: bench.id(), writer: anyWriter) })
        bench.store.intercept(nil)
        let live = try await table.snapshot().objects().map(\.path)
        #expect(live.contains(new.path))
        #expect(!live.contains(old.path))
    }

    @Test("a store that fails before the boundary shows whose the version is: unsettled")
    func storeFailsWhileYielding() async throws {
        let bench = try Bench()
        let (writer, other) = (try await bench.open(), try await bench.open())
        let isDown = Mutex(false)
        let suffix = entry(1)
        let (first, next) = (Counter(), entry(2))
        bench.store.intercept { call, key in
            if call == .put, key.description.hasSuffix(suffix), first.next() == 1 {
                _ = try? await bench.append(other, orders1)
                isDown.withLock { $0 = true }
                return Fault.ambiguous(key)
            }
            return call == .get && key.description.hasSuffix(next) && isDown.withLock(\.self) ? Fault.down(key) : nil
        }
        expectUnsettled(await refusal { try await bench.append(writer, orders0) })
        bench.store.intercept(nil)
        #expect(try await bench.append(writer, orders0).version == 2)
    }
}

private let orders2 = TopicPartition(topic: "orders", partition: 2)
