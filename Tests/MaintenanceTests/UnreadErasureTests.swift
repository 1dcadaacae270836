import Catalog
import Formats
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

@Suite("erasures of what cannot be looked into, and of what the catalog tells")
struct UnreadErasureTests {
    private func certificate(_ table: Table, _ report: ErasureReport, _ lake: MaintenanceLake) throws
        -> ErasureCertificate
    {
        ErasureCertificate(
            table: table.name, request: try ErasureRequest(where: "user = 'u3'"), report: report,
            writer: MaintenanceLake.writer, salt: lake.id(), grace: .seconds(86_400), olderGrace: .seconds(7 * 86_400),
            boundsGrace: .seconds(30 * 86_400))
    }

    @Test("a damaged object keeps no other from being erased, and the certificate names it")
    func damaged() async throws {
        let lake = try MaintenanceLake(seed: 1)
        let table = try await lake.open()
        let broken = try await lake.append(table)
        let whole = try await lake.append(table)
        let key = try #require(ObjectKey("orders/\(broken.path)"))
        var bytes = try await lake.inner.get(key, range: nil, bytesMax: 1 << 30).bytes
        bytes[bytes.count / 2] ^= 0xFF
        _ = try await lake.inner.put(bytes, to: key)
        let report = try await lake.erase(table, user: 3)
        #expect(report.unread.map(\.object.path) == [broken.path])
        #expect(report.objects.map(\.before.path) == [whole.path] && report.events > 0)
        let certificate = try ErasureCertificate.decode(try certificate(table, report, lake).encoded())
        #expect(certificate.unread == report.unread)
        let findings = try await ErasureVerifier(table: table, certificate: certificate).findings(
            key: nil, now: lake.clock.now())
        #expect(findings.map(\.place) == [broken.path] && findings[0].detail.contains("could not be looked into"))
    }

    @Test("a store that is away is no damaged object: the erasure fails, and says so")
    func away() async throws {
        let lake = try MaintenanceLake(seed: 2)
        let table = try await lake.open()
        let object = try await lake.append(table)
        let key = try #require(ObjectKey("orders/\(object.path)"))
        try await lake.inner.delete([key]).forEach { Issue.record("not deleted: \($0)") }
        await #expect(throws: ReadError.self) { try await lake.erase(table, user: 3) }
    }

    @Test("events without key and headers cannot match one: they are counted, and others are erased")
    func keyless() throws {
        let matcher = EventMatcher(try ErasureRequest(where: "@key = 'u3'"))
        let line = Array("{\"user\":\"u3\"}".utf8)
        let matches = try line.withUnsafeBytes { try matcher.matches(StoredRow(line: $0, front: nil)) }
        #expect(!matches)
        #expect(matcher.keyless == 1 && matcher.unreadable == 0)
    }

    @Test("bounds of texts stay in the log for as long as it is kept, and the certificate waits for that")
    func bounds() async throws {
        let lake = try MaintenanceLake(seed: 3)
        let table = try await lake.open()
        for _ in 0..<2 { try await lake.append(table) }
        let schema = try ShreddedSchema([.init("user", .string), .init("n", .int64)])
        try await lake.compact(table, seed: 9) { policy, compactor in
            (policy.format, policy.newPercent, policy.shreds) = (.parquet, 0, true)
            compactor.shape = .shredded(schema, .rest)
        }
        let report = try await lake.erase(table, user: 3)
        #expect(report.leavesBounds)
        let proof = try certificate(table, report, lake)
        #expect(proof.olderCopiesGoneBy == proof.finishedAt.advanced(byMilliseconds: 30 * 86_400_000))
        lake.clock.advance(by: .seconds(31 * 86_400))
        var policy = VacuumPolicy()
        policy.logAfter = .seconds(300 * 86_400)
        let verifier = ErasureVerifier(table: table, certificate: proof)
        let vacuum = Vacuum(table: table, policy: policy, clock: lake.clock)
        _ = try await vacuum.run(id: lake.id(), writer: MaintenanceLake.writer)
        let findings = try await verifier.findings(key: nil, now: lake.clock.now())
        #expect(findings.count == 1 && findings.allSatisfy { $0.detail.contains("still tells bounds") }, "\(findings)")
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        #expect(try await verifier.findings(key: nil, now: lake.clock.now()).isEmpty)
    }

    @Test("what a merge uploaded while the erasure ended, and never committed, is a copy of before it")
    func uncommitted() async throws {
        let lake = try MaintenanceLake(seed: 4)
        let table = try await lake.open()
        let object = try await lake.append(table)
        let bytes = try await lake.inner.get(
            try #require(ObjectKey("orders/\(object.path)")), range: nil, bytesMax: 1 << 30
        ).bytes
        let report = try await lake.erase(table, user: 3)
        let proof = try certificate(table, report, lake)
        lake.clock.advance(by: .seconds(600))
        let path = "\(object.path.split(separator: "/").dropLast().joined(separator: "/"))/late.ndjson.zst"
        _ = try await lake.inner.put(bytes, to: try #require(ObjectKey("orders/\(path)")))
        let part = try #require(ObjectKey("orders/data/date=2026-11-21/hour=05/shard=0000/part.ndjson.zst"))
        _ = try await lake.inner.createUpload(to: part, options: PutOptions())
        lake.clock.advance(by: .seconds(8 * 86_400))
        let verifier = ErasureVerifier(table: table, certificate: proof)
        let places = try await verifier.findings(key: nil, now: lake.clock.now()).map(\.place)
        #expect(places.contains(path) && places.contains(part.description), "\(places)")
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        #expect(try await verifier.findings(key: nil, now: lake.clock.now()).isEmpty)
    }
}
