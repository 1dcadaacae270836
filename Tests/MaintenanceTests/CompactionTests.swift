import Catalog
import Compression
import LakeModel
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@testable import Maintenance

extension MaintenanceLake {
    /// Plans and compacts as `varve compact` does; everything is cold.
    @discardableResult
    func compact(
        _ table: Table, seed: UInt64 = 1, formats: RowFormats = .all,
        configure: (inout CompactionPolicy, inout Compactor) -> Void = { _, _ in }
    ) async throws -> [CompactionOutcome] {
        var policy = CompactionPolicy()
        policy.coldAfterMilliseconds = 0
        var compactor = Compactor(table: table, writer: Self.writer, formats: formats)
        configure(&policy, &compactor)
        let plan = try await CompactionPlan.make(try await table.snapshot(), policy: policy, now: clock.now())
        var generator = SeededGenerator(seed: seed)
        var outcomes: [CompactionOutcome] = []
        _ = try await compactor.run(plan.groups, policy: policy, using: &generator) { outcomes.append($0) }
        return outcomes
    }

    /// The lines of an object, read without the readers under test.
    func lines(_ object: DataObject) async throws -> [String] {
        guard let key = ObjectKey("\(name)/\(object.path)") else { throw CheckFailure("no key") }
        let plain = try Self.plain(try await inner.get(key, range: nil, bytesMax: 1 << 30).bytes, of: object)
        return String(decoding: plain, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

@Suite("compaction")
struct CompactionTests {
    @Test("small objects become one, sorted by topic partition and offset, and every line stays as it is")
    func merge() async throws {
        let lake = try MaintenanceLake(seed: 1)
        let table = try await lake.open()
        for _ in 0..<7 { try await lake.append(table, partitions: [0, 1, 2]) }
        let outcomes = try await lake.compact(table)
        #expect(outcomes.map(\.state) == [.done])
        let objects = try await table.snapshot().objects(.everything)
        let object = try #require(objects.first)
        #expect(objects.count == 1)
        #expect(object.records == 126)
        let events = try await lake.lines(object).map { try MaintenanceLake.parse($0[...]) }
        #expect(events == events.sorted())
        #expect(object.eventTime == TimeSpan(min: lake.time(hour: 1, 0), max: lake.time(hour: 1, 41)))
        try await lake.check(seed: 1)
        #expect(try await lake.audit().isEmpty)
        #expect(try await lake.compact(table).isEmpty)
        let verified = try await TableVerifier(table: table, depth: .everything).run { _, _ in }
        #expect(verified.findings.isEmpty, "\(verified.findings)")
    }

    @Test("sorting in little memory gives the same objects", arguments: [1, 200, 5000])
    func spilling(sortBytes: Int) async throws {
        var sums: [String] = []
        for sortBytesMax in [sortBytes, 64 << 20] {
            let lake = try MaintenanceLake(seed: 2)
            let table = try await lake.open()
            for _ in 0..<9 { try await lake.append(table, partitions: [2, 0, 1]) }
            try await lake.compact(table) { policy, compactor in
                compactor.sortBytesMax = sortBytesMax
                policy.order = sortBytes == 200 ? .eventTime : .offset
            }
            let object = try #require(try await table.snapshot().objects().first)
            sums.append(object.checksum.value)
            try await lake.check(seed: 2)
        }
        #expect(Set(sums).count == 1)
    }

    @Test("sides and hours are compacted apart")
    func sides() async throws {
        let lake = try MaintenanceLake(seed: 3)
        let table = try await lake.open()
        for hour in [1, 2] {
            for side in TableSide.allCases {
                for _ in 0..<3 { try await lake.append(table, hour: hour, side: side, tags: ["late"]) }
            }
        }
        let outcomes = try await lake.compact(table)
        #expect(outcomes.count == 6)
        #expect(outcomes.allSatisfy { $0.state == .done && $0.outputs.count == 1 && $0.outputs[0].tags == ["late"] })
        try await lake.check(seed: 3)
        #expect(try await lake.audit().isEmpty)
    }

    @Test("a group over the target becomes several objects with narrow spans")
    func target() async throws {
        let lake = try MaintenanceLake(seed: 4)
        let table = try await lake.open()
        for _ in 0..<6 { try await lake.append(table, partitions: [0], count: 3000) }
        let live = try await table.snapshot().objects()
        let spec = RewriteSpec(
            inputs: live, format: .envelope, encoding: EncodingOptions(level: 3, frameBytes: 20_000),
            targetBytes: live.reduce(0) { $0 + $1.bytes } / 4)
        let rewriter = Rewriter(store: lake.store, table: lake.name, formats: .lines)
        let result = try await rewriter.run(spec, commit: lake.id())
        #expect((3...6).contains(result.outputs.count), "\(result.outputs.count)")
        let spans = result.outputs.flatMap(\.offsets)
        for (before, after) in zip(spans, spans.dropFirst()) { #expect(before.last < after.first) }
        await rewriter.discard(result.outputs)
        try await lake.check(seed: 4)
    }

    @Test("value lines are joined in the order of their objects")
    func values() async throws {
        let lake = try MaintenanceLake(seed: 5)
        let table = try await lake.open()
        var expected: [String] = []
        for number in Int64(0)..<4 {
            let lines = (0..<5).map { "{\"n\":\(number * 5 + Int64($0))}" }
            expected += lines
            let plain = Array(lines.map { $0 + "\n" }.joined().utf8)
            let bytes = try zstdCompress(plain, level: 3)
            let path = "data/\(lake.partition(hour: 1))/v-\(9 - number).ndjson.zst"
            _ = try await lake.inner.put(bytes, to: try #require(ObjectKey("orders/\(path)")))
            let source = lake.source(0)
            let object = DataObject(
                path: path, partition: lake.partition(hour: 1), format: .value, bytes: Int64(bytes.count),
                uncompressedBytes: Int64(plain.count), records: 5, eventTime: nil,
                offsets: [OffsetSpan(source, first: number * 5, last: number * 5 + 4, count: 5)],
                checksum: Checksum(.crc64nvme, of: bytes), uploadedAt: lake.clock.now())
            let range = OffsetRange(source, from: number * 5, to: number * 5 + 5, events: 5)
            try await table.commit(
                Change(kind: .append, layout: MaintenanceLake.layout, offsets: [range], add: [object]), id: lake.id(),
                writer: MaintenanceLake.writer)
        }
        let outcome = try #require(try await lake.compact(table).first)
        #expect(outcome.state == .done, "\(outcome.problem ?? "")")
        let object = try #require(outcome.outputs.first)
        #expect(object.offsets == [OffsetSpan(lake.source(0), first: 0, last: 19, count: 20)])
        #expect(try await lake.lines(object) == expected)
        #expect(try await lake.audit().isEmpty)
    }

    @Test("of a key the last event stays; events without a key stay too")
    func lastOfKey() async throws {
        let lake = try MaintenanceLake(seed: 6)
        let table = try await lake.open()
        for _ in 0..<4 { try await lake.append(table, partitions: [0, 1], count: 10) }
        let outcome = try #require(
            try await lake.compact(table) { policy, _ in policy.keepsLastOfKey = true }.first)
        #expect(outcome.state == .done, "\(outcome.problem ?? "")")
        // Seven keys in each topic partition, by offset modulo seven.
        let found = try await lake.contents().keys.sorted()
        let expected = [Int32(0), 1].flatMap { partition in
            (33..<40).map { ModelEvent(source: lake.source(partition), offset: Int64($0)) }
        }
        #expect(found == expected)
        #expect(outcome.droppedRecords == 66)
        #expect(try await lake.audit().isEmpty)
        #expect(try await lake.compact(table) { policy, _ in policy.keepsLastOfKey = true }.isEmpty, "it is done")
    }

    @Test("a partition too large for its last events to be found in memory is left alone, and said")
    func lastOfKeyTooLarge() async throws {
        let lake = try MaintenanceLake(seed: 6)
        let table = try await lake.open()
        for _ in 0..<4 { try await lake.append(table, partitions: [0, 1], count: 10) }
        let outcome = try #require(
            try await lake.compact(table) { policy, compactor in
                policy.keepsLastOfKey = true
                compactor.memoryBytesMax = 1 << 20
            }.first)
        #expect(outcome.state == .skipped)
        #expect(outcome.problem?.contains("give more memory, or have more shards") == true)
        try await lake.check(seed: 6)
    }

    @Test("what would have to be sorted beyond the memory is left alone, and said; what is in order is not")
    func tooLargeToSort() async throws {
        for partitions in [[0, 1], [0]] as [[Int32]] {
            let lake = try MaintenanceLake(seed: 61)
            let table = try await lake.open()
            try await lake.append(table, partitions: partitions, count: 10)
            let outcome = try #require(
                try await lake.compact(table) { policy, compactor in
                    policy.format = .parquet
                    compactor.memoryBytesMax = 32 << 20
                }.first)
            #expect(outcome.state == (partitions.count > 1 ? .skipped : .done), "\(outcome.problem ?? "")")
            let says = "32 are allowed; give more memory, or do not sort"
            #expect(partitions.count == 1 || outcome.problem?.contains(says) == true)
            try await lake.check(seed: 61)
        }
    }

    @Test("a reader that loses or doubles events is stopped before the commit", arguments: [0, 2])
    func unbalanced(copies: Int) async throws {
        let lake = try MaintenanceLake(seed: 7)
        let table = try await lake.open()
        for _ in 0..<3 { try await lake.append(table) }
        let version = await table.head().version
        let formats = RowFormats(
            reader: { _, store, name in
                CopyingReader(inner: LineRowReader(store: store, table: name), copies: copies)
            }, encoder: RowFormats.lines.encoder)
        let outcomes = try await lake.compact(table, formats: formats)
        #expect(outcomes.map(\.state) == [.failed])
        #expect(outcomes.first?.problem?.contains("nothing was committed") == true)
        #expect(try await table.refresh().version == version)
        #expect(try await lake.listing().count { $0.contains("/data/") } == 3)
        try await lake.check(seed: 7)
    }

    @Test("an input that is damaged stops its group, and names itself")
    func damaged() async throws {
        let lake = try MaintenanceLake(seed: 8)
        let table = try await lake.open()
        let bad = try await lake.append(table)
        try await lake.append(table)
        let key = try #require(ObjectKey("orders/\(bad.path)"))
        var bytes = try await lake.inner.get(key, range: nil, bytesMax: 1 << 20).bytes
        bytes[bytes.count / 2] ^= 1
        _ = try await lake.inner.put(bytes, to: key)
        let outcome = try #require(try await lake.compact(table).first)
        #expect(outcome.state == .failed)
        #expect(outcome.problem?.contains(bad.path) == true)
        #expect(try await lake.listing().count { $0.contains("/data/") } == 2)
    }

    @Test("a large object is uploaded in parts")
    func multipart() async throws {
        let lake = try MaintenanceLake(seed: 9)
        var generator = SeededGenerator(seed: 9)
        let noise = (0..<(1 << 20)).map { _ in UInt8(ascii: "A") + UInt8(generator.next() % 26) }
        let sources = RowSources(of: [])
        let encoder = try LineRowEncoder(EncodingOptions(level: 1))
        let store = PartSizes(inner: lake.inner)
        let output = try ObjectOutput(
            store: store, table: lake.name, path: "data/\(lake.partition(hour: 1))/big.ndjson.zst",
            options: PutOptions(), encoder: encoder, sources: sources, partBytes: 1)
        for _ in 0..<19 {
            try noise.withUnsafeBytes { try output.append(StoredRow(line: $0, front: nil)) }
            if output.hasPart { try await output.send() }
        }
        let object = try await output.finish(
            side: .main, partition: lake.partition(hour: 1), format: .value, spans: [], times: nil, tags: [])
        let sizes = store.sizes.withLock(\.self)
        #expect(sizes.count > 2 && Set(sizes.dropLast()).count == 1, "some stores demand one size: \(sizes)")
        var lines = 0
        try await ObjectLineReader(store: lake.inner, table: lake.name).forEachLine(of: object) { line in
            lines += line.elementsEqual(noise) ? 1 : 0
            return true
        }
        #expect(lines == 19)
    }
}

/// Notes how large the parts of uploads are.
private final class PartSizes: ForwardingStore {
    let inner: any ObjectStore
    let sizes = Mutex<[Int]>([])

    init(inner: any ObjectStore) { self.inner = inner }

    func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey) async throws(StoreError)
        -> UploadedPart
    {
        sizes.withLock { $0.append(body.count) }
        return try await inner.putPart(number, body, of: upload, to: key)
    }
}

/// Hands out each event several times, or never.
private struct CopyingReader: RowReading {
    var inner: LineRowReader
    var copies: Int

    func forEachRow(
        of object: DataObject, sources: RowSources, _ body: (StoredRow) throws -> Void, pause: () async throws -> Void
    ) async throws {
        try await inner.forEachRow(
            of: object, sources: sources, { row in for _ in 0..<copies { try body(row) } }, pause: pause)
    }
}
