import Foundation
import LakeModel
import TestSupport
import Testing

@Suite("The stored form of commits")
struct CodingTests {
    private let clock = ManualClock()

    /// A commit in which every optional part is present, so that its JSON shows every name.
    private func fullCommit() throws -> Commit {
        let day = try #require(CalendarDay("2026-11-21"))
        let source = TopicPartition(topic: "orders", partition: 3)
        let id = try #require(CommitID("0123456789abcdef0123456789abcdef"))
        let object = DataObject(
            path: "data/date=2026-11-21/hour=05/shard=0003/x.ndjson.zst", side: .deadLetter,
            partition: PartitionPath(date: day, hour: 5, shard: 3), format: .envelope, bytes: 10,
            uncompressedBytes: 100,
            records: 2, eventTime: TimeSpan(min: clock.now(), max: clock.now()),
            offsets: [OffsetSpan(source, first: 4, last: 6, count: 2)],
            checksum: Checksum(algorithm: .crc64nvme, value: "ae8b14860a799888"), schemaID: "s",
            uploadedAt: clock.now(),
            tags: ["late"])
        return Commit(
            version: 1, id: id, parent: id, kind: .append, at: clock.now(),
            writer: WriterIdentity(id: "w", host: "h", program: "varve 0.1.0"), reason: "test",
            layout: TableLayout(granularity: .hour, zone: "UTC", shards: 4, time: "kafka", shardBy: "partition"),
            offsets: [OffsetRange(source, from: 4, to: 7, events: 2, watermark: clock.now())], add: [object],
            remove: ["data/y"], removed: [SideTotals(side: .main, objects: 1)], horizon: clock.now(),
            closed: [LakeHour(date: day, hour: 5)])
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// All member names in a JSON value, at every depth.
    private func names(_ value: Any) -> Set<String> {
        if let members = value as? [String: Any] {
            return members.reduce(into: []) { $0.formUnion(names($1.value).union([$1.key])) }
        }
        return (value as? [Any] ?? []).reduce(into: []) { $0.formUnion(names($1)) }
    }

    @Test("every name is snake_case and none ever changes")
    func stableNames() throws {
        let text = try json(try fullCommit())
        let found = names(try JSONSerialization.jsonObject(with: Data(text.utf8)))
        let expected: Set<String> = [
            "add", "algorithm", "at", "bytes", "checksum", "closed", "count", "date", "event_time", "events", "first",
            "format", "from", "granularity", "horizon", "host", "hour", "id", "kind", "last", "layout", "max", "min",
            "objects", "offsets", "parent", "partition", "path", "program", "reason", "records", "remove", "removed",
            "schema_id", "shard", "shard_by", "shards", "side", "tags", "time", "to", "topic", "uncompressed_bytes",
            "uploaded_at", "value", "version", "watermark", "writer", "zone",
        ]
        #expect(found == expected)
        #expect(found.allSatisfy { $0.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil })
    }

    @Test("a commit is read back as it was written")
    func roundTrip() throws {
        let commit = try fullCommit()
        let data = Data(try json(commit).utf8)
        #expect(try JSONDecoder().decode(Commit.self, from: data) == commit)
    }

    @Test("times, days and ids are strings, absent parts are absent")
    func shapes() throws {
        #expect(try json([clock.now()]) == #"["2026-11-21T05:00:00.000Z"]"#)
        #expect(try json([clock.now().day]) == #"["2026-11-21"]"#)
        let id = try #require(CommitID("0123456789abcdef0123456789abcdef"))
        #expect(try json([id]) == #"["0123456789abcdef0123456789abcdef"]"#)
        let path = PartitionPath(date: clock.now().day, hour: nil, shard: 1)
        #expect(try json(path) == #"{"date":"2026-11-21","shard":1}"#)
    }

    @Test("values of enums are as they were first stored")
    func enumValues() {
        #expect(CommitKind.allCases.map(\.rawValue) == ["append", "compact", "lifecycle", "vacuum", "erase", "adopt"])
        #expect(TableSide.allCases.map(\.rawValue) == ["main", "late", "dead_letter"])
        #expect(DataFormat.allCases.map(\.rawValue) == ["envelope", "value", "parquet"])
        #expect(Checksum.Algorithm.allCases.map(\.rawValue) == ["crc32c", "crc64nvme", "sha256"])
        #expect(TableLayout.Granularity.allCases.map(\.rawValue) == ["hour", "day"])
    }

    @Test(
        "a value that breaks its rule is a decoding error, not a trap",
        arguments: [
            #"{"date":"2026-02-30","shard":1}"#, #"{"date":"2026-02-03","shard":-1}"#,
            #"{"date":"2026-02-03","shard":65536}"#,
            #"{"date":"2026-02-03","hour":256,"shard":1}"#, #"{"date":20260203,"shard":1}"#,
        ])
    func brokenValues(_ text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(PartitionPath.self, from: Data(text.utf8)) }
    }
}
