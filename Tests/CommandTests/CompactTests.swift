import Foundation
import LakeModel
import TestSupport
import Testing

@testable import varve

@Suite("varve compact and varve vacuum")
struct CompactTests {
    @Test("a plan lists the merges and changes nothing")
    func plan() async throws {
        let lake = try await SplitLake()
        let before = try lake.files()
        let outcome = await lake.run("compact", "orders", "--plan", "--cold-after", "0s", "--output", "csv")
        #expect(outcome.status == .success, "\(outcome.errors)")
        #expect(outcome.output.split(separator: "\n").count == 2)
        #expect(outcome.output.contains("orders,date=2026-11-21/hour=03/shard=0000,main,envelope,envelope,4,1,"))
        #expect(outcome.errors.contains("orders: 4 objects would become 1"))
        #expect(try lake.files() == before)
    }

    @Test("a compaction merges, a vacuum deletes what it left after its grace, and every event stays")
    func wholeWay() async throws {
        let lake = try await SplitLake()
        let compacted = await lake.run("compact", "--cold-after", "0s", "--output", "csv")
        #expect(compacted.status == .success, "\(compacted.errors)")
        #expect(compacted.output.contains("date=2026-11-21/hour=03/shard=0000,main,done,5,4,1,"))
        let again = await lake.run("compact", "--cold-after", "0s", "--output", "csv")
        #expect(again.output.split(separator: "\n").count == 1)

        let planned = await lake.run("vacuum", "--removed-after", "0s", "--output", "csv")
        #expect(planned.status == .success, "\(planned.errors)")
        #expect(planned.output.split(separator: "\n").count { $0.hasPrefix("orders,removed,data/") } == 4)
        #expect(planned.errors.contains("nothing was deleted; add --yes to delete"))
        #expect(try lake.files().count { $0.hasPrefix("orders/data/") } == 5)
        let kept = await lake.run("vacuum", "--yes", "--output", "csv")
        #expect(kept.status == .success, "\(kept.errors)")
        #expect(try lake.files().count { $0.hasPrefix("orders/data/") } == 5)
        let vacuumed = await lake.run("vacuum", "--removed-after", "0s", "--yes", "--output", "csv")
        #expect(vacuumed.status == .success, "\(vacuumed.errors)")
        #expect(try lake.files().count { $0.hasPrefix("orders/data/") } == 1)

        let verified = await lake.run("verify", "--deep")
        #expect(verified.status == .success, "\(verified.output)")
        let events = await lake.run("cat", "orders")
        #expect(events.output == lake.expected)
    }

    @Test("a table that infers its columns gets them from a compaction too")
    func infers() async throws {
        let lake = try await SplitLake()
        let yaml = """
            tables:
              - { name: orders, format: parquet, schema: { infer: true }, compact: { format: parquet, cold_after: 0s } }
            """
        let file = lake.directory.path + "/v.yaml"
        let compacted = await lake.run(["compact", "orders", "--config", file], files: [file: yaml])
        #expect(compacted.status == .success, "\(compacted.errors)")
        let names = await lake.run(
            "manifest", "sql", "orders", "SELECT name FROM object_columns ORDER BY name", "--output", "csv")
        #expect(names.output.split(separator: "\n").contains("n"), "\(names.output)\(names.errors)")
        let events = await lake.run("cat", "orders")
        #expect(events.output == lake.expected)
    }

    @Test("slices of a written plan do each merge once")
    func slices() async throws {
        let lake = try await SplitLake()
        let file = lake.directory.path + "/plan.json"
        let planned = await lake.run("compact", "orders", "--cold-after", "0s", "--plan-to", file)
        #expect(planned.status == .success, "\(planned.errors)")
        var done = 0
        for index in 0..<3 {
            let outcome = await lake.run(
                "compact", "--plan-from", "file://\(file)", "--index", "\(index)", "--of", "3", "--output", "csv")
            #expect(outcome.status == .success, "\(outcome.errors)")
            done += outcome.output.split(separator: "\n").count { $0.contains(",done,") }
        }
        #expect(done == 1)
        let late = await lake.run("compact", "--plan-from", file, "--output", "csv")
        #expect(late.output.contains(",skipped,"), "\(late.output)")
        let events = await lake.run("cat", "orders")
        #expect(events.output == lake.expected)
    }

    @Test("a legal hold that is younger than a written plan holds")
    func laterHold() async throws {
        let lake = try await SplitLake()
        let (file, settings) = (lake.directory.path + "/plan.json", lake.directory.path + "/v.yaml")
        let planned = await lake.run("compact", "orders", "--cold-after", "0s", "--plan-to", file)
        #expect(planned.status == .success, "\(planned.errors)")
        let yaml = "tables: [{ name: orders, lifecycle: { holds: [{ name: case-7 }] } }]"
        let before = try lake.files()
        let held = await lake.run(
            ["compact", "--plan-from", file, "--config", settings, "--output", "csv"], files: [settings: yaml])
        #expect(held.status == .success, "\(held.errors)")
        #expect(held.output.contains(",skipped,"), "\(held.output)")
        #expect(held.errors.contains("0 of its 4 objects are gone, 4 are kept by legal holds"), "\(held.errors)")
        #expect(try lake.files() == before)
        let unknown = await lake.run("compact", "--plan-from", file)
        #expect(unknown.errors.contains("legal holds are not known"), "\(unknown.errors)")
    }

    @Test(
        "wrong arguments are refused in one line",
        arguments: [
            ["compact", "--of", "2"], ["compact", "--plan-from", "p", "--index", "3", "--of", "3"],
            ["compact", "--level", "40"], ["compact", "--memory", "1MiB"], ["compact", "--plan-to", "x"],
            ["compact", "--target", "1GiB"], ["compact", "--target", "5GiB", "--order", "input"],
            ["vacuum", "--plan", "--yes"], ["vacuum", "--orphans-after", "1s"],
        ])
    func refusals(arguments: [String]) async throws {
        let lake = try await SplitLake()
        let outcome = await runVarve(arguments + ["--lake", lake.url])
        #expect(outcome.status == .usage, "\(outcome.errors)")
        #expect(outcome.errorLines.count == 1)
    }

    @Test("a plan that is none is refused")
    func badPlan() async throws {
        let lake = try await SplitLake()
        let file = lake.directory.path + "/plan.json"
        try Data("{}".utf8).write(to: URL(filePath: file))
        let outcome = await lake.run("compact", "--plan-from", file)
        #expect(outcome.status == .usage)
        #expect(outcome.errors.contains("no compaction plan"))
    }
}
