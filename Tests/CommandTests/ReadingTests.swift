import Catalog
import Foundation
import LakeModel
import TestSupport
import Testing

@testable import varve

@Suite("commands that read a lake")
struct ReadingTests {
    @Test("tables lists tables, and side tables that hold something")
    func tables() async throws {
        let lake = try await SmallLake()
        let outcome = await lake.run("tables", "--output", "csv")
        #expect(outcome.status == .success)
        let rows = outcome.output.split(separator: "\n").dropFirst()
        #expect(rows.map { $0.split(separator: ",")[0] } == ["orders", "orders.dead_letter"])
        #expect(rows.map { $0.split(separator: ",", omittingEmptySubsequences: false)[5] } == ["240", "1"])
        #expect(outcome.output.contains("2026-11-21/03"))
    }

    @Test("a table with a damaged log is named, the others are listed")
    func damagedTable() async throws {
        let lake = try await SmallLake()
        let path = lake.url.dropFirst("file://".count) + "/zebras/_varve/log"
        try FileManager.default.createDirectory(atPath: String(path), withIntermediateDirectories: true)
        try Data("{\"format\":".utf8).write(to: URL(filePath: path + "/00000000000000000001.json"))
        let outcome = await lake.run("tables", "--output", "csv")
        #expect(outcome.status == .dataError)
        #expect(outcome.output.split(separator: "\n").count == 3)
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains("zebras"), "\(outcome.errors)")
    }

    @Test("a lake that is not there is status 66, and nothing is made")
    func missingLake() async {
        let path = NSTemporaryDirectory() + "varve-no-lake-here"
        let outcome = await runVarve(["tables", "--lake", "file://\(path)"])
        #expect(outcome.status == .noInput)
        #expect(outcome.errors == "varve: no lake is there: file://\(path): check the path\n")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a table that is not there is status 66", arguments: [["manifest", "ls"], ["cat"], ["verify"]])
    func missingTable(command: [String]) async throws {
        let lake = try await SmallLake()
        let outcome = await runVarve(command + ["nope", "--lake", lake.url])
        #expect(outcome.status == .noInput)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("no table nope"))
    }

    @Test("manifest ls filters by hour, time, shard, topic partition and version")
    func manifestList() async throws {
        let lake = try await SmallLake()
        func count(_ arguments: String...) async -> Int {
            let whole = ["manifest", "ls", "orders", "--lake", lake.url, "--output", "csv"] + arguments
            let outcome = await runVarve(whole)
            #expect(outcome.status == .success, "\(outcome.errors)")
            return outcome.output.split(separator: "\n").count - 1
        }
        #expect(await count() == 4)
        #expect(await count("--limit", "3") == 3)
        #expect(await count("--hour", "2026-11-21/03") == 2)
        #expect(await count("--hour", "2026-11-21") == 4)
        #expect(await count("--from", "2026-11-21T04:30:00Z") == 2)
        #expect(await count("--from", "-30m") == 2)
        #expect(await count("--to", "2026-11-21T04:00:00Z") == 2)
        #expect(await count("--shard", "1") == 2)
        #expect(await count("--topic", "orders", "--partition", "1", "--offsets", "70..80") == 1)
        #expect(await count("--topic", "other") == 0)
        #expect(await count("--at", "1") == 2)
        #expect(await count("--limit", "3") == 3)
    }

    @Test("manifest show tells where each topic partition stands, in every format")
    func manifestShow() async throws {
        let lake = try await SmallLake()
        let table = await lake.run("manifest", "show", "orders")
        #expect(table.output.contains("complete through "))
        #expect(table.output.contains("dead letter records"))
        let json = await lake.run("manifest", "show", "orders", "--output", "json")
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        let offsets = object?["offsets"] as? [[String: Any]]
        #expect(offsets?.compactMap { $0["next_offset"] as? Int } == [121, 120])
        let csv = await lake.run("manifest", "show", "orders", "--output", "csv", "--at", "1")
        #expect(csv.output.split(separator: "\n").dropFirst().map { $0.split(separator: ",")[2] } == ["60", "60"])
    }

    @Test("manifest log and diff tell what each commit did")
    func manifestHistory() async throws {
        let lake = try await SmallLake()
        let log = await lake.run("manifest", "log", "orders", "--output", "csv")
        let versions = log.output.split(separator: "\n").dropFirst().compactMap { $0.split(separator: ",").first }
        #expect(versions == ["3", "2", "1"])
        #expect(log.output.contains("orders/0:60..121"))
        let diff = await lake.run("manifest", "diff", "orders", "--from", "1", "--output", "csv")
        #expect(diff.output.split(separator: "\n").dropFirst().allSatisfy { $0.hasPrefix("added,") })
        #expect(diff.errors == "version 1 to 3: 2 objects differ, +120 records\n")
        let commit = await lake.run("manifest", "show", "orders", "--commit", "2")
        let decoded = try JSONDecoder().decode(Commit.self, from: Data(commit.output.utf8))
        #expect(decoded.add.count == 3)
        let missing = await lake.run("manifest", "show", "orders", "--commit", "9")
        #expect(missing.status == .noInput)
    }

    @Test("manifest sql answers from the catalog, in every format, and can only read")
    func manifestSQL() async throws {
        let lake = try await SmallLake()
        let question = "select side, sum(records) as events, avg(records) from objects group by 1 order by 1"
        let csv = await lake.run("manifest", "sql", "orders", question, "--output", "csv")
        #expect(csv.output == "side,events,avg(records)\ndead_letter,1,1.0\nmain,240,60.0\n", "\(csv.errors)")
        let past = await lake.run("manifest", "sql", "orders", question, "--output", "csv", "--at", "1")
        #expect(past.output == "side,events,avg(records)\nmain,120,60.0\n")
        let hour = await lake.run("manifest", "sql", "orders", question, "--output", "csv", "--hour", "2026-11-21/03")
        #expect(hour.output == "side,events,avg(records)\nmain,120,60.0\n", "\(hour.errors)")
        #expect(await lake.run("manifest", "sql", "orders", question, "--topic", "t").status == .usage)
        let twice = await lake.run("manifest", "sql", "orders", "select 1 a, 2 a, 3 a_2, 4 a", "--output", "json")
        #expect(twice.output == "[\n{\"a\":1,\"a_3\":2,\"a_2\":3,\"a_4\":4}\n]\n", "\(twice.output)")
        let unknown = await lake.run("manifest", "sql", "orders", "select * from nope")
        #expect(unknown.errors.contains("no such table: nope: the tables are objects, "), "\(unknown.errors)")
        for statement in ["delete from objects", "select nope from objects", "attach 'x' as y"] {
            let refused = await lake.run("manifest", "sql", "orders", statement)
            #expect(refused.status == .usage, "\(statement): \(refused.errors)")
            #expect(refused.errorLines.count == 1)
        }
    }

    @Test("times are not guessed where the table's rule has changed since")
    func otherRule() async throws {
        let lake = try await SmallLake()
        let table = try await lake.open()
        var layout = try #require(await table.head().layout)
        layout.time = "field:/created_at"
        try await table.commit(Change(kind: .append, layout: layout), id: lake.id(9), writer: SmallLake.writer)
        let all = await lake.run("cat", "orders", "--from", "2026-11-21T00:00:00Z")
        #expect(all.status == .success && !all.output.isEmpty, "\(all.errors)")
        let some = await lake.run("cat", "orders", "--from", "2026-11-21T03:00:30Z")
        #expect(some.status != .success && some.errors.contains("another rule"), "\(some.errors)")
    }

    @Test("wait ends at once for a complete hour, and with status 75 for one that does not come")
    func wait() async throws {
        let lake = try await SmallLake()
        let complete = await lake.run("wait", "--table", "orders", "--hour", "2026-11-21/03")
        #expect(complete.status == .success)
        let open = await lake.run("wait", "--table", "orders", "--hour", "2026-11-21/04", "--timeout", "0")
        #expect(open.status == .temporaryFailure)
        #expect(open.errors.contains("it is complete through 2026-11-21/03"))
        let stranger = await lake.run("wait", "--table", "nosuch", "--hour", "2026-11-21/04", "--timeout", "0")
        #expect(stranger.status == .temporaryFailure)
        #expect(stranger.errors.contains("there is no table nosuch") && stranger.errors.contains("see 'varve tables'"))
    }

    @Test("a lake of a newer version is refused in one line, and a corrupt log entry is status 65")
    func damagedLog() async throws {
        let lake = try await SmallLake()
        let entry = "\(lake.directory.path)/orders/_varve/log/00000000000000000003.json"
        let text = try String(contentsOfFile: entry, encoding: .utf8)
        for (damaged, words) in [
            (text.replacing("\"format\":1", with: "\"format\":9"), "newer"), (String(text.dropLast(20)), "corrupt"),
        ] {
            try damaged.write(toFile: entry, atomically: true, encoding: .utf8)
            let outcome = await lake.run("manifest", "ls", "orders")
            #expect(outcome.status == .dataError)
            #expect(outcome.errorLines.count == 1)
            #expect(outcome.errors.contains(words))
            #expect(outcome.output.isEmpty)
        }
    }
}
