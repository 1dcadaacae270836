@testable import Catalog
import Foundation
import LakeModel
import Testing

/// Each format has two golden files under `schemas/golden`: one as it may be written by anyone (`X.v1.json`), and the
/// bytes that this program writes for it (`X.v1.canonical.json`). A change of either is a change of the format.
@Suite("Golden files")
struct GoldenTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "schemas/golden")

    private func golden(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: Self.folder.appending(path: name)))
    }

    private func check<Value: Codable & Hashable>(_ value: Value, _ name: String, format: Int? = nil) throws {
        let (loose, canonical) = (try golden("\(name).json"), try golden("\(name).canonical.json"))
        for bytes in [loose, canonical] {
            let read =
                try format.map { try CatalogJSON.decode(Value.self, from: bytes, format: $0, place: name) }
                ?? CatalogJSON.decodeLine(Value.self, from: bytes, place: name)
            #expect(read == value)
        }
        #expect(
            String(decoding: try CatalogJSON.encode(value), as: UTF8.self) == String(decoding: canonical, as: UTF8.self)
        )
        #expect(loose != canonical)
    }

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }

    private func object() throws -> DataObject {
        let partition = PartitionPath(date: try #require(CalendarDay("2026-11-21")), hour: 5, shard: 3)
        return DataObject(
            path: "late/date=2026-11-21/hour=05/shard=0003/orders-0-100.ndjson.zst", side: .late, partition: partition,
            format: .envelope, bytes: 4096, uncompressedBytes: 65_536, records: 12,
            eventTime: TimeSpan(min: try time("2026-11-21T05:00:00.000Z"), max: try time("2026-11-21T05:59:59.999Z")),
            offsets: [
                OffsetSpan(orders0, first: 100, last: 119, count: 10), OffsetSpan(orders1, first: 7, last: 8, count: 2),
            ],
            checksum: Checksum(algorithm: .crc64nvme, value: "ae8b14860a799888"), schemaID: "registry:\"7\"/ü",
            uploadedAt: try time("2026-11-21T06:00:01.500Z"), tags: ["late", "night"])
    }

    private func commit() throws -> Commit {
        Commit(
            version: 42, id: try #require(CommitID("00112233445566778899aabbccddeeff")),
            parent: CommitID("ffeeddccbbaa99887766554433221100"), kind: .append,
            at: try time("2026-11-21T06:00:02.000Z"),
            writer: WriterIdentity(id: "w-1", host: "lake-7", program: "varve 0.1.0"), reason: "shutdown",
            layout: TableLayout(
                granularity: .hour, zone: "Europe/Berlin", shards: 4, time: "field:/created_at", shardBy: "key"),
            offsets: [
                OffsetRange(orders0, from: 100, to: 120, events: 10, watermark: try time("2026-11-21T05:59:59.999Z")),
                OffsetRange(orders1, from: 7, to: 9, events: 2),
            ],
            add: [try object()], remove: ["data/date=2026-11-20/hour=00/shard=0000/old.ndjson.zst"],
            removed: [SideTotals(side: .main, objects: 1, bytes: 10, uncompressedBytes: 20, records: 3)],
            closed: [LakeHour(date: try #require(CalendarDay("2026-11-21")), hour: 4)])
    }

    @Test("commits")
    func commits() throws { try check(try commit(), "commit.v1", format: Commit.currentFormat) }

    @Test("data objects, in commits and in manifests")
    func objects() throws {
        try check(try object(), "data-object.v1")
        let canonical = try golden("data-object.v1.canonical.json")
        #expect(ManifestCodec.encode([try object()]) == canonical)
        #expect(try ManifestCodec.decode(canonical, place: "golden") == [try object()])
        let loose = try golden("data-object.v1.json").filter { $0 != 10 } + [10]
        #expect(try ManifestCodec.decode(loose, place: "golden") == [try object()])
    }

    private func adopted() throws -> DataObject {
        let partition = PartitionPath(date: try #require(CalendarDay("2026-11-21")), hour: 5, shard: 0)
        return DataObject(
            path: "data/date=2026-11-21/hour=05/shard=0000/adopted-00112233445566778899aabbccddeeff",
            partition: partition, format: .value, bytes: 4096, uncompressedBytes: 65_536, records: 12,
            eventTime: TimeSpan(min: try time("2026-11-21T05:00:00.000Z"), max: try time("2026-11-21T05:59:59.999Z")),
            offsets: [OffsetSpan(orders0, first: 100, last: 111, count: 12)],
            checksum: Checksum(algorithm: .crc64nvme, value: "ae8b14860a799888"),
            uploadedAt: try time("2026-11-21T06:00:01.500Z"),
            adopted: AdoptedFile(
                key: "topics/orders/year=2026/month=11/day=21/hour=05/orders+0+0000000100.json.gz", compression: .gzip))
    }

    @Test("adopted objects, and the commits that bring them: of a format that older programs refuse")
    func adoption() throws {
        try check(try adopted(), "data-object.v1.adopted")
        let canonical = try golden("data-object.v1.adopted.canonical.json")
        #expect(ManifestCodec.encode([try adopted()]) == canonical)
        #expect(try ManifestCodec.decode(canonical, place: "golden") == [try adopted()])
        let template = try commit()
        let adopt = Commit(
            version: 43, id: template.id, parent: template.parent, kind: .adopt, at: template.at,
            writer: template.writer, reason: "import: 1 files of topics/orders/",
            offsets: [OffsetRange(orders0, from: 100, to: 112, events: 12)], add: [try adopted()])
        try check(adopt, "commit.v1.adopt", format: Commit.currentFormat)
        let bytes = try golden("commit.v1.adopt.canonical.json")
        #expect(throws: CatalogError.self) {
            try CatalogJSON.decode(Commit.self, from: bytes, format: 1, place: "commit.v1.adopt")
        }
    }

    @Test("a checkpoint is of the highest format of the commits it stands for")
    func checkpointFormat() throws {
        var first = try firstCommit()
        #expect(first.format == 1)
        (first.format, first.add, first.kind) = (2, [try adopted()], .adopt)
        var head = TableHead()
        try head.apply(first)
        let bytes = try ManifestCodec.encode(Checkpoint(head: head, manifests: []))
        #expect(String(decoding: bytes, as: UTF8.self).contains("\"format\":2"))
        #expect(try ManifestCodec.decodeList(bytes, version: 1, place: "list").head == head)
    }

    @Test("the hint and the boundary")
    func hintAndBoundary() throws {
        try check(LatestHint(checkpoint: 32), "latest.v1", format: LatestHint.currentFormat)
        try check(Boundary(version: 40, checkpoint: 64), "boundary.v1", format: Boundary.currentFormat)
    }

    @Test("checkpoint lists")
    func checkpointList() throws {
        var head = TableHead()
        try head.apply(firstCommit())
        let path = "00000000000000000001/manifest-0001-0123456789abcdef.ndjson.zst"
        let manifest = try #require(
            ManifestSummary(of: [try object()], path: path, checksum: "0123456789abcdef", overflow: false))
        let checkpoint = Checkpoint(head: head, manifests: [manifest])
        let canonical = try golden("checkpoint-list.v1.canonical.ndjson")
        #expect(
            String(decoding: try ManifestCodec.encode(checkpoint), as: UTF8.self)
                == String(decoding: canonical, as: UTF8.self))
        for name in ["checkpoint-list.v1.ndjson", "checkpoint-list.v1.canonical.ndjson"] {
            #expect(try ManifestCodec.decodeList(golden(name), version: 1, place: name) == checkpoint)
        }
    }

    private func firstCommit() throws -> Commit {
        var first = try commit()
        (first.version, first.parent, first.removed, first.remove) = (1, nil, [], [])
        first.kind = .vacuum
        first.horizon = try time("2026-11-20T00:00:00.000Z")
        return first
    }

    @Test("a newer format is one clear refusal, for every file")
    func newerFormat() async throws {
        for name in ["commit.v1.json", "latest.v1.json", "boundary.v1.json"] {
            let text = String(decoding: try golden(name), as: UTF8.self)
            let newer = text.replacing(/"format"\s*:\s*1/, with: "\"format\": 2, \"shape\": \"unheard of\"")
            #expect(newer != text)
            let refusal = await refusal {
                try CatalogJSON.decode(Commit.self, from: Array(newer.utf8), format: 1, place: name)
            }
            #expect(refusal?.description == "\(name) has format 2, which is newer than this program; upgrade varve")
        }
    }
}
