import Catalog
import LakeModel
import Testing

@Suite("The auditor")
struct AuditorTests {
    private func log() async throws -> (Bench, Table, [Commit]) {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 0 }
        for index in 0..<6 { try await bench.append(table, index < 3 ? orders0 : orders1, hour: index) }
        let inputs = try await table.snapshot().objects().prefix(2)
        let compacted = bench.object(orders0, first: 0, count: 20, name: "compacted")
        try await table.commit(
            Change(kind: .compact, add: [compacted], remove: inputs.map(\.path)), id: bench.id(), writer: anyWriter)
        try await table.commit(
            Change(kind: .vacuum, horizon: bench.store.now), id: bench.id(), writer: anyWriter)
        let hours = [LakeHour(bench.partition(hour: 0)), LakeHour(bench.partition(hour: 1))]
        try await table.commit(Change(kind: .append, closed: hours), id: bench.id(), writer: anyWriter)
        try await bench.append(table, hour: 7)
        return (bench, table, try await table.commits(1...100))
    }

    private func audit(_ commits: [Commit]) -> [LogAuditor.Rule] {
        var auditor = LogAuditor()
        for commit in commits { auditor.examine(commit) }
        return auditor.violations.map(\.rule)
    }

    @Test("an honest log and its checkpoint have no violation")
    func honest() async throws {
        let (_, table, commits) = try await log()
        var auditor = LogAuditor()
        for commit in commits { auditor.examine(commit) }
        let snapshot = try await table.snapshot()
        auditor.compare(head: snapshot.head, objects: try await snapshot.objects(.everything))
        #expect(auditor.violations.isEmpty)
        #expect(auditor.version == 10)
        #expect(auditor.live.count == 6)
        let past = try await table.snapshot(at: .version(4))
        var second = LogAuditor(after: past.head, objects: try await past.objects(.everything))
        for commit in commits.dropFirst(4) { second.examine(commit) }
        #expect(second.violations.isEmpty)
    }

    enum Damage: CaseIterable {
        case missingCommit, foreignParent, gap, overlap, tooManyEvents, lostEvents, addedTwice, removedTwice, span, path
        case otherSide, closedAgain, watermark, stale, horizonBack, compactionLoses, totals, outside, noLayout
        case adoptedByAppend, adoptedUnannounced

        var rule: LogAuditor.Rule {
            switch self {
            case .missingCommit: .order
            case .foreignParent: .parent
            case .gap, .overlap: .offsetsGap
            case .tooManyEvents: .offsetsRange
            case .lostEvents: .eventCount
            case .addedTwice: .addedTwice
            case .removedTwice: .removedNotLive
            case .span: .span
            case .path, .otherSide: .path
            case .closedAgain: .closed
            case .watermark: .watermark
            case .stale: .staleObject
            case .horizonBack: .horizon
            case .compactionLoses: .rewriteCount
            case .totals: .removedTotals
            case .outside: .outsideRange
            case .noLayout: .layout
            case .adoptedByAppend, .adoptedUnannounced: .adopted
            }
        }

        func apply(_ log: inout [Commit]) throws {
            switch self {
            case .missingCommit: log.remove(at: 3)
            case .foreignParent: log[4].parent = log[2].id
            case .gap: log[1].offsets[0].from += 1
            case .overlap: log[1].offsets[0].from -= 1
            case .tooManyEvents: log[1].offsets[0].events = 11
            case .lostEvents: log[1].add = []
            case .addedTwice: log[3].add = log[0].add
            case .removedTwice: log[7].remove = log[6].remove
            case .span: log[1].add[0].offsets[0].count = 12
            case .path: log[1].add[0].path = "data/elsewhere.ndjson.zst"
            case .otherSide: log[1].add[0].side = .late
            case .closedAgain: log[9].closed = log[8].closed
            case .watermark: log[2].offsets[0].watermark = Timestamp(milliseconds: 0)
            case .stale: log[9].add[0].uploadedAt = Timestamp(milliseconds: 0)
            case .horizonBack:
                log[9].kind = .vacuum
                log[9].horizon = Timestamp(milliseconds: 0)
            case .compactionLoses: log[6].add[0].offsets[0].count = 19
            case .totals: log[6].removed[0].records += 1
            case .outside: log[2].add[0].offsets[0].last += 1
            case .noLayout: log[0].layout = nil
            case .adoptedByAppend:
                log[1].add[0].adopted = AdoptedFile(key: "topics/a.json", compression: .plain)
                log[1].format = 2
            case .adoptedUnannounced:
                log[1].add[0].adopted = AdoptedFile(key: "topics/a.json", compression: .plain)
                log[1].kind = .adopt
            }
        }
    }

    @Test("a damaged log is reported under its rule", arguments: Damage.allCases)
    func damaged(_ damage: Damage) async throws {
        var (_, _, commits) = try await log()
        try damage.apply(&commits)
        #expect(audit(commits).contains(damage.rule))
    }

    @Test("a checkpoint that is not the log's is reported")
    func checkpoint() async throws {
        let (_, table, commits) = try await log()
        let snapshot = try await table.snapshot()
        let objects = try await snapshot.objects(.everything)
        var bent = objects
        bent[0].records += 1
        for wrong in [Array(objects.dropLast()), objects + [objects[0]], bent, []] {
            var auditor = LogAuditor()
            for commit in commits { auditor.examine(commit) }
            auditor.compare(head: snapshot.head, objects: wrong)
            #expect(auditor.violations.contains { $0.rule == .checkpoint })
        }
    }
}
