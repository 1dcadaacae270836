import Foundation
import TestSupport
import Testing

@testable import varve

@Suite("varve cat")
struct CatTests {
    @Test("prints every event of the table once, as it stands in the lake")
    func all() async throws {
        let lake = try await SmallLake()
        let outcome = await lake.run("cat", "orders")
        #expect(outcome.status == .success)
        let expected = [0, 1].flatMap { partition in (0..<120).map { lake.line(lake.source(partition), $0) } }
        let lines = outcome.output.split(separator: "\n").map { $0 + "\n" }
        #expect(lines.map(String.init).sorted() == expected.sorted())
    }

    @Test(
        "selects by time, hour, topic partition, offsets, key and number",
        arguments: [
            (["--from", "2026-11-21T03:30:00Z", "--to", "2026-11-21T03:40:00Z"], 20),
            (["--hour", "2026-11-21/04"], 120),
            (["--topic", "orders", "--partition", "1"], 120),
            (["--topic", "orders", "--partition", "1", "--offsets", "50..70"], 20),
            (["--offsets", "119.."], 2),
            (["--key", "k7"], 2),
            (["--limit", "5"], 5),
            (["--at", "1"], 120),
            (["--from", "2027-01-01"], 0),
        ])
    func selects(arguments: [String], count: Int) async throws {
        let lake = try await SmallLake()
        let outcome = await runVarve(["cat", "orders", "--lake", lake.url] + arguments)
        #expect(outcome.status == .success, "\(outcome.errors)")
        #expect(outcome.output.split(separator: "\n").count == count)
    }

    @Test("an hour of a table that is partitioned by day is its whole day")
    func hourOfDay() async throws {
        let lake = try await SplitLake(byDay: true)
        for hour in ["2026-11-21", "2026-11-21/00", "2026-11-21/05"] {
            #expect(await lake.run("cat", "orders", "--hour", hour).output == lake.expected, "\(hour)")
            let listed = await lake.run("manifest", "ls", "orders", "--hour", hour, "--output", "csv")
            #expect(listed.output.split(separator: "\n").count == 5, "\(hour): \(listed.output)\(listed.errors)")
            let counted = await lake.run(
                "manifest", "sql", "orders", "SELECT count(*) FROM objects", "--hour", hour, "--output", "csv")
            #expect(counted.output.hasSuffix("\n4\n"), "\(hour): \(counted.output)\(counted.errors)")
            let restored = await lake.run("restore", "orders", "--to-topic", "again", "--hour", hour)
            #expect(restored.errors.contains("40 events in 4 objects"), "\(hour): \(restored.errors)")
        }
        #expect(await lake.run("cat", "orders", "--hour", "2026-11-22/05").output.isEmpty)
        let byHour = try await SplitLake()
        #expect(await byHour.run("cat", "orders", "--hour", "2026-11-21/05").output.isEmpty)
    }

    @Test("a version whose objects were vacuumed says that it cannot be read any more")
    func vacuumedVersion() async throws {
        let lake = try await SplitLake()
        #expect(await lake.run("compact", "orders", "--cold-after", "0s").status == .success)
        #expect(await lake.run("vacuum", "--yes", "--removed-after", "0s").status == .success)
        let outcome = await lake.run("cat", "orders", "--at", "2")
        #expect(outcome.status == .noInput && outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("version 2 cannot be read whole any more"), "\(outcome.errors)")
        #expect(await lake.run("cat", "orders").output == lake.expected)
    }

    @Test(
        "a value that cannot be read is refused with how to write it",
        arguments: [
            (["--from", "yesterday"], "such as 2026-11-21T05:00Z, or back from now"),
            (["--limit", "few"], "write a whole number"),
            (["--offsets", "9"], "100..200 (without 200)"),
            (["--hour", "5"], "such as 2026-11-21/05"),
            (["--at", "first"], "write a version's number"),
            (["--from", "2026-11-21T05:00Z", "--to", "2026-11-21T04:00Z"], "give an earlier --from"),
            (["--from", "now", "--to", "-1h"], "give an earlier --from"),
        ])
    func wrongValue(arguments: [String], remedy: String) async {
        let outcome = await runVarve(["cat", "orders", "--lake", "file:///nowhere"] + arguments)
        #expect(outcome.status == .usage && outcome.errorLines.count == 1)
        #expect(outcome.errors.contains(remedy), "\(outcome.errors)")
    }

    @Test("--raw prints payloads as they were produced")
    func raw() async throws {
        let lake = try await SmallLake()
        let outcome = await lake.run("cat", "orders", "--raw", "--key", "k7")
        #expect(outcome.output == "{\"n\":7}\n{\"n\":7}\n")
    }

    @Test("a side table is read by its name")
    func deadLetters() async throws {
        let lake = try await SmallLake()
        let outcome = await lake.run("cat", "orders.dead_letter")
        #expect(outcome.output == lake.line(lake.source(0), 120))
    }

    @Test("a damaged object is status 65, with its path, after what was read before it")
    func damaged() async throws {
        let lake = try await SmallLake()
        let path = "data/date=2026-11-21/hour=04/shard=0001/orders-1-60.ndjson.zst"
        try lake.damage(path) { $0[$0.count / 2] ^= 0x40 }
        let outcome = await lake.run("cat", "orders")
        #expect(outcome.status == .dataError)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("\(path) is damaged"))
    }
}

extension SmallLake {
    /// Changes the bytes of an object behind the catalog's back.
    func damage(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        let url = URL(filePath: "\(directory.path)/orders/\(path)")
        var bytes = Array(try Data(contentsOf: url))
        change(&bytes)
        try FileManager.default.removeItem(at: url)
        try Data(bytes).write(to: url)
    }

    func remove(_ path: String) throws {
        try FileManager.default.removeItem(atPath: "\(directory.path)/orders/\(path)")
    }
}
