import Catalog
import Compression
import Formats
import LakeModel
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@testable import Maintenance

@Suite("Parquet objects in maintenance")
struct ParquetMaintenanceTests {
    /// Fits every event of the lake but for one field in five.
    private static func shape() throws -> ParquetTableShape {
        .shredded(try ShreddedSchema([.init("n", .int64), .init("user", .string)]), .reject)
    }

    private static let shapes: [Bool] = [false, true]

    @discardableResult
    private func convert(_ lake: MaintenanceLake, _ table: Table, shreds: Bool) async throws -> [CompactionOutcome] {
        // Names of objects come from ids, which come from the seed.
        let seed = UInt64(lake.pick(2...1_000_000_000))
        let outcomes = try await lake.compact(table, seed: seed) { policy, compactor in
            (policy.format, policy.newPercent) = (.parquet, 0)
            (policy.shreds, compactor.shape) = (shreds ? true : nil, shreds ? try? Self.shape() : nil)
        }
        #expect(outcomes.allSatisfy { $0.state == .done }, "\(outcomes.compactMap(\.problem))")
        return outcomes
    }

    private func verify(_ table: Table) async throws -> [VerifyFinding] {
        try await TableVerifier(table: table, depth: .everything).run { _, _ in }.findings
    }

    @Test("lines become Parquet, Parquet is merged, and every event stays", arguments: shapes)
    func compaction(shreds: Bool) async throws {
        let lake = try MaintenanceLake(seed: 31)
        let table = try await lake.open()
        for round in 0..<3 {
            for side in TableSide.allCases {
                for _ in 0..<3 { try await lake.append(table, partitions: [0, 1, 2], count: 700, side: side) }
            }
            try await convert(lake, table, shreds: shreds)
            try await lake.check(seed: 31)
            #expect(try await verify(table).isEmpty, "round \(round)")
        }
        try await convert(lake, table, shreds: shreds)
        let objects = try await table.snapshot().objects(.everything)
        #expect(objects.count == 3)
        for object in objects where object.side != .deadLetter {
            #expect(object.format == .parquet && object.schemaID?.hasPrefix(shreds ? "shredded:" : "raw") == true)
            #expect(object.columns?.first?.name == (shreds ? "_key" : "key"))
        }
        #expect(objects.first { $0.side == .deadLetter }?.format == .envelope)
        #expect(try await convert(lake, table, shreds: shreds).isEmpty, "nothing is left to do")
        #expect(try await lake.audit().isEmpty)
    }

    @Test("raw rows become shredded ones, and what has no place there stays raw and is left alone")
    func shredding() async throws {
        let lake = try MaintenanceLake(seed: 32)
        let table = try await lake.open()
        for _ in 0..<3 { try await lake.append(table, count: 50) }
        try await putOddities(lake, table)
        try await convert(lake, table, shreds: false)
        try await convert(lake, table, shreds: true)
        try await lake.check(seed: 32)
        #expect(try await verify(table).isEmpty)
        let objects = try await table.snapshot().objects(.everything)
        let leftover = try #require(objects.first { $0.schemaID == "raw" })
        #expect(objects.count == 2 && leftover.records == 2 && leftover.tags == ["unshredded"])
        #expect(try await convert(lake, table, shreds: true).isEmpty)
        #expect(try await lake.audit().isEmpty)
    }

    @Test("columns are found in the events where the table infers them", arguments: shapes)
    func inference(fromRaw: Bool) async throws {
        let lake = try MaintenanceLake(seed: 38)
        let table = try await lake.open()
        for _ in 0..<3 { try await lake.append(table, count: 50) }
        try await putOddities(lake, table)
        if fromRaw { try await convert(lake, table, shreds: false) }
        func infer() async throws -> [CompactionOutcome] {
            try await lake.compact(table, seed: UInt64(lake.pick(2...1_000_000_000))) { policy, compactor in
                (policy.format, policy.shreds, policy.newPercent) = (.parquet, true, 0)
                compactor.infersShape = true
            }
        }
        #expect(try await infer().map(\.state) == [.done])
        try await lake.check(seed: 38)
        #expect(try await verify(table).isEmpty)
        let objects = try await table.snapshot().objects(.everything).sorted { $0.records > $1.records }
        #expect(objects.map(\.records) == [300, 2])
        let names = try #require(objects.first?.columns).map(\.name)
        #expect(names.contains("n") && names.contains("user"), "\(names)")
        #expect(objects.last?.schemaID == "raw" && objects.last?.tags == ["unshredded"])
        #expect(try await infer().isEmpty, "nothing is left to do")
        #expect(try await lake.audit().isEmpty)
    }

    @Test("columns are compressed anew with the fields that they have, once", arguments: shapes)
    func recompression(shreds: Bool) async throws {
        let lake = try MaintenanceLake(seed: 39)
        let table = try await lake.open()
        for _ in 0..<2 { try await lake.append(table, count: 2000) }
        try await convert(lake, table, shreds: shreds)
        let before = try #require(try await table.snapshot().objects().first)
        lake.clock.advance(by: .seconds(100 * 86_400))
        let rule = LifecycleRule(name: "pack", action: .recompress(level: 19), after: .seconds(86_400))
        let lifecycle = Lifecycle(
            table: table, policy: LifecyclePolicy(rules: [rule]), clock: lake.clock, writer: MaintenanceLake.writer)
        var random = SeededGenerator(seed: 40)
        var outcomes: [LifecycleOutcome] = []
        for _ in 0..<2 { try await lifecycle.apply(using: &random) { outcomes.append($0) } }
        let after = try #require(outcomes.first?.replacement)
        #expect(outcomes.count == 1 && outcomes.first?.problem == nil)
        #expect(after.schemaID == before.schemaID && after.columns == before.columns && after.tags == ["zstd:19"])
        #expect(after.bytes < before.bytes && after.checksum != before.checksum)
        #expect(after.eventTime == before.eventTime && after.offsets == before.offsets)
        try await lake.check(seed: 39)
        #expect(try await verify(table).isEmpty)
    }

    @Test("an entry that states other event times than its events have is found by a deep look")
    func wrongTimes() async throws {
        let lake = try MaintenanceLake(seed: 41)
        let table = try await lake.open()
        try await lake.append(table)
        let source = lake.source(5)
        var object = try await lake.put((0..<9).map { ModelEvent(source: source, offset: $0) }, hour: 2)
        let span = try #require(object.eventTime)
        object.eventTime = TimeSpan(min: span.min, max: span.max.advanced(byMilliseconds: -2))
        let change = Change(kind: .append, offsets: [OffsetRange(source, from: 0, to: 9, events: 9)], add: [object])
        try await table.commit(change, id: lake.id(), writer: MaintenanceLake.writer)
        let findings = try await verify(table)
        #expect(findings.map(\.kind) == [.damagedObject] && findings.first?.place == object.path)
        #expect(findings.first?.detail.hasPrefix("2 of its events lie outside of its event times") == true)
    }

    /// A tombstone and a payload that is no JSON, after the lake's own events.
    private func putOddities(_ lake: MaintenanceLake, _ table: Table) async throws {
        let source = lake.source(7)
        let lines = [#""tombstone":true,"value":null"#, #""value_base64":"/w==""#].enumerated().map { offset, rest in
            #"{"topic":"orders","partition":7,"offset":\#(offset),"timestamp":\#(lake.time(hour: 1, 0).milliseconds),"#
                + #""timestamp_type":"create","key":null,\#(rest)}"#
        }
        let plain = Array(lines.map { $0 + "\n" }.joined().utf8)
        let bytes = try zstdCompress(plain, level: 3)
        let path = "data/\(lake.partition(hour: 1))/odd.ndjson.zst"
        _ = try await lake.inner.put(bytes, to: try #require(ObjectKey("orders/\(path)")))
        let time = lake.time(hour: 1, 0)
        let object = DataObject(
            path: path, partition: lake.partition(hour: 1), format: .envelope, bytes: Int64(bytes.count),
            uncompressedBytes: Int64(plain.count), records: 2, eventTime: TimeSpan(min: time, max: time),
            offsets: [OffsetSpan(source, first: 0, last: 1, count: 2)], checksum: Checksum(.crc64nvme, of: bytes),
            uploadedAt: lake.clock.now())
        let range = OffsetRange(source, from: 0, to: 2, events: 2)
        try await table.commit(
            Change(kind: .append, offsets: [range], add: [object]), id: lake.id(), writer: MaintenanceLake.writer)
        lake.model.withLock { model in
            for (offset, line) in lines.enumerated() {
                model[ModelEvent(source: source, offset: Int64(offset))] = .init(side: .main, line: line)
            }
        }
    }

    @Test("events of one user are erased from columns as from lines", arguments: shapes)
    func erasure(shreds: Bool) async throws {
        let lake = try MaintenanceLake(seed: 33)
        let table = try await lake.open()
        for side in TableSide.allCases { for _ in 0..<3 { try await lake.append(table, count: 300, side: side) } }
        try await convert(lake, table, shreds: shreds)
        let before = try await table.snapshot().objects(.everything).map(\.schemaID)
        let report = try await lake.erase(table, user: 3)
        #expect(report.objects.count == 3)
        #expect(Set(try await table.snapshot().objects(.everything).map(\.schemaID)) == Set(before))
        try await lake.check(seed: 33)
        #expect(try await verify(table).isEmpty)
        #expect(try await lake.audit().isEmpty)
        #expect(try await lake.erase(table, user: 3, seed: 6).objects.isEmpty)
    }

    @Test("of a key the last event stays")
    func lastOfKey() async throws {
        let lake = try MaintenanceLake(seed: 34)
        let table = try await lake.open()
        for _ in 0..<4 { try await lake.append(table, partitions: [0], count: 10) }
        try await convert(lake, table, shreds: true)
        for _ in 0..<2 { try await lake.append(table, partitions: [0], count: 10) }
        try await convert(lake, table, shreds: true)
        try await lake.compact(table) { policy, _ in policy.keepsLastOfKey = true }
        #expect(try await lake.contents().keys.map(\.offset).sorted() == Array(53..<60))
        #expect(try await lake.audit().isEmpty)
    }

    @Test("erasing a key reads only the objects whose bounds have room for it", arguments: shapes)
    func erasedByKey(shreds: Bool) async throws {
        let lake = try MaintenanceLake(seed: 36)
        let table = try await lake.open()
        for hour in 0..<3 { for _ in 0..<2 { try await lake.append(table, count: 70, hour: hour) } }
        try await convert(lake, table, shreds: shreds)
        // Keys are k0 to k6, in every object.
        for (key, objects) in [("k", 0), ("k3", 3), ("k65", 0), ("k3", 3), ("k5", 3)] {
            let request = try ErasureRequest(where: "@key = '\(key)'", ids: ["z", "a"])
            let eraser = Eraser(table: table, request: request, clock: lake.clock, writer: MaintenanceLake.writer)
            var random = SeededGenerator(seed: UInt64(lake.pick(2...1_000_000_000)))
            let report = try await eraser.run(id: lake.id(), using: &random)
            let matching = Set(lake.events.keys.filter { "k\($0.offset % 7)" == key })
            #expect(report.objectsPassedOver == 3 - objects && report.events == matching.count, "\(key)")
            lake.forget(matching)
            try await lake.check(seed: 36)
        }
        #expect(try await verify(table).isEmpty)
    }

    @Test("bounds of a key column decide what is read; without them everything is")
    func candidates() throws {
        let lake = try MaintenanceLake(seed: 37)
        var object = DataObject(
            path: "data/x.parquet", partition: lake.partition(hour: 1), format: .parquet, bytes: 1,
            uncompressedBytes: 1, records: 9, eventTime: nil, offsets: [],
            checksum: Checksum(algorithm: .crc32c, value: ""), schemaID: "raw", uploadedAt: lake.clock.now())
        func contains(_ ids: [String], min: String? = "b", max: String? = "dd", nulls: Int64 = 0) throws -> Bool {
            object.columns = [ColumnStatistics(name: "key", kind: .text, nulls: nulls, min: min, max: max)]
            return ErasureCandidates(try ErasureRequest(where: "@key", ids: ids)).contain(object)
        }
        for inside in ["b", "c", "dd", "d", "b\u{0}"] { #expect(try contains(["a", inside, "z"]), "\(inside)") }
        for outside in ["a", "ddd", "e", "B", "a\u{FFFF}"] { #expect(try !contains(["A", outside]), "\(outside)") }
        #expect(try !contains(["b"], min: nil, max: nil, nulls: 9), "no event has a key")
        #expect(try contains(["b"], min: nil, max: nil, nulls: 8))
        object.columns = nil
        #expect(ErasureCandidates(try ErasureRequest(where: "@key = 'a'")).contain(object))
        object.columns = [ColumnStatistics(name: "user", kind: .text, nulls: 0, min: "x", max: "y")]
        #expect(ErasureCandidates(try ErasureRequest(where: "user = 'a'")).contain(object), "`_rest` may have it")
    }

    @Test("a damaged object is found by a deep look and named", arguments: 0..<40 as Range<UInt64>)
    func damage(seed: UInt64) async throws {
        let lake = try MaintenanceLake(seed: seed)
        let table = try await lake.open()
        for _ in 0..<2 { try await lake.append(table, count: 200) }
        try await convert(lake, table, shreds: seed % 2 == 0)
        let object = try #require(try await table.snapshot().objects().first)
        let key = try #require(ObjectKey("orders/\(object.path)"))
        var bytes = try await lake.inner.get(key, range: nil, bytesMax: 1 << 30).bytes
        var random = SeededGenerator(seed: seed)
        // Near the end, where the footer is, as often as elsewhere.
        let start = random.chance(0.5) ? max(0, bytes.count - 600) : 0
        let place = Int.random(in: start..<bytes.count, using: &random)
        bytes[place] ^= UInt8.random(in: 1...255, using: &random)
        _ = try await lake.inner.put(bytes, to: key)
        let findings = try await verify(table)
        #expect(findings.contains { $0.kind == .damagedObject }, "seed \(seed), byte \(place): \(findings)")
    }
}
