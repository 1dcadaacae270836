public import Catalog
public import LakeModel
import ObjectStorage

/// What a verification found.
public struct VerifyReport: Sendable {
    public var table: TableName
    public var version: Int64
    public var objects: Int64 = 0
    public var records: Int64 = 0
    public var bytes: Int64 = 0
    /// The catalog's next offset of each topic partition.
    public var next: [TopicPartition: Int64] = [:]
    /// Events that the live objects account for, by topic partition.
    public var events: [TopicPartition: Int64] = [:]
    /// In the order of the checks; no more than `findingsMax`.
    public var findings: [VerifyFinding] = []
    /// Findings beyond the limit, only counted.
    public var findingsLeftOut = 0

    public init(table: TableName, version: Int64) {
        (self.table, self.version) = (table, version)
    }

    mutating func add(_ more: [VerifyFinding], findingsMax: Int) {
        let room = max(0, findingsMax - findings.count)
        findings += more.prefix(room)
        findingsLeftOut += max(0, more.count - room)
    }
}

/// Verifies one table: the catalog, the presence of every object, and with `everything` their bytes.
public struct TableVerifier: Sendable {
    public let table: Table
    public let depth: VerifyDepth
    /// Requests at once.
    public var requestsMax = 8
    public var findingsMax = 10_000

    public init(table: Table, depth: VerifyDepth) {
        (self.table, self.depth) = (table, depth)
    }

    /// Goes through the newest snapshot. `progress` gets the number of objects done and their total.
    public func run(progress: @Sendable (_ done: Int64, _ total: Int64) -> Void) async throws -> VerifyReport {
        let snapshot = try await table.snapshot()
        let total = TableSide.allCases.reduce(0) { $0 &+ snapshot.head.total(of: $1).objects }
        var report = VerifyReport(table: table.name, version: snapshot.version)
        report.next = snapshot.head.progress.mapValues(\.next)
        var ledger = OffsetLedger()
        var bitmaps: [TopicPartition: OffsetBitmap] = [:]
        var totals: [TableSide: SideTotals] = [:]
        var live: [DataObject] = []
        for window in VerifyWindows.plan(snapshot.manifests) {
            let query = ObjectQuery(sides: Set(TableSide.allCases), hours: window)
            let objects = try await snapshot.objects(query)
            for object in objects {
                ledger.add(object)
                _ = totals[object.side, default: SideTotals(side: object.side)].add(SideTotals(object))
            }
            let missing = try await presence(objects)
            report.add(missing, findingsMax: findingsMax)
            if depth == .everything {
                // Of those that are not there whole, reading them would only say so again.
                let known = Set(missing.map(\.place))
                let whole = objects.filter { !known.contains($0.path) }
                let outcomes = try await contents(whole, timeIsKafka: snapshot.head.layout?.time == "kafka")
                for (object, outcome) in zip(whole, outcomes) {
                    report.add(outcome.findings, findingsMax: findingsMax)
                    report.add(doubles(outcome, of: object, &bitmaps), findingsMax: findingsMax)
                }
            }
            live += objects
            report.objects += Int64(objects.count)
            progress(report.objects, total)
        }
        report.events = ledger.events
        (report.records, report.bytes) = totals.values.reduce((0, 0)) { ($0.0 &+ $1.records, $0.1 &+ $1.bytes) }
        report.add(
            try await LogAudit(table: table).findings(snapshot, objects: live), findingsMax: findingsMax)
        report.add(sums(totals, snapshot.head), findingsMax: findingsMax)
        report.add(ledger.findings(next: report.next, in: table.name), findingsMax: findingsMax)
        return report
    }

    private func sums(_ totals: [TableSide: SideTotals], _ head: TableHead) -> [VerifyFinding] {
        TableSide.allCases.compactMap { side in
            let (found, stated) = (totals[side] ?? SideTotals(side: side), head.total(of: side))
            guard found != stated else { return nil }
            return VerifyFinding(
                .counts, TableAddress(table: table.name, side: side).description,
                "the live objects hold \(found.records) records in \(found.objects) objects, the log says "
                    + "\(stated.records) in \(stated.objects)")
        }
    }

    private func presence(_ objects: [DataObject]) async throws -> [VerifyFinding] {
        let check = PresenceCheck(store: table.store, table: table.name)
        return try await mapConcurrently(check.folders(objects), runningMax: requestsMax) {
            try await check.findings($0)
        }
        .flatMap(\.self)
    }

    private func contents(_ objects: [DataObject], timeIsKafka: Bool) async throws -> [ContentCheck.Outcome] {
        let reader = ObjectLineReader(store: table.store, table: table.name)
        let check = ContentCheck(reader: reader, timeIsKafka: timeIsKafka)
        return try await mapConcurrently(objects, runningMax: requestsMax) { try await check.run($0) }
    }

    /// Offsets that another object held already.
    private func doubles(
        _ outcome: ContentCheck.Outcome, of object: DataObject, _ bitmaps: inout [TopicPartition: OffsetBitmap]
    ) -> [VerifyFinding] {
        var findings: [VerifyFinding] = []
        for (source, seen) in (outcome.offsets ?? [:]).sorted(by: { $0.key < $1.key }) {
            var doubled: [Int64] = []
            for offset in seen.runs.joined() where !bitmaps[source, default: OffsetBitmap()].insert(offset) {
                doubled.append(offset)
            }
            guard let first = doubled.first else { continue }
            findings.append(
                VerifyFinding(
                    .overlap, object.path,
                    "\(doubled.count) events of \(source) are in another object too, the first at offset \(first)"))
        }
        return findings
    }
}
