import Catalog
import LakeModel
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@testable import Maintenance

@Suite("adopted objects")
struct AdoptedObjectsTests {
    private func files(_ lake: MaintenanceLake) async throws -> [String] {
        try await lake.inner.listAll(prefix: "topics/").map(\.key.description)
    }

    private func imported(_ seed: UInt64) async throws -> (lake: MaintenanceLake, table: Table) {
        let lake = try MaintenanceLake(seed: seed)
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [0..<10, 10..<20])
        try await lake.leaveConnectFiles(0, [20..<30], hour: 6)
        try await lake.run(lake.importer(table, offsets: .fromNames))
        return (lake, table)
    }

    @Test("compaction makes own objects of all of them, single ones too; vacuum leaves the files alone")
    func compactAndVacuum() async throws {
        let (lake, table) = try await imported(1)
        #expect(try await lake.compact(table).map(\.state) == [.done, .done])
        let objects = try await table.snapshot().objects(.everything)
        #expect(objects.count == 2 && objects.allSatisfy { $0.adopted == nil && $0.format == .value })
        #expect(objects.flatMap(\.offsets).map(\.count) == [20, 10])
        #expect(try await lake.payloadLines(table) == lines(MaintenanceLake.payloads(0..<30)))
        #expect(try await lake.faults(table).isEmpty)
        #expect(try await lake.compact(table).isEmpty)
        lake.clock.advance(by: .seconds(60 * 86_400))
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        #expect(try await files(lake).count == 3)
        #expect(try await lake.faults(table).isEmpty)
    }

    @Test("vacuum leaves them alone while they are live, and a horizon does not keep older files out")
    func vacuumFirst() async throws {
        let (lake, table) = try await imported(2)
        try await lake.leaveConnectFiles(0, [30..<40])
        lake.clock.advance(by: .seconds(60 * 86_400))
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        #expect(await table.head().horizon != nil)
        #expect(try await lake.run(lake.importer(table, offsets: .fromNames)).adopted.count == 1)
        #expect(try await files(lake).count == 4)
        #expect(try await lake.faults(table).isEmpty)
    }

    @Test("with an archive they wait for their compaction, and the plan says so too")
    func waitForArchive() async throws {
        let archived = try ArchivedLake(seed: 12)
        let lake = archived.lake
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [0..<10, 10..<20])
        try await lake.run(lake.importer(table, offsets: .fromNames))
        lake.clock.advance(by: .seconds(40 * 86_400))
        let expire = LifecycleRule(name: "keep", action: .expire, after: .seconds(86_400))
        var planned: [String?] = []
        try await archived.lifecycle(table, rules: [expire]).plan { planned.append($1) }
        let outcomes = try await archived.apply(table, rules: [expire])
        for problem in planned + outcomes.map(\.problem) {
            #expect(problem?.contains("adopted") == true && problem?.contains("varve compact") == true)
        }
        #expect(planned.count == 2 && outcomes.count == 2)
        #expect(try await table.snapshot().objects(.everything).count == 2)
        try await lake.compact(table)
        let done = try await archived.apply(table, rules: [expire])
        #expect(done.count == 2 && done.allSatisfy { $0.problem == nil }, "\(done)")
        #expect(try await table.snapshot().objects(.everything).isEmpty)
        #expect(try await archived.target.openExisting(lake.name).snapshot().objects(.everything).count == 1)
    }

    @Test("an erasure takes events out of the table, and says that the file still holds them until it is gone")
    func erase() async throws {
        let (lake, table) = try await imported(3)
        let request = try ErasureRequest(where: "user = 'u3'")
        let eraser = Eraser(table: table, request: request, clock: lake.clock, writer: MaintenanceLake.writer)
        let report = try await lake.erase(table, user: 3)
        let keys = try await files(lake)
        #expect(report.events == 6 && report.filesLeft.sorted() == keys)
        #expect(try await eraser.purge(report.objects).failures.isEmpty)
        #expect(try await files(lake) == keys, "another program's files are not deleted")
        #expect(try await lake.payloadLines(table).allSatisfy { !$0.contains("u3") })
        #expect(try await lake.faults(table).isEmpty)

        let certificate = ErasureCertificate(
            table: table.name, request: request, report: report, writer: MaintenanceLake.writer, salt: lake.id(),
            grace: .zero, olderGrace: .zero)
        let verifier = ErasureVerifier(table: table, certificate: certificate)
        var findings = try await verifier.findings(key: nil, now: lake.clock.now())
        #expect(findings.map(\.place).sorted() == keys)
        #expect(findings.allSatisfy { $0.detail.contains("delete it there") })
        _ = try await lake.inner.delete(keys.compactMap { ObjectKey($0) })
        findings = try await verifier.findings(key: nil, now: lake.clock.now())
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test("a copy of the lake has the files in the same place, and knows what was adopted")
    func replicate() async throws {
        let (lake, table) = try await imported(4)
        let store = MemoryObjectStore(clock: lake.clock)
        let copy = Lake(store: store, clock: lake.clock, logger: quiet)
        _ = try await Replicator(table: table, target: copy, clock: lake.clock).run()
        let opened = try await copy.openExisting(lake.name)
        #expect(try await lake.payloadLines(opened) == lines(MaintenanceLake.payloads(0..<30)))
        let verified = try await TableVerifier(table: opened, depth: .everything).run { _, _ in }
        #expect(verified.findings.isEmpty, "\(verified.findings)")
        #expect(try await lake.run(lake.importer(opened)).adopted.isEmpty)
    }

    /// Runs something before the first put of a log entry.
    private final class SlowStore: ForwardingStore {
        let inner: any ObjectStore
        private let meanwhile: Mutex<(@Sendable () async -> Void)?>

        init(_ inner: any ObjectStore, meanwhile: @escaping @Sendable () async -> Void) {
            self.inner = inner
            self.meanwhile = Mutex(meanwhile)
        }

        func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
            if key.description.contains("/_varve/log/") {
                let body = meanwhile.withLock { meanwhile in
                    defer { meanwhile = nil }
                    return meanwhile
                }
                await body?()
            }
            return try await inner.put(body, to: key, options: options)
        }
    }

    private func known(_ table: Table, _ file: String) async throws -> Bool {
        var ledger = AdoptionLedger(table)
        try await ledger.refresh()
        return ledger.contains(file)
    }

    @Test("a copy does not take files for adopted whose commit it does not have yet")
    func importMeanwhile() async throws {
        let (lake, table) = try await imported(8)
        let before = try await files(lake)
        let store = SlowStore(MemoryObjectStore(clock: lake.clock)) {
            try? await lake.leaveConnectFiles(0, [30..<40], hour: 7)
            _ = try? await lake.run(lake.importer(table, offsets: .fromNames), seed: 22)
        }
        let copy = Lake(store: store, clock: lake.clock, logger: quiet)
        let replicator = Replicator(table: table, target: copy, clock: lake.clock)
        _ = try await replicator.run()
        let file = try #require(Set(try await files(lake)).subtracting(before).first)
        let opened = try await copy.openExisting(lake.name)
        #expect(try await opened.snapshot().version + 1 == table.snapshot().version)
        #expect(try await known(table, file))
        #expect(try await !known(opened, file))
        #expect(try await known(opened, try #require(before.first)))
        _ = try await replicator.run()
        #expect(try await known(opened, file))
    }

    @Test("a record of an import that was corrected is copied again, though it is as long as before")
    func correctedRecord() async throws {
        let (lake, table) = try await imported(9)
        let copy = Lake(store: MemoryObjectStore(clock: lake.clock), clock: lake.clock, logger: quiet)
        let replicator = Replicator(table: table, target: copy, clock: lake.clock)
        let key = try #require(try await lake.inner.listAll(prefix: AdoptionLedger.prefix(lake.name)).first?.key)
        let bytes = try await lake.inner.get(key, range: nil, bytesMax: 1 << 20).bytes
        var wrong = try AdoptionRecord.decode(bytes, place: "test")
        wrong.version = 0
        _ = try await lake.inner.put(try wrong.encoded(), to: key)
        _ = try await replicator.run()
        _ = try await lake.inner.put(bytes, to: key)
        _ = try await replicator.run()
        #expect(try await copy.store.get(key, range: nil, bytesMax: 1 << 20).bytes == bytes)
    }

    @Test("a copy replaces no file of another program, and takes none for its own", arguments: [1, 0])
    func foreignFile(bytesMore: Int) async throws {
        let (lake, table) = try await imported(10)
        let store = MemoryObjectStore(clock: lake.clock)
        let replicator = Replicator(
            table: table, target: Lake(store: store, clock: lake.clock, logger: quiet), clock: lake.clock)
        let key = try #require(try await files(lake).last.flatMap { ObjectKey($0) })
        let bytes = try await lake.inner.get(key, range: nil, bytesMax: 1 << 20).bytes
        let foreign = [UInt8](repeating: 7, count: bytes.count + bytesMore)
        _ = try await store.put(foreign, to: key)
        let error = await #expect(throws: MaintenanceError.self) { _ = try await replicator.run() }
        #expect(error.map { "\($0)" }?.contains("\(key)") == true)
        #expect(try await store.get(key, range: nil, bytesMax: 1 << 20).bytes == foreign)
        #expect(try await replicator.target.open(lake.name).snapshot().version == 0)
        // The same file is as good as its copy.
        _ = try await store.put(bytes, to: key)
        _ = try await replicator.run()
        #expect(try await replicator.target.open(lake.name).snapshot().version == table.snapshot().version)
    }

    @Test("lifecycle expires them out of the table, and moves none to another storage class")
    func lifecycle() async throws {
        let (lake, table) = try await imported(5)
        var policy = LifecyclePolicy()
        policy.rules = [LifecycleRule(name: "cold", action: .tier(storageClass: "GLACIER_IR"), after: .zero)]
        lake.clock.advance(by: .seconds(86_400))
        var random = SeededGenerator(seed: 5)
        var lifecycle = Lifecycle(table: table, policy: policy, clock: lake.clock, writer: MaintenanceLake.writer)
        try await lifecycle.apply(using: &random) { outcome in Issue.record("\(outcome)") }
        policy.rules = [LifecycleRule(name: "old", action: .expire, after: .zero)]
        lifecycle = Lifecycle(table: table, policy: policy, clock: lake.clock, writer: MaintenanceLake.writer)
        try await lifecycle.apply(using: &random) { #expect($0.problem == nil) }
        #expect(try await table.snapshot().objects(.everything).isEmpty)
        #expect(try await files(lake).count == 3)
        #expect(try await lake.run(lake.importer(table)).adopted.isEmpty, "what expired does not come back")
    }

    @Test("an archive takes them once they are compacted: a copy of the file would be nobody's to delete")
    func archive() async throws {
        let (lake, table) = try await imported(7)
        lake.clock.advance(by: .seconds(86_400))
        let rule = LifecycleRule(name: "archive", action: .archive, after: .zero)
        var policy = LifecyclePolicy()
        policy.rules = [rule]
        let layout = try #require(await table.head().layout)
        let planner = try LifecyclePlanner(policy: policy, layout: layout, now: lake.clock.now())
        #expect(try await table.snapshot().objects(.everything).allSatisfy { !planner.isDue(rule, $0) })
        try await lake.compact(table)
        #expect(try await table.snapshot().objects(.everything).allSatisfy { planner.isDue(rule, $0) })
    }

    @Test("a file that another program changed or deleted is found by verify")
    func changed() async throws {
        let (lake, table) = try await imported(6)
        let keys = try await files(lake).compactMap { ObjectKey($0) }
        let bytes = try await lake.inner.get(keys[0], range: nil, bytesMax: 1 << 20).bytes
        _ = try await lake.inner.put(bytes.dropLast() + [bytes[bytes.count - 1] ^ 1], to: keys[0])
        _ = try await lake.inner.delete([keys[1]])
        let listed = try await TableVerifier(table: table, depth: .listed).run { _, _ in }
        #expect(listed.findings.map(\.kind) == [.missingObject])
        let deep = try await TableVerifier(table: table, depth: .everything).run { _, _ in }
        #expect(Set(deep.findings.map(\.kind)) == [.missingObject, .damagedObject])
    }
}
