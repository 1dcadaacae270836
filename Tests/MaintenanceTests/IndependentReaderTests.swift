import Foundation
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

/// DuckDB and a reader of the log in Python judge what compaction and vacuum leave behind.
@Suite("a compacted lake, read by others")
struct IndependentReaderTests {
    private static let environment = ProcessInfo.processInfo.environment
    static let python =
        environment["VARVE_TEST_PYTHON"] ?? environment["VARVE_VENV"].map { $0 + "/bin/python3" }

    @Test(
        "every event is there once, with its key and value",
        .enabled(if: python != nil, "needs VARVE_TEST_PYTHON: run 'make test'"))
    func audit() async throws {
        let directory = try TemporaryDirectory("varve-compacted")
        let store = try DirectoryObjectStore(root: directory.path, durability: .none)
        let lake = try MaintenanceLake(seed: 21, store: store)
        func catchUp() {
            // The directory's files are dated by the machine's clock, which goes on by itself.
            lake.clock.advance(by: .milliseconds(SystemClock().now().milliseconds - lake.clock.now().milliseconds))
        }
        catchUp()
        let table = try await lake.open()
        for hour in 0..<3 {
            for side in [TableSide.main, .late] {
                for _ in 0..<4 { try await lake.append(table, partitions: [0, 1, 2], hour: hour, side: side) }
            }
        }
        catchUp()
        lake.clock.advance(by: .seconds(60))
        let outcomes = try await lake.compact(table)
        #expect(outcomes.count { $0.state == .done } == 6)
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        let ledger = "\(directory.path)/ledger.ndjson"
        try Data(try ledgerLines(lake).utf8).write(to: URL(filePath: ledger))
        let summary = try await runCommand(
            [
                try #require(Self.python), Self.script("audit.py"), "file://\(directory.path)", "orders", ledger,
                "--payloads",
            ], deadline: .seconds(120))
        #expect(summary.contains("\"found\": 432"))
    }

    @Test(
        "adopted files are read by DuckDB where they are, and after a compaction from the table's own objects",
        .enabled(if: python != nil, "needs VARVE_TEST_PYTHON: run 'make test'"))
    func adopted() async throws {
        let directory = try TemporaryDirectory("varve-adopted")
        let lake = try MaintenanceLake(
            seed: 22, store: try DirectoryObjectStore(root: directory.path, durability: .none))
        let folder = "topics/orders/year=2026/month=11/day=20/hour=05"
        let files: [(name: String, offsets: Range<Int64>)] = [
            ("a.json", 0..<40), ("b.json.gz", 40..<70), ("c.json.zst", 70..<100),
        ]
        for file in files { try await lake.leave("\(folder)/\(file.name)", MaintenanceLake.payloads(file.offsets)) }
        // The directory's files are dated by the machine's clock.
        lake.clock.advance(by: .seconds(60 * 86_400))
        let table = try await lake.open()
        #expect(try await lake.run(lake.importer(table, .hive)).adopted.count == 3)
        for objects in [3, 1] {
            let summary = try await runCommand(
                [try #require(Self.python), Self.script("adopted.py"), "file://\(directory.path)", "orders"],
                deadline: .seconds(60))
            #expect(summary.contains("\"events\": 100, \"findings\": [], \"objects\": \(objects), \"sum\": 4950"))
            try await lake.compact(table)
        }
    }

    private static func script(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "python/\(name)").path
    }

    /// What the lake must hold, in the form in which the producer of the integration tests notes it.
    private func ledgerLines(_ lake: MaintenanceLake) throws -> String {
        let events = lake.events
        return try events.map { event, stored in
            guard let value = stored.line.firstRange(of: "\"value\":") else { throw CheckFailure("no value") }
            let payload = Data(stored.line[value.upperBound...].dropLast().utf8).base64EncodedString()
            let key = Data("k\(event.offset % 7)".utf8).base64EncodedString()
            return "{\"topic\":\"\(event.source.topic)\",\"partition\":\(event.source.partition),"
                + "\"offset\":\(event.offset),\"key\":\"\(key)\",\"value\":\"\(payload)\"}\n"
        }.joined()
    }
}
