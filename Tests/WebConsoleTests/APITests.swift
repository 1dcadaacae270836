import Catalog
import Foundation
import LakeModel
import Operations
import TestSupport
import Testing

@testable import WebConsole

@Suite("The console's API")
struct APITests {
    private let bench = Bench()

    @Test("a lake's sums and a table's facts are those of the catalog")
    func facts() async throws {
        let table = try await bench.table()
        try await bench.append(table, hour: 1, count: 3)
        try await bench.append(table, hour: 2, count: 2, side: .deadLetter)
        let pages = bench.pages()
        let lake = try await pages.json("lake") { $0["is_loading"] as? Bool == false }
        #expect(lake["objects"] as? Int == 5 && lake["records"] as? Int == 30 && lake["dead_letters"] as? Int == 20)
        let view = try await pages.json("tables/orders")
        #expect(view["version"] as? Int == 2)
        #expect(view["newest_event"] as? String == "2026-11-21T02:00:01.000Z")
        #expect(view["freshness_seconds"] as? Double == 10799.0)
        #expect((view["topics"] as? [String]) == ["orders"])
    }

    @Test("hours are summed over manifests and the log's tail, and removed objects are left out")
    func hours() async throws {
        let table = try await bench.table()
        var first: [DataObject] = []
        for hour in 0..<4 { first += try await bench.append(table, hour: hour, count: 20) }
        let gone = first.prefix(5).map(\.path)
        let merged = DataObject(merging: Array(first.prefix(5)))
        try await table.commit(
            Change(kind: .compact, add: [merged], remove: gone), id: bench.id(), writer: anyWriter)
        try await bench.append(table, hour: 4, count: 2)
        #expect(await table.currentSnapshot().checkpointVersion == 4, "both a checkpoint and a tail are read")

        let page = try await bench.pages().json("tables/orders/hours?days=2") { $0["is_whole"] as? Bool == true }
        let hours = try #require(page["hours"] as? [[String: Any]])
        #expect(hours.map { $0["hour"] as? Int } == [0, 1, 2, 3, 4])
        #expect(hours.map { $0["objects"] as? Int } == [16, 20, 20, 20, 2])
        #expect(hours.map { $0["records"] as? Int } == [200, 200, 200, 200, 20])
    }

    @Test("sums by hour are those of the objects, whatever the checkpoints", arguments: 1...6 as ClosedRange<UInt64>)
    func sumsAgree(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let table = try await bench.table()
        var live: [DataObject] = []
        let cache = RollupCache(smallBytesMax: 500)
        for _ in 0..<20 {
            let bytes = Int64.random(in: 1...1000, using: &random)
            live += try await bench.append(
                table, hour: .random(in: -30...20, using: &random), count: .random(in: 1...8, using: &random),
                bytes: bytes)
            if Bool.random(using: &random), let victim = live.indices.randomElement(using: &random) {
                let gone = live.remove(at: victim)
                let merged = DataObject(merging: [gone])
                live.append(merged)
                try await table.commit(
                    Change(kind: .compact, add: [merged], remove: [gone.path]), id: bench.id(), writer: anyWriter)
            }
            let snapshot = try await table.snapshot()
            while try await snapshot.sumOneMore(cache: cache) {}
            let known = snapshot.knownHours(cache: cache)
            #expect(known.isWhole)
            let expected = Dictionary(grouping: live) { LakeHour($0.partition) }
            #expect(known.hours.map(\.hour) == expected.keys.sorted(), "seed=\(seed)")
            for sum in known.hours {
                let objects = expected[sum.hour] ?? []
                #expect(sum.totals.objects == Int64(objects.count), "seed=\(seed) \(sum.hour)")
                #expect(sum.totals.bytes == objects.reduce(0) { $0 + $1.bytes }, "seed=\(seed) \(sum.hour)")
                #expect(sum.smallObjects == Int64(objects.count { $0.bytes < 500 }), "seed=\(seed) \(sum.hour)")
            }
            snapshot.forgetOthers(in: cache)
        }
    }

    @Test("a cache of sums never grows beyond its bound")
    func bounded() async throws {
        let table = try await bench.table()
        for hour in 0..<20 { try await bench.append(table, hour: hour, count: 4) }
        let cache = RollupCache(rollupsMax: 6)
        let snapshot = try await table.snapshot()
        var rounds = 0
        while rounds < 50, try await snapshot.sumOneMore(cache: cache) {
            rounds += 1
            #expect(cache.count <= 6)
        }
        #expect(rounds <= 6, "what has no room is not read again and again")
        #expect(try await !snapshot.sumOneMore(cache: cache))
        // Hours on display come before what is kept for the whole.
        let first = try #require(LakeHour("2026-11-21/00"))
        while rounds < 50, try await snapshot.sumOneMore(first...first, cache: cache) { rounds += 1 }
        #expect(snapshot.knownHours(first...first, cache: cache).isWhole && cache.count <= 6)
    }

    @Test("objects and commits come in pages that join without a gap")
    func paged() async throws {
        let table = try await bench.table()
        for hour in 0..<9 { try await bench.append(table, hour: hour % 3, count: 4) }
        let pages = bench.pages()
        var paths: [String] = []
        var next: String? = ""
        while let after = next {
            let page = try await pages.json("tables/orders/objects?hour=2026-11-21/01&limit=5&after=\(after)")
            paths += try #require(page["objects"] as? [[String: Any]]).compactMap { $0["path"] as? String }
            next = page["next"] as? String
        }
        #expect(paths.count == 12 && paths == paths.sorted())

        var versions: [Int] = []
        var before = 10
        while before > 1 {
            let page = try await pages.json("tables/orders/commits?limit=4&before=\(before)")
            versions += try #require(page["commits"] as? [[String: Any]]).compactMap { $0["version"] as? Int }
            before = page["next"] as? Int ?? 0
        }
        #expect(versions == Array((1...9).reversed()))
    }

    @Test(
        "questions that make no sense are refused in one line",
        arguments: [
            ("tables/orders/hours?from=yesterday", 400), ("tables/orders/hours?from=2026-01-01&to=2026-11-21", 400),
            ("tables/orders/hours?from=2026-11-22&to=2026-11-21", 400), ("tables/orders/hours?side=left", 400),
            ("tables/orders/commits?limit=0", 400), ("tables/orders/commits?before=x", 400),
            ("tables/orders/objects", 400), ("tables/orders/objects?hour=2026-11-21/99", 400),
            ("tables/orders/sources?after=-1", 400), ("tables?limit=100000", 400), ("tables/none", 404),
            ("tables/..%2f..", 404), ("tables/<script>", 404), ("tables/orders/secrets", 404), ("nothing", 404),
            ("", 404),
            ("tables/orders/hours?from=9999-12-31&to=9999-12-31", 200),
            ("tables/orders/hours?to=0001-01-01&days=92", 200),
        ])
    func refused(target: String, status: Int) async throws {
        try await bench.append(try await bench.table(), hour: 1)
        let answer = try await bench.pages().get("/api/v1/\(target)")
        #expect(answer.status == status, "\(target): \(String(decoding: answer.body, as: UTF8.self))")
        #expect(answer.contentType == "application/json")
        #expect(!String(decoding: answer.body, as: UTF8.self).contains("\n"))
    }

    @Test("nothing but GET and HEAD is answered", arguments: ["POST", "PUT", "DELETE", "PATCH"])
    func readOnly(method: String) async throws {
        for path in ["/", "/api/v1/lake", "/api/v1/tables/orders"] {
            #expect(await bench.pages().answer(WebRequest(method, path))?.status == 405)
        }
    }

    @Test("a store that fails is said, and what was known is shown")
    func failing() async throws {
        let facts = TableFacts(
            name: "orders", head: TableHead(), checkpointVersion: 0, known: KnownHours(), trouble: "no route to host",
            smallBytesMax: 1)
        let health = TableHealth(facts, writer: nil, now: midnight, options: ConsoleOptions())
        #expect(health.level == .trouble && health.reasons[0].text.contains("no route to host"))
    }
}

extension DataObject {
    /// One object in the place of several of one partition.
    fileprivate init(merging objects: [DataObject]) {
        self = objects[0]
        path = path.replacing(".ndjson", with: "-m.ndjson")
        bytes = objects.reduce(0) { $0 + $1.bytes }
        records = objects.reduce(0) { $0 + $1.records }
        offsets[0].last = objects.map(\.offsets[0].last).max() ?? 0
        offsets[0].first = objects.map(\.offsets[0].first).min() ?? 0
        offsets[0].count = records
    }
}
