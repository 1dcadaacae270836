import Catalog
import LakeModel
import Maintenance
import Operations

/// Reads a lake's tables and says what there is, and what there is to do.
struct LakeMetricsReader: Sendable {
    var session: LakeSession
    var tables: [TableAddress]
    /// Whether the store is listed.
    var countsDead: Bool

    func read() async throws -> [MetricFamily] {
        var heads: [(name: String, head: TableHead)] = []
        var debt: [MetricFamily.Sample] = []
        var debtBytes: [MetricFamily.Sample] = []
        var dead: [(labels: [(String, String)], tally: ObjectTally)] = []
        for name in try await session.chosenTables(tables) {
            let table = try await session.lake.openExisting(name)
            let snapshot = try await table.snapshot()
            heads.append((name.description, snapshot.head))
            // 'compact' leaves archives as they are.
            if try await !table.isArchive() {
                let plan = try await plan(name, snapshot)
                let labels = [("table", name.description)]
                // What merging would make fewer, not what it would read: nothing to gain is no debt.
                debt.append(.init(Double(max(0, Int64(plan.inputs) - plan.outputs)), labels: labels))
                debtBytes.append(.init(Double(plan.bytes), labels: labels))
            }
            if countsDead { dead += try await deadObjects(name, table) }
        }
        var families = TableMetrics.families(heads)
        families += [
            MetricFamily(
                "varve_table_compaction_debt_objects", .gauge,
                help: "By how many objects a compaction now would make the table smaller.", samples: debt),
            MetricFamily(
                "varve_table_compaction_debt_bytes", .gauge,
                help: "Compressed bytes that a compaction now would write again.", samples: debtBytes),
        ]
        guard countsDead else { return families }
        families += [
            MetricFamily(
                "varve_table_unreferenced_objects", .gauge, help: "Objects in the table's folders that are not live.",
                samples: dead.map { .init(Double($0.tally.objects), labels: $0.labels) }),
            MetricFamily(
                "varve_table_unreferenced_bytes", .gauge, help: "Bytes of objects that are not live.",
                samples: dead.map { .init(Double($0.tally.bytes), labels: $0.labels) }),
        ]
        return families
    }

    private func plan(_ name: TableName, _ snapshot: Snapshot) async throws -> CompactionPlan {
        let settings = session.tableSettings(name)
        var policy = settings?.compact.policy ?? CompactionPolicy()
        policy.holds += settings?.lifecycle.policy.holds ?? []
        return try await CompactionPlan.make(snapshot, policy: policy, now: session.now)
    }

    /// By vacuum's verdict: `removed` and `orphan` are dead, `grace` and `young` will be or not.
    private func deadObjects(
        _ name: TableName, _ table: Table
    ) async throws -> [(labels: [(String, String)], tally: ObjectTally)] {
        let policy = session.tableSettings(name)?.vacuum.policy ?? VacuumPolicy()
        let report = try await Vacuum(table: table, policy: policy, clock: session.context.clock).plan()
        return VacuumVerdict.allCases.filter { $0 != .live }.map { verdict in
            (
                [("table", name.description), ("kind", verdict.rawValue)],
                report.tallies[verdict] ?? ObjectTally()
            )
        }
    }
}
