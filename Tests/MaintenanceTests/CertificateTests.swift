import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

@Suite("certificates of erasure")
struct CertificateTests {
    private static let seed = [UInt8](0..<32)

    private func certificate(
        _ lake: MaintenanceLake, _ table: Table, holds: [LegalHold] = []
    ) async throws -> ErasureCertificate {
        let request = try ErasureRequest(where: "user = 'u3'")
        let report = try await lake.erase(table, user: 3) { $0.holds = holds }
        return ErasureCertificate(
            table: table.name, request: request, report: report, writer: MaintenanceLake.writer, salt: lake.id(),
            grace: .seconds(86_400), olderGrace: .seconds(7 * 86_400))
    }

    @Test("a certificate holds as soon as vacuum has been there, and says so when it has not")
    func wholeWay() async throws {
        let lake = try MaintenanceLake(seed: 1)
        let table = try await lake.open()
        for _ in 0..<4 { try await lake.append(table) }
        try await lake.compact(table, seed: 9)
        lake.clock.advance(by: .seconds(3600))
        let certificate = try await certificate(lake, table)
        let verifier = ErasureVerifier(table: table, certificate: certificate)
        #expect(try await verifier.findings(key: nil, now: lake.clock.now()).isEmpty)
        lake.clock.advance(by: .seconds(2 * 86_400))
        #expect(try await verifier.findings(key: nil, now: lake.clock.now()).count == 1)
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        #expect(try await verifier.findings(key: nil, now: lake.clock.now()).isEmpty)
        // The inputs of the compaction held the same events; their own grace is longer.
        lake.clock.advance(by: .seconds(6 * 86_400))
        #expect(try await verifier.findings(key: nil, now: lake.clock.now()).count == 4)
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        #expect(try await verifier.findings(key: nil, now: lake.clock.now()).isEmpty)
        try await lake.check(seed: 1)
    }

    @Test("what leaves the table after an erasure was looked through, and is no copy of before it")
    func removedLater() async throws {
        let lake = try MaintenanceLake(seed: 5)
        let table = try await lake.open()
        // Without an event of u3, so that the erasure leaves it alone.
        let spared = try await lake.append(table, partitions: [0], count: 2)
        try await lake.append(table, partitions: [0], count: 9)
        let certificate = try await certificate(lake, table)
        #expect(certificate.objects.count == 1)
        lake.clock.advance(by: .seconds(6 * 86_400))
        try await lake.compact(table, seed: 9)
        lake.clock.advance(by: .seconds(2 * 86_400))
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        #expect(try await lake.listing().contains("orders/\(spared.path)"), "it is in its grace")
        let verifier = ErasureVerifier(table: table, certificate: certificate)
        #expect(try await verifier.findings(key: nil, now: lake.clock.now()).isEmpty)
    }

    @Test("old bytes can be deleted at once, and live ones never are")
    func purge() async throws {
        let lake = try MaintenanceLake(seed: 2)
        let table = try await lake.open()
        let object = try await lake.append(table)
        let report = try await lake.erase(table, user: 3)
        let eraser = Eraser(
            table: table, request: try ErasureRequest(where: "user = u3"), clock: lake.clock,
            writer: MaintenanceLake.writer)
        #expect(try await eraser.purge(report.objects).failures.isEmpty)
        #expect(try await !lake.listing().contains("orders/\(object.path)"))
        try await lake.check(seed: 2)
    }

    @Test("a hold makes a certificate that says what is still there")
    func held() async throws {
        let lake = try MaintenanceLake(seed: 3)
        let table = try await lake.open()
        try await lake.append(table, tags: ["case"])
        let certificate = try await certificate(lake, table, holds: [LegalHold(name: "h", tags: ["case"])])
        let findings = try await ErasureVerifier(table: table, certificate: certificate).findings(
            key: nil, now: lake.clock.now())
        #expect(findings.map(\.detail) == ["a legal hold keeps 2 matching events"])
    }

    @Test("signatures hold, and any change breaks them", arguments: ["ed25519", "hmac"])
    func signatures(kind: String) async throws {
        let lake = try MaintenanceLake(seed: 4)
        let table = try await lake.open()
        try await lake.append(table)
        let key = kind == "hmac" ? CertificateKey.hmac(Self.seed) : .ed25519(seed: Self.seed)
        var signed = try await certificate(lake, table)
        #expect(try signed.signatureFault(key) != nil)
        try signed.sign(with: key)
        let read = try ErasureCertificate.decode(signed.encoded(pretty: true))
        #expect(read == signed)
        #expect(try read.signatureFault(key) == nil)
        if let publicKey = read.signature?.publicKey {
            let half = try #require(CertificateKey("ed25519-public:\(publicKey)"))
            #expect(try read.signatureFault(half) == nil)
        }
        var forged = read
        forged.eventsErased += 1
        #expect(try forged.signatureFault(key) != nil)
        #expect(try read.signatureFault(.hmac([UInt8](32..<64))) != nil)
        let text = String(decoding: try read.encoded(), as: UTF8.self)
        #expect(!text.contains("u3"))
    }

    @Test("versions that no table has are refused, and one that the table has not is a finding")
    func versions() async throws {
        let lake = try MaintenanceLake(seed: 6)
        let table = try await lake.open()
        try await lake.append(table)
        let good = try await certificate(lake, table)
        lake.clock.advance(by: .seconds(30 * 86_400))
        for version in [Int64.min, -1] {
            var bad = good
            bad.version = version
            #expect(throws: MaintenanceError.self) { try ErasureCertificate.decode(bad.encoded()) }
            bad = good
            bad.commits = [ErasureReport.CommitNote(version: version, id: lake.id())]
            #expect(throws: MaintenanceError.self) { try ErasureCertificate.decode(bad.encoded()) }
        }
        for version in [Int64.max, good.version + 1] {
            var bad = good
            bad.version = version
            bad = try ErasureCertificate.decode(bad.encoded())
            let findings = try await ErasureVerifier(table: table, certificate: bad)
                .findings(key: nil, now: lake.clock.now())
            #expect(findings.map(\.detail) == ["the table has no such version"])
        }
    }

    @Test("Ed25519 gives the signature of RFC 8032, section 7.1, test 2")
    func ed25519() throws {
        let seed = try #require(bytes(fromHex: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
        guard let key = Ed25519PrivateKey(seed: seed) else { throw CheckFailure("no key") }
        let publicKey = key.publicKey
        #expect(hexText(publicKey) == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        let signed = key.sign([0x72])
        let signature = try #require(signed)
        #expect(
            hexText(signature)
                == "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                + "387b2eaeb4302aeeb00d291612bb0c00")
        #expect(Ed25519PrivateKey.verify(signature, of: [0x72], publicKey: publicKey))
        #expect(!Ed25519PrivateKey.verify(signature, of: [0x73], publicKey: publicKey))
    }
}
