import Catalog
import LakeModel
import ObjectStorage
import Synchronization
import Testing

@Suite("The boundary")
struct BoundaryTests {
    /// A table of `commits` versions whose log was collected up to `boundary`.
    private func collected(_ bench: Bench, commits: Int, boundary: Int64) async throws -> Table {
        let table = try await bench.open { $0.checkpointEvery = 0 }
        for _ in 0..<commits { try await bench.append(table) }
        bench.store.advance(milliseconds: 1000)
        let report = try await table.collectLog(through: boundary, unusedSince: bench.store.now)
        #expect(report.boundary.version == min(boundary, Int64(commits) - 1))
        return table
    }

    @Test("collection deletes the entries up to the boundary and the table reads the same")
    func collection() async throws {
        let bench = try Bench()
        let table = try await collected(bench, commits: 40, boundary: 30)
        #expect(try await bench.store.keys.filter { $0.contains("/log/") }.count == 10)
        let reader = try await bench.open()
        #expect(await reader.head() == table.head())
        #expect(try await reader.snapshot().objects().count == 40)
        try await bench.store.set("orders/_varve/latest.json", nil)
        #expect(try await bench.open().head() == table.head())
    }

    @Test("the newest entry is never collected")
    func newestStays() async throws {
        let bench = try Bench()
        _ = try await collected(bench, commits: 5, boundary: 1000)
        #expect(try await bench.store.keys.contains { $0.hasSuffix("/log/00000000000000000005.json") })
        #expect(try await !bench.store.keys.contains { $0.hasSuffix("/log/00000000000000000004.json") })
    }

    @Test("a zombie that re-creates a collected entry does not win it: no log id is won twice")
    func zombie() async throws {
        let bench = try Bench()
        let zombie = try await bench.open()
        let table = try await collected(bench, commits: 20, boundary: 15)
        // Same topic partition: its offsets have moved, by itself or by others, and nobody can tell any more. Another
        // one: the events go to the top of the log.
        let change = bench.appending(orders0, from: 0, count: 10)
        let refusal = await refusal { try await zombie.commit(change, id: bench.id(), writer: anyWriter) }
        guard case .unsettled = refusal else {
            Issue.record("a zombie committed, or was refused for another reason: \(String(describing: refusal))")
            return
        }
        #expect(try await zombie.refresh().next(of: orders0) == 200)
        #expect(try await bench.store.keys.contains { $0.hasSuffix("/log/00000000000000000001.json") })
        #expect(try await bench.open().head() == table.head())
        let other = try await bench.open()
        try await bench.store.set("orders/_varve/latest.json", nil)
        #expect(try await bench.open().head() == other.head())
    }

    @Test("a zombie with new topic partitions is moved to the top of the log, and no reader sees its first try")
    func zombieWithNewPartitions() async throws {
        let bench = try Bench()
        let zombie = try await bench.open()
        let table = try await collected(bench, commits: 20, boundary: 15)
        let receipt = try await bench.append(zombie, orders1)
        #expect(receipt.version == 21)
        let head = try await table.refresh()
        #expect(head.version == 21)
        #expect(head.total(of: .main).objects == 21)
        #expect(try await bench.open().head() == head)
    }

    @Test("a reader that slept through a collection does not take the missing entries for the log's end")
    func sleepingReader() async throws {
        let bench = try Bench()
        let (reader, zombie) = (try await bench.open(), try await bench.open())
        let table = try await collected(bench, commits: 20, boundary: 15)
        #expect(try await reader.refresh() == table.head())
        // Nor does it believe an entry that a zombie put where its next one was.
        let believer = try await bench.open()
        for _ in 0..<5 { try await bench.append(table) }
        try await table.collectLog(through: 24, unusedSince: bench.store.now)
        _ = await refusal { try await bench.append(zombie) }
        #expect(try await believer.refresh() == table.head())
        #expect(try await believer.snapshot().objects().count == 25)
    }

    @Test("a second zombie that builds on the first one's entry does not count either")
    func chainOfZombies() async throws {
        let bench = try Bench()
        let zombies = [try await bench.open(), try await bench.open(), try await bench.open()]
        let table = try await collected(bench, commits: 20, boundary: 19)
        for (index, zombie) in zombies.enumerated() {
            // The boundary is hidden from them until they have put: the worst moment to sleep.
            let source = TopicPartition(topic: "zombie", partition: Int32(index))
            let receipt = try await bench.append(zombie, source)
            #expect(receipt.version == 21 + Int64(index))
        }
        #expect(try await table.refresh().total(of: .main).objects == 23)
    }

    @Test("a writer that slept between its put and the boundary read finds out that its commit may not count")
    func sleptAfterPut() async throws {
        let bench = try Bench()
        let (sleeper, other) = (try await bench.open(), try await bench.open { $0.checkpointEvery = 0 })
        let armed = Counter()
        bench.store.intercept { call, key in
            guard call == .get, key.description.hasSuffix("boundary.json"), armed.next() == 1 else { return nil }
            do {
                for _ in 0..<10 { try await bench.append(other, orders1) }
                try await other.collectLog(through: 8, unusedSince: bench.store.now)
            } catch {
                Issue.record(error)
            }
            return nil
        }
        // Version 1 was won for good, and then collected: the truth is in the table, and the events are in it once.
        let refused = await refusal { try await bench.append(sleeper, orders0) }
        guard case .unsettled = refused else {
            Issue.record("a commit that happened was reported as \(String(describing: refused))")
            return
        }
        let head = try await sleeper.refresh()
        #expect(head.next(of: orders0) == 10)
        #expect(head.total(of: .main).records == 110)
    }

    /// The loser's list names manifests that the new boundary's checkpoint does not, and another has found it safe.
    @Test("a checkpoint that lost its race leaves its list to those who rely on it")
    func overtakenCheckpoint() async throws {
        let bench = try Bench()
        func open(_ manifestEntriesMax: Int) async throws -> Table {
            try await bench.open { ($0.checkpointEvery, $0.manifestEntriesMax) = (0, manifestEntriesMax) }
        }
        let loser = try await open(4)
        for hour in 0..<12 { try await bench.append(loser, hour: hour) }
        try await loser.checkpoint()
        let hint = try await bench.store.bytes("orders/_varve/latest.json")
        let rival = try await open(4)
        for hour in 0..<4 { try await bench.append(rival, hour: hour) }
        // Small neighbours become one manifest here; and the hint is one that does not know of it.
        let collector = try await open(1000)
        try await collector.checkpoint()
        try await bench.store.set("orders/_varve/latest.json", hint)
        for hour in 0..<4 { try await bench.append(rival, hour: hour) }
        let isListed = Mutex(false)
        bench.store.intercept { call, key in
            if call == .put, key.description.hasSuffix("20/list.ndjson.zst") { isListed.withLock { $0 = true } }
            guard call == .get, key.description.hasSuffix("boundary.json"), isListed.withLock({ $0 }) else {
                return nil
            }
            bench.store.intercept(nil)
            do {
                #expect(try await rival.checkpoint() == 20)
                try await collector.collectLog(through: 15, unusedSince: bench.store.now)
            } catch {
                Issue.record(error)
            }
            return nil
        }
        guard case .contention = await refusal({ try await loser.checkpoint() }) else {
            Issue.record("the boundary was to overtake the loser")
            return
        }
        try await rival.collectLog(through: 19, unusedSince: bench.store.now)
        #expect(try await bench.open().head() == rival.head())
        #expect(try await bench.open().snapshot().objects().count == 20)
    }

    @Test("a reader that replays while the log is collected begins again")
    func collectedWhileReading() async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 0 }
        for _ in 0..<40 { try await bench.append(table) }
        let armed = Counter()
        bench.store.intercept { call, key in
            guard call == .get, key.description.hasSuffix("00000000000000000020.json"), armed.next() == 1 else {
                return nil
            }
            do {
                try await table.collectLog(through: 39, unusedSince: bench.store.now)
            } catch {
                Issue.record(error)
            }
            return nil
        }
        let reader = try await bench.open()
        #expect(await reader.head() == table.head())
        #expect(try await reader.snapshot().objects().count == 40)
    }

    @Test("the boundary never moves down, and a crash before the deletions is made good by the next collection")
    func monotone() async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 0 }
        for _ in 0..<20 { try await bench.append(table) }
        bench.store.intercept { call, key in call == .delete ? Fault.down(key) : nil }
        await #expect(throws: CatalogError.self) {
            try await table.collectLog(through: 15, unusedSince: bench.store.now)
        }
        bench.store.intercept(nil)
        #expect(try await bench.open().head().version == 20)
        let report = try await table.collectLog(through: 5, unusedSince: bench.store.now)
        #expect(report.boundary.version == 15)
        #expect(report.entriesDeleted == 15)
    }

    @Test("checkpoints that a newer one replaced are deleted after the grace, with the manifests only they name")
    func oldCheckpoints() async throws {
        let bench = try Bench()
        let table = try await bench.open {
            $0.checkpointEvery = 8
            $0.manifestEntriesMax = 8
        }
        for index in 0..<40 {
            try await bench.append(table, hour: index)
            bench.store.advance(milliseconds: 1000)
        }
        let reader = try await bench.open()
        let kept = try await table.collectLog(
            through: 39, unusedSince: bench.store.now.advanced(byMilliseconds: -100_000))
        #expect(kept.checkpointsDeleted == 0)
        let report = try await table.collectLog(through: 39, unusedSince: bench.store.now)
        #expect(report.checkpointsDeleted == 4)
        #expect(try await bench.store.keys.filter { $0.hasSuffix("list.ndjson.zst") }.count == 1)
        #expect(try await reader.snapshot().objects().count == 40)
        #expect(try await bench.open().snapshot().objects().count == 40)
    }
}
