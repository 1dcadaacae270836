import Catalog
import LakeModel
import Testing

@Suite("SQL over a snapshot")
struct SQLTests {
    private func filled() async throws -> (Bench, Table) {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 4 }
        for index in 0..<10 { try await bench.append(table, index.isMultiple(of: 2) ? orders0 : orders1, hour: index) }
        return (bench, table)
    }

    @Test("every table can be read, and every column it describes", arguments: SQLTable.all.map(\.name))
    func tables(name: String) async throws {
        let (bench, table) = try await filled()
        let hours = Change(kind: .append, closed: [LakeHour(bench.partition(hour: 0))])
        try await table.commit(hours, id: bench.id(), writer: anyWriter)
        let result = try await table.sql("SELECT * FROM \(name)")
        #expect(result.columns == SQLTable.all.first { $0.name == name }?.columns.map(\.name))
        let rows = [
            "objects": 10, "object_offsets": 10, "offsets": 2, "manifests": 1, "commits": 11,
            "commit_offsets": 10, "closed_hours": 1, "object_columns": 0,
        ]
        #expect(result.rows.count == rows[name])
    }

    @Test("joins and sums give typed values")
    func join() async throws {
        let (_, table) = try await filled()
        let result = try await table.sql(
            """
            SELECT topic, s.partition, sum(count) AS events, min(event_time_min), avg(o.bytes), NULL, tags
            FROM objects o JOIN object_offsets s USING (path) GROUP BY 1, 2 ORDER BY 2;
            """)
        #expect(result.columns.prefix(3) == ["topic", "partition", "events"])
        #expect(
            result.rows == [
                [
                    .text("orders"), .integer(0), .integer(50), .text("2026-11-21T00:00:00.000Z"), .real(400), .null,
                    .text(""),
                ],
                [
                    .text("orders"), .integer(1), .integer(50), .text("2026-11-21T01:00:00.000Z"), .real(400), .null,
                    .text(""),
                ],
            ])
    }

    @Test(
        "a statement that does anything but read is refused",
        arguments: [
            "DELETE FROM objects", "INSERT INTO objects (path) VALUES ('x')", "UPDATE objects SET bytes = 0",
            "DROP TABLE objects",
            "CREATE TABLE t (a)", "ATTACH '/tmp/varve-attached' AS a", "PRAGMA temp_store = FILE",
            "VACUUM INTO '/tmp/varve-copy'",
            "SELECT load_extension('/tmp/x.so')", "SELECT 1; SELECT 2", "SELECT", "", "  ;", "BEGIN",
            "SELECT * FROM nothing",
            "CREATE VIRTUAL TABLE t USING fts5(x)", "EXPLAIN DELETE FROM objects; DELETE FROM objects",
        ])
    func refused(statement: String) async throws {
        let (_, table) = try await filled()
        let refusal = await refusal { try await table.sql(statement) }
        guard case .invalid(let message) = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(!message.contains("\n"))
    }

    @Test("a statement without end is stopped, and so is one with too many rows or objects")
    func limits() async throws {
        let (_, table) = try await filled()
        var limits = SQLLimits()
        limits.stepsMax = 1_000_000
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        await #expect(throws: CatalogError.self) { try await table.sql(endless, limits: limits) }
        limits.rowsMax = 3
        let result = try await table.sql("SELECT path FROM objects", limits: limits)
        #expect(result.rows.count == 3)
        #expect(result.isTruncated)
        limits.objectsMax = 9
        await #expect(throws: CatalogError.self) { try await table.sql("SELECT path FROM objects", limits: limits) }
        #expect(try await table.sql("SELECT count(*) FROM offsets", limits: limits).rows == [[.integer(2)]])
    }

    @Test("only what the statement reads is fetched")
    func fetches() async throws {
        let (bench, table) = try await filled()
        _ = try await table.snapshot()
        bench.store.resetCalls()
        _ = try await table.sql("SELECT sum(next) FROM offsets")
        // Catching up, and nothing else.
        #expect(bench.store.calls == [.get: 2])
    }
}
