public import Catalog
public import LakeModel
import ObjectStorage

/// Deletes what a table's store holds and nobody can need: removed objects past their grace, objects that no commit
/// ever added, abandoned uploads, old log entries and checkpoints.
///
/// In this order: a commit that carries the horizon, so that no later commit adds what is about to go; then a snapshot,
/// the listings and the deletions; uploads; the log. A crash after any step leaves a table that reads the same, and the
/// next vacuum does what is left. Memory is a page of a listing, the catalog's manifest cache, and 16 bytes for each
/// path that the kept log removed.
public struct Vacuum: Sendable {
    public let table: Table
    public let policy: VacuumPolicy
    public let clock: any LakeClock

    public init(table: Table, policy: VacuumPolicy = VacuumPolicy(), clock: any LakeClock) {
        (self.table, self.policy, self.clock) = (table, policy, clock)
    }

    /// Says what `run` would do now, and changes nothing. The store's time is taken to be this machine's.
    ///
    /// - `onItem`: gets each object that would be deleted.
    public func plan(onItem: (VacuumItem) throws -> Void = { _ in }) async throws -> VacuumReport {
        let times = VacuumTimes(policy, now: clock.now())
        let survey = try await survey(times)
        var report = survey.report
        try await sweep(survey, &report) { items, _ in for item in items { try onItem(item) } }
        report.requests.deletes =
            (report.dead.objects + 999) / 1000 + Int64(report.uploads.count)
            + (report.logEntries + 999) / 1000
        report.requests.puts = 4
        return report
    }

    /// Deletes.
    ///
    /// - `id`: of the vacuum commit; new for each run.
    /// - `progress`: gets the numbers of objects seen and deleted so far, now and then.
    public func run(
        id: CommitID, writer: WriterIdentity, progress: (_ seen: Int64, _ deleted: Int64) -> Void = { _, _ in }
    ) async throws -> VacuumReport {
        let times = VacuumTimes(policy, now: try await storeTime())
        let commit = try await raiseHorizon(times, id: id, writer: writer)
        let survey = try await survey(times)
        var report = survey.report
        report.commit = commit
        var seen: Int64 = 0
        try await sweep(survey, &report) { items, report in
            try await delete(items, &report)
            seen = report.tallies.values.reduce(0) { $0 + $1.objects }
            progress(seen, report.deleted.objects)
        }
        for upload in report.uploads {
            try await table.store.abortUpload(upload.upload, of: upload.key)
            report.requests.deletes += 1
        }
        if report.logThrough > 0 {
            let collected = try await table.collectLog(through: report.logThrough, unusedSince: times.logBefore)
            report.failures += collected.failures
            report.collected = collected
        }
        return report
    }

    /// What is known before the listings of data.
    private struct Survey {
        var snapshot: Snapshot
        var rule: VacuumRule
        var report: VacuumReport
    }

    /// The snapshot comes first, and the log is read up to it: an object that the snapshot lacks was either never added
    /// or removed by a commit that is read here, so that its grace is known.
    private func survey(_ times: VacuumTimes) async throws -> Survey {
        let snapshot = try await table.snapshot()
        let listed = try await table.listedCommits()
        var rule = VacuumRule(times: times, removals: Removals())
        try await noteRemovals(listed, through: snapshot.version, &rule)
        var report = VacuumReport(table: table.name, version: snapshot.version, times: times)
        report.logThrough = max(0, min(rule.collectable(listed), snapshot.version - 1))
        report.logEntries = Int64(listed.count { $0.version <= report.logThrough })
        report.uploads = try await table.store.listUploads(prefix: "\(table.name)/").filter {
            $0.startedAt < times.uploadsBefore
        }
        report.requests.lists += Int64(listed.count / 1000 + 2)
        report.requests.gets += Int64(listed.count + 4)
        return Survey(snapshot: snapshot, rule: rule, report: report)
    }

    /// Reads what the log removed: all of a short log, of a long one what can still be in its grace. An entry that the
    /// listing misses counts as written just now.
    private func noteRemovals(
        _ listed: [ListedCommit], through newest: Int64, _ rule: inout VacuumRule
    ) async throws {
        let written = Dictionary(listed.map { ($0.version, $0.writtenAt) }, uniquingKeysWith: { first, _ in first })
        let oldest = min(rule.times.removedBefore, rule.times.erasedBefore, rule.times.orphansBefore)
        let isLong = listed.count > Self.commitsReadMax
        let first = isLong ? listed.first { $0.writtenAt >= oldest } ?? listed.last : listed.first
        var next = max(1, first?.version ?? 1)
        while next <= newest {
            let last = min(newest, next + 255)
            for commit in try await table.commits(next...last) {
                rule.removals.note(commit, writtenAt: written[commit.version], times: rule.times)
            }
            next = last + 1
        }
    }

    /// A log of more entries is read only as far back as a grace reaches; what it removed before goes as orphans.
    private static let commitsReadMax = 5000

    /// The store's time, where it is not too far from this machine's.
    private func storeTime() async throws -> Timestamp {
        let now = try await table.storeTime()
        let difference = now.milliseconds &- clock.now().milliseconds
        guard difference.magnitude <= policy.clockDifferenceMax.inMilliseconds.magnitude else {
            throw MaintenanceError.clocksDiffer(milliseconds: difference)
        }
        return now
    }

    private func raiseHorizon(
        _ times: VacuumTimes, id: CommitID, writer: WriterIdentity
    ) async throws -> CommitReceipt? {
        let head = try await table.refresh()
        if let horizon = head.horizon, horizon >= times.horizon { return nil }
        let change = Change(kind: .vacuum, horizon: times.horizon, reason: "vacuum")
        do {
            return try await table.commit(change, id: id, writer: writer)
        } catch {
            // Another vacuum may have been quicker, with a horizon that lies a little later.
            if let horizon = try await table.refresh().horizon, horizon >= times.horizon { return nil }
            throw error
        }
    }
}

extension Vacuum {
    /// Goes through the listings of all sides and hands out what is dead, a page at a time.
    private func sweep(
        _ survey: Survey, _ report: inout VacuumReport,
        _ body: (_ dead: [VacuumItem], inout VacuumReport) async throws -> Void
    ) async throws {
        for side in TableSide.allCases {
            var request = ListRequest(prefix: "\(table.name)/\(side.folder)/")
            while true {
                let page = try await table.store.list(request)
                report.requests.lists += 1
                try await body(try await judge(page.objects, survey, &report), &report)
                guard let next = page.next else { break }
                request.continuation = next
            }
        }
    }

    private func judge(
        _ listed: [ListedObject], _ survey: Survey, _ report: inout VacuumReport
    ) async throws -> [VacuumItem] {
        let folder = "\(table.name)/".utf8.count
        let paths = listed.map { String(decoding: $0.key.description.utf8.dropFirst(folder), as: UTF8.self) }
        let live = try await survey.snapshot.objects(withPaths: Set(paths))
        var dead: [VacuumItem] = []
        for (object, path) in zip(listed, paths) {
            let verdict = survey.rule.verdict(path: path, modifiedAt: object.modifiedAt, isLive: live[path] != nil)
            report.tallies[verdict, default: ObjectTally()].add(bytes: object.bytes)
            guard verdict.isDead else { continue }
            dead.append(
                VacuumItem(path: path, verdict: verdict, bytes: object.bytes, modifiedAt: object.modifiedAt))
        }
        return dead
    }

    /// Deletes objects after a last look at the newest snapshot: belt and braces, as the horizon protects them already.
    private func delete(_ items: [VacuumItem], _ report: inout VacuumReport) async throws {
        guard !items.isEmpty else { return }
        let live = try await table.snapshot().objects(withPaths: Set(items.map(\.path)))
        let dead = items.filter { live[$0.path] == nil }
        let keys = dead.compactMap { ObjectKey("\(table.name)/\($0.path)") }
        for start in stride(from: 0, to: keys.count, by: keysPerRequestMax) {
            let batch = Array(keys[start..<min(start + keysPerRequestMax, keys.count)])
            let failures = try await table.store.delete(batch)
            report.failures += failures
            report.requests.deletes += 1
            let failed = Set(failures.map(\.key))
            for (item, key) in zip(dead[start...], batch) where !failed.contains(key) {
                report.deleted.add(bytes: item.bytes)
            }
        }
    }
}
