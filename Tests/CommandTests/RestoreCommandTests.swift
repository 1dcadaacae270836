import Foundation
import Kafka
import LakeModel
import Logging
import TestSupport
import Testing

@testable import varve

@Suite("varve restore, varve dlq and varve replicate on the command line")
struct RestoreCommandTests {
    @Test("a replay of nothing announces nothing")
    func replayOfNothing() async throws {
        let lake = try await SplitLake()
        for _ in 0..<2 {
            let replayed = await lake.run(
                ["dlq", "replay", "orders", "--topic", "typo", "--yes"],
                environment: ["VARVE_KAFKA_BROKERS": "127.0.0.1:1"])
            #expect(replayed.status == .success, "\(replayed.errors)")
            #expect(replayed.errors.contains("holds nothing of what was asked for"), "\(replayed.errors)")
        }
        #expect(try !lake.files().contains { $0.contains("replay") })
    }

    @Test("a plan counts events, objects and the time at the rate, and needs no brokers")
    func plan() async throws {
        let lake = try await SmallLake()
        let all = await lake.run("restore", "orders", "--rate", "60", "--output", "csv")
        #expect(all.status == .success, "\(all.errors)")
        #expect(all.errors.contains("orders: 240 events in 4 objects"))
        #expect(all.errors.contains("4.0 s at the rate") && all.errors.contains("nothing was sent"))
        #expect(all.output.split(separator: "\n").count == 3)
        let some = await lake.run(
            "restore", "orders", "--topic", "orders", "--partition", "1", "--offsets", "50..70", "--output", "csv")
        #expect(some.output.contains("orders,1,50,70,20,2,orders,"), "\(some.output)")
        let late = await lake.run("restore", "orders", "--from", "2026-11-21T04:30:00Z", "--output", "csv")
        #expect(late.errors.contains("at most 120 events in 2 objects"), "\(late.errors)")
    }

    @Test(
        "wrong arguments are refused in one line",
        arguments: [
            ["restore", "orders", "--rate", "0"],
            ["restore", "orders", "--plan", "--yes"],
            ["restore", "orders", "--to-topic", "a b"],
            ["restore", "orders", "--name", "a/b"],
            ["restore", "orders", "--ids", "x"],
            ["restore", "orders", "--partition", "1"],
            ["restore", "orders", "--where", "n"],
            ["restore", "orders", "--batch", "0"],
            ["dlq", "show", "orders", "orders/0"],
            ["dlq", "ls", "orders", "--each", "--by-hour"],
            ["dlq", "ls", "orders", "--reason", "not-json"],
            ["dlq", "replay", "orders", "--reason", "nope", "--yes"],
            ["restore", "orders", "--from", "2026-11-21", "--to", "2026-11-20", "--yes"],
            ["cat", "orders", "--limit=-1"],
            ["manifest", "ls", "orders", "--limit=-1"],
            ["manifest", "log", "orders", "--limit=-1"],
            ["erase", "--table", "orders", "--where", "n = 1", "--ids", "ids.txt"],
            ["replicate"],
            ["replicate", "--to", "file:///x", "--to-config", "y"],
            ["replicate", "--to", "file:///x", "--prune"],
            ["erase", "--table", "orders.dead_letter", "--where", "n = 1"],
            ["manifest", "show", "orders.late"],
            ["manifest", "show", "orders", "--at", "1", "--commit", "1"],
            ["manifest", "sql", "orders.late", "select 1"],
            ["wait", "--table", "orders.late", "--hour", "2026-11-21/05"],
            ["dlq", "ls", "orders", "--limit", "3"],
            ["replicate", "--to", "/tmp/x"],
            ["verify", "orders.dead_letter"],
            ["vacuum", "orders.late"],
            ["compact", "orders.late"],
            ["lifecycle", "plan", "orders.late"],
            ["lifecycle", "apply", "orders.late"],
            ["metrics", "orders.late"],
            ["replicate", "orders.late", "--to", "file:///x"],
        ])
    func refusals(arguments: [String]) async throws {
        let lake = try await SmallLake()
        let outcome = await lake.run(arguments)
        #expect(outcome.status == .usage, "\(outcome.errors)")
        #expect(outcome.errorLines.count == 1)
    }

    @Test("without brokers nothing can be sent, and a broker that is not there is said")
    func brokers() async throws {
        let lake = try await SmallLake()
        #expect(await lake.run("restore", "orders", "--yes").status == .configuration)
        #expect(await lake.run("restore", "nothing", "--yes", "--brokers", "127.0.0.1:1").status == .noInput)
        let refused = await lake.run("restore", "orders", "--yes", "--brokers", "127.0.0.1:1")
        #expect(refused.status == .unavailable, "\(refused.errors)")
    }

    @Test("without transactions events arrive too, the progress is kept, and this is said")
    func atLeastOnce() async throws {
        let lake = try await SmallLake()
        let cluster = try MockCluster()
        try cluster.createTopic("again", partitions: 2)
        let command = [
            "restore", "orders", "--to-topic", "again", "--brokers", cluster.brokers, "--at-least-once", "--yes",
            // The mock cluster puts its own time in answers.
            "--lossy",
        ]
        var planned = command
        planned[3] = "nowhere"
        planned.removeAll { $0 == "--yes" }
        let plan = await lake.run(planned)
        #expect(plan.status == .success && plan.errors.contains("the brokers know no such topic: topic nowhere"))
        let sent = await lake.run(command)
        #expect(sent.status == .success, "\(sent.errors)")
        #expect(sent.errors.contains("240 events sent") && sent.errors.contains("each at least once"))
        let again = await lake.run(command)
        #expect(again.errors.contains("was done before, 240 events"), "\(again.errors)")
    }

    @Test("dead letters are counted, listed and shown")
    func deadLetters() async throws {
        let lake = try await SmallLake()
        let counts = await lake.run("dlq", "ls", "orders", "--output", "csv")
        #expect(counts.status == .success, "\(counts.errors)")
        #expect(counts.output.contains("orders/0/120"))
        let hours = await lake.run("dlq", "ls", "orders", "--by-hour", "--output", "csv")
        #expect(hours.output.contains("2026-11-21/05"), "\(hours.output)")
        #expect(await lake.run("dlq", "ls", "orders", "--each").output.contains("orders/0/120"))
        let shown = await lake.run("dlq", "show", "orders", "orders/0/120")
        #expect(shown.output.contains("{\"n\":120}") && shown.output.contains("k120"))
        let object = try JSONSerialization.jsonObject(
            with: Data(await lake.run("dlq", "show", "orders", "orders/0/120", "--output", "json").output.utf8))
        let members = try #require(object as? [String: Any])
        #expect(members["event"] as? String == "orders/0/120" && members["value"] as? String == "{\"n\":120}")
        #expect(members["headers"] as? [[String: String]] != nil && members["key"] as? String == "k120")
        #expect(await lake.run("dlq", "show", "orders", "orders/0/120", "--raw").output == "{\"n\":120}")
        #expect(await lake.run("dlq", "show", "orders", "orders/0/1").status == .noInput)
        let plan = await lake.run("dlq", "replay", "orders", "--output", "csv")
        #expect(plan.errors.contains("1 events in 1 objects"), "\(plan.errors)")
    }

    @Test("a plan says what a pruning would delete, and deletes nothing")
    func plannedPruning() async throws {
        let lake = try await SplitLake()
        let copy = try TemporaryDirectory("varve-copy")
        let prune = ["replicate", "--to", "file://\(copy.path)/lake", "--prune", "--prune-after", "1d"]
        let none = await lake.run(prune + ["--plan", "--output", "csv"])
        #expect(none.status == .success && none.errors.contains("0 objects of the copy would"), "\(none.errors)")
        func files() throws -> [String] {
            let folder = "\(copy.path)/lake/orders/data"
            return try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".zst") }
                .map { "\(folder)/\($0)" }
        }
        #expect(await lake.run(prune + ["--yes"]).status == .success)
        #expect(await lake.run("compact", "--cold-after", "0s").status == .success)
        #expect(await lake.run(prune + ["--yes"]).status == .success)
        for file in try files() {
            let date = Date(timeIntervalSinceNow: -2 * 86_400)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file)
        }
        #expect(try files().count == 5)
        let planned = await lake.run(prune + ["--plan", "--output", "csv"])
        #expect(planned.status == .success && planned.output.contains(",0,0,4\n"), "\(planned.output)")
        #expect(planned.errors.contains("orders: 4 objects of the copy would be deleted"), "\(planned.errors)")
        #expect(try files().count == 5)
        let done = await lake.run(prune + ["--yes", "--output", "csv"])
        #expect(done.status == .success && done.output.contains(",0,0,4\n"), "\(done.output)\(done.errors)")
        #expect(try files().count == 1)
    }

    @Test("a copy is the same lake, follows the first one, and is refused once it was written to")
    func replicate() async throws {
        let lake = try await SmallLake()
        let copy = try TemporaryDirectory("varve-copy")
        let url = "file://\(copy.path)/lake"
        let planned = await lake.run("replicate", "--to", url, "--plan", "--output", "csv")
        #expect(planned.output.contains("orders,0,3,5,"), "\(planned.output)\(planned.errors)")
        #expect(!FileManager.default.fileExists(atPath: copy.path + "/lake"))
        let copied = await lake.run("replicate", "--to", url, "--output", "csv")
        #expect(copied.status == .success, "\(copied.errors)")
        #expect(copied.output.contains("orders,0,3,5,") && copied.output.contains(",3,0"), "\(copied.output)")
        func onCopy(_ arguments: String...) async -> CommandOutcome { await runVarve(arguments + ["--lake", url]) }
        #expect(await onCopy("verify", "--deep").status == .success)
        #expect(await onCopy("cat", "orders").output == lake.run("cat", "orders").output)
        let again = await lake.run("replicate", "--to", url, "--output", "csv")
        #expect(again.output.contains("orders,3,3,0,0,0,0,0"), "\(again.output)")
        // Another copy gets a commit of its own, which ends its following.
        let other = "file://\(copy.path)/other"
        #expect(await lake.run("replicate", "--to", other).status == .success)
        func erase(_ number: Int, _ lake: String) async -> CommandOutcome {
            await runVarve([
                "erase", "--table", "orders", "--where", "n = \(number)", "--yes", "--certificate",
                "\(copy.path)/\(number).json", "--lake", lake,
            ])
        }
        #expect(await erase(5, other).status == .success)
        let refused = await lake.run("replicate", "--to", other)
        #expect(refused.status == .usage && refused.errors.contains("was written to"), "\(refused.errors)")
        // The first lake moves on, the copy follows.
        #expect(await erase(7, lake.url).status == .success)
        #expect(await lake.run("replicate", "--to", url).status == .success)
        #expect(await onCopy("verify", "--deep").status == .success)
        #expect(await onCopy("cat", "orders").output == lake.run("cat", "orders").output)
        #expect(await lake.run("replicate", "--to", lake.url).status == .usage)
    }

    @Test(
        "bytes are shown without doing anything to a terminal",
        arguments: [
            ("plain é 漢", "plain é 漢"), ("a\u{1B}[31mb\n", "a\\x1b[31mb\\x0a"), ("\\", "\\x5c"),
            ("\u{202E}x", "\\xe2\\x80\\xaex"), ("\u{9B}x", "\\xc2\\x9bx"),
        ])
    func safeText(bytes: String, shown: String) {
        #expect(printable(Array(bytes.utf8), bytesMax: 100) == shown)
        #expect(printable([0xFF, 0x41], bytesMax: 100) == "\\xffA")
        #expect(printable(Array("abcdef".utf8), bytesMax: 3) == "abc… (6 bytes)")
    }
}
