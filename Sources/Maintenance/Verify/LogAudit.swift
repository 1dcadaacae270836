import Catalog
import LakeModel

/// Replays a table's log through the catalog's auditor and compares the result with a snapshot.
struct LogAudit {
    let table: Table
    /// Commits that are fetched and held at a time.
    private static let commitsAtOnce: Int64 = 256

    /// What breaks a rule. Where the start of the log was collected, the audit begins at the oldest version that can
    /// still be rebuilt.
    func findings(_ snapshot: Snapshot, objects: [DataObject]) async throws -> [VerifyFinding] {
        guard snapshot.version > 0 else { return [] }
        var auditor = LogAuditor()
        var next: Int64 = 1
        if let base = try await base(snapshot) {
            auditor = LogAuditor(after: base.head, objects: try await base.objects(.everything))
            next = base.version + 1
        }
        while next <= snapshot.version {
            let last = min(snapshot.version, next + Self.commitsAtOnce - 1)
            for commit in try await table.commits(next...last) { auditor.examine(commit) }
            next = last + 1
        }
        auditor.compare(head: snapshot.head, objects: objects)
        let findings = auditor.violations.map { violation in
            VerifyFinding(
                .catalog, violation.version == 0 ? "log" : "version \(violation.version)",
                "\(violation.message) (\(violation.rule.rawValue))")
        }
        let more = auditor.violationCount - findings.count
        return more > 0 ? findings + [VerifyFinding(.catalog, "log", "and \(more) violations more")] : findings
    }

    /// The snapshot to begin after; nil where the log is whole.
    private func base(_ snapshot: Snapshot) async throws -> Snapshot? {
        guard try await table.commits(1...1).isEmpty else { return nil }
        // The checkpoint that the newest snapshot stands on is kept for as long as it is needed.
        return try await table.snapshot(at: .version(max(1, snapshot.checkpointVersion)))
    }
}
