import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

/// A lake and the one that its table is archived into.
final class ArchivedLake {
    let lake: MaintenanceLake
    let store: FaultyStore
    let target: Lake
    /// Every event that was ever archived, by what it was then.
    private(set) var expected: [ModelEvent: MaintenanceLake.Stored] = [:]

    init(seed: UInt64, archive: (any ObjectStore)? = nil) throws {
        lake = try MaintenanceLake(seed: seed)
        let inner = archive ?? MemoryObjectStore(clock: lake.clock)
        store = FaultyStore(inner, seed: seed, clock: lake.clock)
        target = Lake(store: store, clock: lake.clock, logger: quiet)
    }

    static let rule = LifecycleRule(name: "archive", action: .archive, after: .seconds(30 * 86_400))

    func lifecycle(
        _ table: Table, rules: [LifecycleRule] = [], holds: [LegalHold] = [], archive: LifecycleRule? = rule
    ) -> Lifecycle {
        let policy = LifecyclePolicy(rules: rules, holds: holds, archive: archive)
        var lifecycle = Lifecycle(table: table, policy: policy, clock: lake.clock, writer: MaintenanceLake.writer)
        lifecycle.archive = target
        return lifecycle
    }

    func archiver(_ table: Table) async throws -> Archiver {
        let layout = MaintenanceLake.layout
        let policy = LifecyclePolicy(archive: Self.rule)
        return Archiver(
            table: table, archive: try await Archiver.open(table, in: target, layout: layout), rule: Self.rule,
            planner: try LifecyclePlanner(policy: policy, layout: layout, now: lake.clock.now()), layout: layout,
            writer: MaintenanceLake.writer)
    }

    /// As somebody does on the archive's side.
    func vacuum() async throws {
        let vacuum = Vacuum(table: try await target.openExisting(lake.name), clock: lake.clock)
        _ = try await vacuum.run(id: lake.id(), writer: MaintenanceLake.writer)
    }

    @discardableResult
    func apply(
        _ table: Table, rules: [LifecycleRule] = [], holds: [LegalHold] = [], archive: LifecycleRule? = rule
    ) async throws -> [LifecycleOutcome] {
        var random = SeededGenerator(seed: UInt64(lake.pick(1...1_000_000_000)))
        var outcomes: [LifecycleOutcome] = []
        try await lifecycle(table, rules: rules, holds: holds, archive: archive).apply(using: &random) {
            outcomes.append($0)
        }
        return outcomes
    }

    /// Throws unless the archive holds these events once each, in objects that are what their entries say.
    func check(_ expected: [ModelEvent: MaintenanceLake.Stored]) async throws {
        let table = try await target.open(lake.name)
        var found: [ModelEvent: MaintenanceLake.Stored] = [:]
        for object in try await table.snapshot().objects(.everything) {
            let key = try #require(ObjectKey("orders/\(object.path)"))
            let bytes = try await target.store.get(key, range: nil, bytesMax: 1 << 30).bytes
            #expect(Checksum(object.checksum.algorithm, of: bytes) == object.checksum)
            let plain = try MaintenanceLake.plain(bytes, of: object)
            for line in String(decoding: plain, as: UTF8.self).split(separator: "\n") {
                let stored = MaintenanceLake.Stored(side: object.side, line: String(line))
                let event = try MaintenanceLake.parse(line)
                guard found.updateValue(stored, forKey: event) == nil else { throw CheckFailure("twice: \(event)") }
            }
        }
        #expect(found.count == expected.count)
        for (event, stored) in expected where found[event] != stored {
            throw CheckFailure("\(event) is missing in the archive, or another")
        }
        #expect(try await audit(table).isEmpty)
        guard !found.isEmpty else { return }
        #expect(try await TableVerifier(table: table, depth: .everything).run { _, _ in }.findings.isEmpty)
    }

    private func audit(_ table: Table) async throws -> [LogAuditor.Violation] {
        let snapshot = try await table.snapshot()
        guard snapshot.version > 0 else { return [] }
        var auditor = LogAuditor()
        for commit in try await table.commits(1...snapshot.version) { auditor.examine(commit) }
        auditor.compare(head: snapshot.head, objects: try await snapshot.objects(.everything))
        return auditor.violations
    }
}
