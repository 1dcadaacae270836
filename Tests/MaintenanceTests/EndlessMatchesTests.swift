import Catalog
import LakeModel
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@testable import Maintenance

/// Runs something after each log entry that is put through it.
private final class BusyStore: ForwardingStore {
    let inner: any ObjectStore
    private let after: @Sendable () async throws -> Void

    init(_ inner: any ObjectStore, after: @escaping @Sendable () async throws -> Void) {
        (self.inner, self.after) = (inner, after)
    }

    func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        let info = try await inner.put(body, to: key, options: options)
        guard key.description.contains("/_varve/log/") else { return info }
        do {
            try await after()
        } catch {
            throw StoreError(.invalid, operation: "test", message: "\(error)")
        }
        return info
    }
}

@Suite("erasures while writers keep adding matches")
struct EndlessMatchesTests {
    private let user = "user = 'u3'"

    /// Erases while each of its commits is followed by `meanwhile` of another process.
    private func erase(
        _ lake: MaintenanceLake, newestRoundsMax: Int? = nil,
        meanwhile: @escaping @Sendable (Table) async throws -> Void
    ) async throws -> ErasureReport {
        let other = try await lake.open()
        let store = BusyStore(lake.inner) { try await meanwhile(other) }
        let table = try await Table.open(lake.name, in: store, clock: lake.clock, logger: quiet)
        var eraser = Eraser(
            table: table, request: try ErasureRequest(where: user), clock: lake.clock, writer: MaintenanceLake.writer)
        if let newestRoundsMax { eraser.newestRoundsMax = newestRoundsMax }
        var generator = SeededGenerator(seed: 3)
        return try await eraser.run(id: lake.id(), using: &generator)
    }

    private func matches(_ lake: MaintenanceLake) async throws -> Set<Int64> {
        Set(try await lake.contents().keys.map(\.offset).filter { $0 % 5 == 3 })
    }

    /// What a table had at some version, from the log alone.
    private func offsets(_ table: Table, through version: Int64) async throws -> Int64 {
        let ranges = try await table.commits(1...version).flatMap(\.offsets)
        return ranges.map(\.to).max() ?? 0
    }

    @Test("it ends, and names the version up to which nothing is left", arguments: [false, true])
    func ends(compacted: Bool) async throws {
        let lake = try MaintenanceLake(seed: 1)
        let table = try await lake.open()
        for _ in 0..<3 { try await lake.append(table, partitions: [0], count: 5) }
        let report = try await erase(lake) { other in
            try await lake.append(other, partitions: [0], count: 5)
            if compacted { try await lake.compact(other, seed: 7) }
        }
        let through = try #require(report.through)
        #expect(through < report.version && report.rounds <= 7, "\(report.rounds) rounds, \(through)")
        let reach = try await offsets(table, through: through)
        let left = try await matches(lake)
        #expect(reach > 15 && !left.isEmpty && left.allSatisfy { $0 >= reach }, "\(left.sorted()), \(reach)")
        #expect(try await lake.audit().isEmpty)

        let request = try ErasureRequest(where: user)
        let certificate = ErasureCertificate(
            table: table.name, request: request, report: report, writer: MaintenanceLake.writer, salt: lake.id(),
            grace: .seconds(86_400), olderGrace: .seconds(7 * 86_400))
        #expect(certificate.throughVersion == through)
        #expect(try ErasureCertificate.decode(certificate.encoded()) == certificate)
        var wrong = certificate
        wrong.throughVersion = report.version + 1
        #expect(throws: MaintenanceError.self) { try ErasureCertificate.decode(wrong.encoded()) }
        let verifier = ErasureVerifier(table: table, certificate: certificate)
        #expect(try await verifier.findings(key: nil, now: lake.clock.now()).isEmpty)
        lake.clock.advance(by: .seconds(8 * 86_400))
        #expect(try await verifier.findings(key: nil, now: lake.clock.now()).count >= report.objects.count)
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        #expect(try await verifier.findings(key: nil, now: lake.clock.now()).isEmpty)

        let rest = try await lake.erase(table, user: 3)
        #expect(rest.through == nil && !rest.objects.isEmpty)
        #expect(try await matches(lake).isEmpty)
    }

    @Test("what others add without a match is looked through as well, and the whole version holds none")
    func whole() async throws {
        let lake = try MaintenanceLake(seed: 2)
        let table = try await lake.open()
        for _ in 0..<3 { try await lake.append(table, partitions: [0], count: 5) }
        let isFirst = Mutex(true)
        let report = try await erase(lake) { other in
            guard
                isFirst.withLock({ first in
                    defer { first = false }; return first
                })
            else { return }
            try await lake.append(other, partitions: [0], count: 3)
        }
        #expect(report.through == nil && report.rounds == 2 && report.eventsExamined == 18)
    }

    @Test("looking at all that comes would never end")
    func chase() async throws {
        let lake = try MaintenanceLake(seed: 3)
        let table = try await lake.open()
        for _ in 0..<3 { try await lake.append(table, partitions: [0], count: 5) }
        await #expect(throws: CatalogError.self) {
            _ = try await erase(lake, newestRoundsMax: 100) { other in
                try await lake.append(other, partitions: [0], count: 5)
            }
        }
    }

    @Test("what was to be erased is followed into whatever others make of it")
    func followed() async throws {
        let lake = try MaintenanceLake(seed: 4)
        let table = try await lake.open()
        var course = ErasureCourse()
        var objects: [DataObject] = []
        for _ in 0..<2 { objects.append(try await lake.append(table, partitions: [0], count: 5)) }
        for object in objects { _ = course.insert(object) }
        // The first held a match, and was rewritten by others before the erasure could commit.
        course.note(ObjectScan(object: objects[0], matches: 1))
        course.end(at: 2)
        let added = try await lake.append(table, partitions: [0], count: 5)
        try await course.follow(table, to: 3)
        #expect(course.isLater(added) && !course.isLater(objects[0]))
        try await lake.compact(table, seed: 4)
        let version = try await table.refresh().version
        try await course.follow(table, to: version)
        let merged = try await table.snapshot().objects(.everything)
        #expect(merged.count == 1 && !merged.contains(where: course.isLater))
    }
}
