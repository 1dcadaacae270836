import Catalog
import LakeModel
import Testing

@Suite("Commits")
struct CommitTests {
    @Test("a table without a log is at version 0 and its first commit is version 1")
    func firstCommit() async throws {
        let bench = try Bench()
        let table = try await bench.open()
        #expect(await table.head().version == 0)
        let receipt = try await bench.append(table)
        #expect(receipt.version == 1)
        #expect(receipt.attempts == 1)
        #expect(receipt.conflicts == 0)
        #expect(receipt.head.next(of: orders0) == 10)
        #expect(try await bench.store.keys == ["orders/_varve/log/00000000000000000001.json"])
        let again = try await bench.open()
        #expect(await again.head() == receipt.head)
    }

    @Test("a commit costs two requests, whatever the table's size")
    func requests() async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 0 }
        for _ in 0..<50 { try await bench.append(table) }
        bench.store.resetCalls()
        try await bench.append(table)
        #expect(bench.store.calls == [.put: 1, .get: 1])
    }

    @Test("a writer that knows old offsets is refused and told the new ones")
    func movedOffsets() async throws {
        let bench = try Bench()
        let (first, zombie) = (try await bench.open(), try await bench.open())
        try await bench.append(first, count: 10)
        do {
            try await zombie.commit(bench.appending(orders0, from: 3, count: 10), id: bench.id(), writer: anyWriter)
            Issue.record("a zombie committed")
        } catch CatalogError.offsetsMoved(let moved) {
            #expect(moved == [MovedOffset(topicPartition: orders0, from: 3, next: 10)])
        }
        #expect(await zombie.head().version == 1)
        #expect(try await bench.store.keys.count == 1)
    }

    @Test("a writer whose wall clock is behind that of the one before it commits, and no watermark falls")
    func watermarkBehind() async throws {
        let bench = try Bench()
        let table = try await bench.open()
        var idle = bench.appending(orders0, from: 0, count: 10)
        let ahead = try #require(idle.offsets[0].watermark).advanced(byMilliseconds: 3_600_000)
        idle.offsets[0].watermark = ahead
        try await table.commit(idle, id: bench.id(), writer: anyWriter)
        try await table.commit(bench.appending(orders0, from: 10, count: 10), id: bench.id(), writer: anyWriter)
        let again = try await bench.open()
        #expect(await again.head().progress[orders0] == Progress(next: 20, watermark: ahead))
        #expect(try await again.commits(1...2).map { $0.offsets[0].watermark } == [ahead, ahead])
    }

    @Test("two writers of different topic partitions both commit, one after the other")
    func independentWriters() async throws {
        let bench = try Bench()
        let (first, second) = (try await bench.open(), try await bench.open())
        try await bench.append(first, orders0)
        let receipt = try await bench.append(second, orders1)
        #expect(receipt.version == 2)
        #expect(receipt.conflicts == 1)
        #expect(receipt.head.progress.count == 2)
    }

    @Test("a change that breaks a rule of its own is refused before anything is sent", arguments: BadChange.allCases)
    func badChanges(_ bad: BadChange) async throws {
        let bench = try Bench()
        let table = try await bench.open()
        bench.store.resetCalls()
        await #expect(throws: CatalogError.self) {
            try await table.commit(bad.change(bench), id: bench.id(), writer: anyWriter)
        }
        #expect(bench.store.calls[.put] == nil)
    }

    enum BadChange: CaseIterable {
        case noLayout, countTooSmall, countTooLarge, outsideRange, noOffsets, twoRanges, backwards, negative
        case adoptedByAppend, adoptedEnvelope, adoptedOutside
        case pathElsewhere, pathAbove, pathTwice, horizonInAppend, closedUnordered, spanTooShort, tagsUnsorted

        func change(_ bench: Bench) -> Change {
            var change = bench.appending(orders0, from: 0, count: 10)
            switch self {
            case .noLayout: change.layout = nil
            case .countTooSmall: change.offsets[0].events = 9
            case .countTooLarge: change.offsets[0].to = 11; change.offsets[0].events = 11
            case .outsideRange: change.offsets[0].from = 1; change.offsets[0].events = 9
            case .noOffsets: change.add[0].offsets = []; change.offsets[0].events = 0
            case .twoRanges: change.offsets.append(change.offsets[0])
            case .backwards: change.offsets[0].to = -1
            case .negative: change.offsets[0].from = -1
            case .pathElsewhere: change.add[0].path = "late/" + change.add[0].path.dropFirst(5)
            case .pathAbove: change.add[0].path = "data/\(change.add[0].partition)/../x.ndjson.zst"
            case .pathTwice: change.add.append(change.add[0])
            case .adoptedByAppend:
                change.add[0].format = .value
                change.add[0].adopted = AdoptedFile(key: "topics/a.json", compression: .plain)
            case .adoptedEnvelope:
                change.kind = .adopt
                change.add[0].adopted = AdoptedFile(key: "topics/a.json", compression: .plain)
            case .adoptedOutside:
                (change.kind, change.add[0].format) = (.adopt, .value)
                change.add[0].adopted = AdoptedFile(key: "topics/../../a.json", compression: .plain)
            case .horizonInAppend: change.horizon = bench.store.now
            case .closedUnordered:
                let hour = LakeHour(change.add[0].partition)
                change.closed = [hour, hour]
            case .spanTooShort: change.add[0].offsets[0].count = 11
            case .tagsUnsorted: change.add[0].tags = ["b", "a"]
            }
            return change
        }
    }

    @Test("an append to an hour that was declared complete is accepted, closing it again is not")
    func closedHours() async throws {
        let bench = try Bench()
        let table = try await bench.open()
        try await bench.append(table, hour: 5)
        let hour = LakeHour(bench.partition(hour: 5))
        let close = Change(kind: .append, closed: [hour])
        let receipt = try await table.commit(close, id: bench.id(), writer: anyWriter)
        #expect(receipt.head.isComplete(hour))
        #expect(receipt.head.isComplete(LakeHour(bench.partition(hour: 4))))
        #expect(!receipt.head.isComplete(LakeHour(bench.partition(hour: 6))))
        try await bench.append(table, hour: 5)
        await #expect(throws: CatalogError.self) {
            try await table.commit(close, id: bench.id(), writer: anyWriter)
        }
    }

    @Test("the vacuum horizon refuses objects that were uploaded before it")
    func horizon() async throws {
        let bench = try Bench()
        let table = try await bench.open()
        try await bench.append(table)
        let slow = bench.appending(orders0, from: 10, count: 10)
        bench.store.advance(milliseconds: 60_000)
        let vacuum = try await bench.open()
        let horizon = bench.store.now.advanced(byMilliseconds: -1000)
        try await vacuum.commit(Change(kind: .vacuum, horizon: horizon), id: bench.id(), writer: anyWriter)
        do {
            try await table.commit(slow, id: bench.id(), writer: anyWriter)
            Issue.record("a dead object was committed")
        } catch CatalogError.staleObjects(let stated, let paths) {
            #expect(stated == horizon)
            #expect(paths == slow.add.map(\.path))
        }
        try await bench.append(table)
        #expect(await table.head().next(of: orders0) == 20)
    }

    @Test("a removal of an object that another commit removed is refused; its replacement is never added")
    func removedObjects() async throws {
        let bench = try Bench()
        let (first, second) = (try await bench.open(), try await bench.open())
        try await bench.append(first)
        try await bench.append(first)
        let inputs = try await first.snapshot().objects()
        func compaction() -> Change {
            let output = bench.object(orders0, first: 0, count: 20)
            return Change(kind: .compact, add: [output], remove: inputs.map(\.path))
        }
        let receipt = try await first.commit(compaction(), id: bench.id(), writer: anyWriter)
        #expect(receipt.head.total(of: .main).objects == 1)
        #expect(receipt.head.total(of: .main).records == 20)
        do {
            try await second.commit(compaction(), id: bench.id(), writer: anyWriter)
            Issue.record("objects were removed twice")
        } catch CatalogError.removedObjects(let paths) {
            #expect(Set(paths) == Set(inputs.map(\.path)))
        }
        #expect(try await second.snapshot().objects().count == 1)
    }

    @Test("an object that was added before, live or removed, is not added again")
    func addedTwice() async throws {
        let bench = try Bench()
        let table = try await bench.open()
        try await bench.append(table)
        let live = try await table.snapshot().objects()
        let again = Change(kind: .adopt, add: live)
        await #expect(throws: CatalogError.self) {
            try await table.commit(again, id: bench.id(), writer: anyWriter)
        }
        try await table.commit(
            Change(kind: .lifecycle, remove: live.map(\.path)), id: bench.id(), writer: anyWriter)
        await #expect(throws: CatalogError.self) {
            try await table.commit(again, id: bench.id(), writer: anyWriter)
        }
    }
}
