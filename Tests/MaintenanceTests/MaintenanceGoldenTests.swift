import Foundation
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Catalog
@testable import Maintenance

/// The bytes that this program writes for its own files under `schemas/golden`. Changing one changes a format.
@Suite("golden files of maintenance")
struct MaintenanceGoldenTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "schemas/golden")

    private func golden(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: Self.folder.appending(path: name)))
    }

    private let hour = LakeHour(date: CalendarDay(daysSinceEpoch: 20_777), hour: 5)

    @Test("a compaction plan")
    func plan() throws {
        var policy = CompactionPolicy()
        (policy.sides, policy.firstHour, policy.lastHour) = ([.main], hour, hour)
        policy.holds = [LegalHold(name: "case-17", tags: ["legal"], firstHour: hour)]
        let group = CompactionGroup(
            id: 0, side: .main, partition: PartitionPath(date: hour.date, hour: 5, shard: 3), format: .envelope,
            outputFormat: .envelope, inputs: ["data/date=2026-11-20/hour=05/shard=0003/a.ndjson.zst"], bytes: 10,
            uncompressedBytes: 50, records: 2, outputs: 1, requests: RequestCount(puts: 2, gets: 3))
        let plan = CompactionPlan(
            table: try #require(TableName("orders")), version: 42, at: Timestamp(milliseconds: 1_795_237_200_000),
            policy: policy, groups: [group])
        let bytes = try golden("compaction-plan.v1.canonical.json")
        #expect(try String(decoding: plan.encoded(), as: UTF8.self) == String(decoding: bytes, as: UTF8.self))
        #expect(try CompactionPlan.decode(bytes) == plan)
    }

    @Test("a certificate of erasure, signed")
    func certificate() throws {
        let id = try #require(CommitID("00112233445566778899aabbccddeeff"))
        var report = ErasureReport(id: id, startedAt: Timestamp(milliseconds: 1_795_237_200_000))
        report.finishedAt = report.startedAt.advanced(byMilliseconds: 1500)
        (report.version, report.eventsExamined, report.objectsExamined, report.unreadable) = (42, 1000, 3, 1)
        var note = ErasureReport.ObjectNote(
            DataObject(
                path: "data/date=2026-11-20/hour=05/shard=0003/a.ndjson.zst",
                partition: PartitionPath(date: hour.date, hour: 5, shard: 3), format: .envelope, bytes: 10,
                uncompressedBytes: 50, records: 2, eventTime: nil, offsets: [],
                checksum: Checksum(algorithm: .crc64nvme, value: "ae8b14860a799888"), uploadedAt: report.startedAt))
        report.held = [.init(before: note, after: nil, events: 2)]
        note.path += "x"
        report.objects = [.init(before: note, after: note, events: 1)]
        report.commits = [.init(version: 41, id: id)]
        var certificate = ErasureCertificate(
            table: try #require(TableName("orders")), request: try ErasureRequest(where: "user.id = 'u1'"),
            report: report, writer: WriterIdentity(id: "w-1", host: "lake-7", program: "varve 0.1.0"), salt: id,
            grace: .seconds(86_400), olderGrace: .seconds(604_800))
        let key = CertificateKey.ed25519(seed: [UInt8](0..<32))
        try certificate.sign(with: key)
        let bytes = try golden("erasure-certificate.v1.canonical.json")
        #expect(try String(decoding: certificate.encoded(), as: UTF8.self) == String(decoding: bytes, as: UTF8.self))
        let read = try ErasureCertificate.decode(bytes)
        #expect(read == certificate)
        #expect(try read.signatureFault(key) == nil)
    }

    @Test("the record of an import")
    func adoption() throws {
        var record = AdoptionRecord(
            commit: try #require(CommitID("00112233445566778899aabbccddeeff")), after: 42,
            files: [
                .init(
                    key: "topics/orders/year=2026/month=11/day=21/hour=05/orders+0+0000000100.json.gz",
                    path: "data/date=2026-11-21/hour=05/shard=0000/adopted-00112233445566778899aabbccddeeff")
            ])
        record.version = 43
        let canonical = try golden("adoption.v1.canonical.json")
        #expect(String(decoding: try record.encoded(), as: UTF8.self) == String(decoding: canonical, as: UTF8.self))
        for bytes in [canonical, try golden("adoption.v1.json")] {
            #expect(try AdoptionRecord.decode(bytes, place: "golden") == record)
        }
    }

    @Test("how far an archive has followed its table")
    func archived() async throws {
        let mark = ArchiveMark(version: 42, commit: CommitID("00112233445566778899aabbccddeeff"), archive: 7)
        let lake = try MaintenanceLake(seed: 2)
        let table = try await lake.open()
        let key = try #require(ObjectKey("orders/_varve/archived.json"))
        try await mark.write(table)
        let written = try await lake.inner.get(key, range: nil, bytesMax: 1 << 20).bytes
        let bytes = try golden("archived.v1.canonical.json")
        #expect(String(decoding: written, as: UTF8.self) == String(decoding: bytes, as: UTF8.self))
        for bytes in [bytes, try golden("archived.v1.json")] {
            _ = try await lake.inner.put(bytes, to: key)
            #expect(try await ArchiveMark.read(table) == mark)
        }
        _ = try await lake.inner.put(Array("{}".utf8), to: key)
        #expect(try await ArchiveMark.read(table) == nil, "unreadable, it only means more to read")
    }

    @Test("a replay of dead letters that is on its way")
    func replay() async throws {
        let intent = ReplayIntent(
            id: try #require(CommitID("00112233445566778899aabbccddeeff")), request: "0123456789abcdef",
            command: "varve dlq replay orders --reason not_json", startedAt: Timestamp(milliseconds: 1_795_237_200_000),
            writer: WriterIdentity(id: "w-1", host: "lake-7", program: "varve 0.1.0"))
        let lake = try MaintenanceLake(seed: 1)
        let table = try await lake.open()
        #expect(try await intent.claim(table) == intent)
        let key = try #require(ObjectKey("orders/_varve/replay.json"))
        let written = try await lake.inner.get(key, range: nil, bytesMax: 1 << 20).bytes
        let bytes = try golden("replay.v1.canonical.json")
        #expect(String(decoding: written, as: UTF8.self) == String(decoding: bytes, as: UTF8.self))
        // Another one has to wait; only its own may be released.
        var other = intent
        other.id = lake.id()
        #expect(try await other.claim(table) == intent)
        try await other.release(table)
        #expect(try await ReplayIntent.read(table) == intent)
        try await intent.release(table)
        #expect(try await ReplayIntent.read(table) == nil)
    }
}
