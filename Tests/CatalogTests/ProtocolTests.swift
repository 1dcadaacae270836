import Catalog
import LakeModel
import ObjectStorage
import Synchronization
import Testing

@Suite("The protocol under faults")
struct ProtocolTests {
    private func entry(_ version: Int) -> String { "_varve/log/\(String(repeating: "0", count: 19))\(version).json" }

    /// Gives the fault to the first `times` puts of one log entry.
    private func faultyPuts(
        _ bench: Bench, version: Int, times: Int = 1, _ fault: @escaping @Sendable (ObjectKey) -> Fault
    ) {
        let left = Mutex(times)
        let suffix = entry(version)
        bench.store.intercept { call, key in
            guard call == .put, key.description.hasSuffix(suffix) else { return nil }
            let isDue = left.withLock { left in
                left -= 1
                return left >= 0
            }
            return isDue ? fault(key) : nil
        }
    }

    @Test("a commit whose answer was lost is found by its id and counted once")
    func lostAnswer() async throws {
        let bench = try Bench()
        let table = try await bench.open()
        faultyPuts(bench, version: 1, Fault.lost)
        let receipt = try await bench.append(table)
        #expect(receipt.version == 1)
        #expect(receipt.settledByReading)
        #expect(try await bench.open().head().version == 1)
    }

    @Test("a commit whose request was lost is put again at the same version", arguments: [1, 5])
    func lostRequest(times: Int) async throws {
        let bench = try Bench()
        let table = try await bench.open()
        faultyPuts(bench, version: 1, times: times, Fault.ambiguous)
        let receipt = try await bench.append(table)
        #expect(receipt.version == 1)
        #expect(receipt.attempts == 1)
    }

    @Test("a conflict without an entry is retried, and given up in bounded time where it persists")
    func conflictWithoutEntry() async throws {
        let bench = try Bench()
        let table = try await bench.open()
        faultyPuts(bench, version: 1, times: 3, Fault.conflict)
        #expect(try await bench.append(table).version == 1)
        faultyPuts(bench, version: 2, times: .max, Fault.conflict)
        await #expect(throws: CatalogError.self) { try await bench.append(table) }
        bench.store.intercept(nil)
        #expect(try await bench.append(table).version == 2)
    }

    @Test("a lost answer with another writer's commits on top is one's own success, not committed again")
    func lostAnswerThenOthersOnTop() async throws {
        let bench = try Bench()
        let (table, other) = (try await bench.open(), try await bench.open())
        let suffix = entry(1)
        let (puts, gets) = (Counter(), Counter())
        // Our put takes effect, its answer is lost, and before we read it back two commits land on top.
        bench.store.intercept { call, key in
            guard key.description.hasSuffix(suffix) else { return nil }
            let count = call == .put ? puts.next() : gets.next()
            guard count == 1 else { return nil }
            if call == .put { return Fault.lost(key) }
            do {
                for _ in 0..<2 { try await bench.append(other, orders1) }
            } catch {
                Issue.record(error)
            }
            return nil
        }
        let receipt = try await bench.append(table)
        #expect(receipt.version == 1)
        #expect(receipt.settledByReading)
        let head = try await table.refresh()
        #expect(head.version == 3)
        #expect(head.total(of: .main).objects == 3)
    }

    @Test("a store that fails while a commit is ambiguous makes it unsettled, and the table shows the truth after")
    func unsettled() async throws {
        let bench = try Bench()
        let table = try await bench.open()
        let suffix = entry(1)
        bench.store.intercept { call, key in
            guard key.description.hasSuffix(suffix) else { return nil }
            return call == .put ? Fault.lost(key) : Fault.down(key)
        }
        do {
            try await bench.append(table)
            Issue.record("an ambiguous commit was reported as settled")
        } catch CatalogError.unsettled(let version, _) {
            #expect(version == 1)
        }
        #expect(bench.clock.elapsed() <= .seconds(61))
        bench.store.intercept(nil)
        #expect(try await table.refresh().next(of: orders0) == 10)
        #expect(try await bench.append(table).version == 2)
    }

    @Test("a put that failed for certain is an error at once, and nothing was committed")
    func certainFailure() async throws {
        let bench = try Bench()
        let table = try await bench.open()
        faultyPuts(bench, version: 1, Fault.down)
        await #expect(throws: CatalogError.self) { try await bench.append(table) }
        #expect(try await bench.store.keys.isEmpty)
        #expect(try await bench.append(table).version == 1)
    }

    @Test("a commit whose boundary cannot be read is settled when the store is back, or unsettled")
    func boundaryUnreadable() async throws {
        let bench = try Bench()
        let table = try await bench.open()
        let left = Mutex(3)
        bench.store.intercept { call, key in
            guard key.description.hasSuffix("boundary.json") else { return nil }
            return left.withLock { left in
                left -= 1
                return left >= 0 ? Fault.down(key) : nil
            }
        }
        #expect(try await bench.append(table).version == 1)
        left.withLock { $0 = .max }
        do {
            try await bench.append(table)
            Issue.record("a commit was settled without its boundary")
        } catch CatalogError.unsettled(let version, _) {
            #expect(version == 2)
        }
    }

    @Test("a store that ignores conditions is caught by a paranoid reader of its own entries")
    func paranoid() async throws {
        let bench = try Bench()
        let (victim, careful) = (try await bench.open(), try await bench.open { $0.paranoid = true })
        let suffix = entry(1)
        bench.store.intercept { call, key in
            // Another writer's put overwrites ours between our put and our reading it back.
            guard call == .get, key.description.hasSuffix(suffix) else { return nil }
            bench.store.intercept { _, _ in .ignoresCondition }
            _ = try? await bench.append(victim, orders1)
            bench.store.intercept(nil)
            return nil
        }
        let receipt = try await bench.append(careful, orders0)
        #expect(receipt.version == 2)
        #expect(receipt.conflicts == 1)
        #expect(try await bench.open().head().progress.count == 2)
    }

    @Test("four writers, 200 commits each: every acknowledgement is one version, no loser starves", arguments: [2, 4])
    func manyWriters(writers: Int) async throws {
        let bench = try Bench(seed: 7)
        let each = 200
        let receipts = try await withThrowingTaskGroup(of: [CommitReceipt].self) { group in
            for index in 0..<writers {
                group.addTask {
                    let table = try await bench.open()
                    let source = TopicPartition(topic: "orders", partition: Int32(index))
                    var receipts: [CommitReceipt] = []
                    for _ in 0..<each {
                        receipts.append(try await bench.append(table, source, count: 3))
                    }
                    return receipts
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(receipts.map(\.version)) == Set(1...Int64(writers * each)))
        #expect(receipts.map(\.attempts).max() ?? 0 < 100)
        let table = try await bench.open()
        let head = await table.head()
        #expect(head.version == Int64(writers * each))
        #expect(head.progress.values.allSatisfy { $0.next == Int64(each * 3) })
        #expect(try await table.snapshot().objects().count == writers * each)
    }

    @Test("commits of one table from many tasks wait for each other")
    func sharedTable() async throws {
        let bench = try Bench(seed: 8)
        let table = try await bench.open()
        let receipts = try await withThrowingTaskGroup(of: CommitReceipt.self) { group in
            for index in 0..<60 {
                group.addTask {
                    try await bench.append(table, TopicPartition(topic: "orders", partition: Int32(index)))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(receipts.map(\.version)) == Set(1...60))
        #expect(receipts.allSatisfy { $0.conflicts == 0 })
    }

    @Test("a writer that is killed and started again, at any step, goes on where the table stands")
    func restartLoop() async throws {
        let bench = try Bench(seed: 9)
        var next: Int64 = 0
        for round in 0..<60 {
            let step = Mutex(round % 7)
            bench.store.intercept { call, key in
                // A process that dies is one whose store fails from some step on.
                step.withLock { step in
                    step -= 1
                    return step < 0 ? (round.isMultiple(of: 2) ? Fault.lost(key) : Fault.down(key)) : nil
                }
            }
            if let table = try? await bench.open() {
                #expect(await table.head().next(of: orders0) ?? 0 >= next)
                _ = try? await bench.append(table, count: 5)
            }
            bench.store.intercept(nil)
            let seen = try await bench.open().head().next(of: orders0) ?? 0
            #expect(seen >= next)
            next = seen
        }
        #expect(next > 0)
        let table = try await bench.open()
        let objects = try await table.snapshot().objects()
        #expect(objects.reduce(0) { $0 + $1.records } == next)
    }
}
