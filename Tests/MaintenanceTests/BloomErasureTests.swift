import Catalog
import Compression
import Formats
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

/// Events of users that only few objects know, with all that can hide a value from a column.
private struct OddEvents {
    var random: SeededGenerator
    /// How often an event is not as the schema has it.
    var oddity = 0.0

    static let schema: [ShreddedField] = [
        .init("user", .string), .init("n", .int64), .init("a", .structure([.init("b", .string)])),
        .init("tags", .list(.string)), .init("any", .json),
    ]

    static let bloomFilters = BloomFilterFields(
        hasKey: true, fields: ["/user", "/n", "/a/b"].compactMap { JSONPointer($0) })

    mutating func envelope(_ offset: Int64, time: Timestamp, users: Range<Int>) -> String {
        let user = Int.random(in: users, using: &random)
        let key =
            switch Int.random(in: 0..<12, using: &random) {
            case 0: "\"key\":null"
            case 1: "\"key\":\"\""
            case 2: "\"key_base64\":\"//79\""
            default: "\"key\":\"k\(user)\""
            }
        return #"{"topic":"odd","partition":0,"offset":\#(offset),"timestamp":\#(time.milliseconds),"#
            + #""timestamp_type":"create",\#(key),\#(value(user))}"#
    }

    private mutating func value(_ user: Int) -> String {
        if random.chance(oddity * 0.1) { return #""tombstone":true,"value":null"# }
        if random.chance(oddity * 0.1) { return #""value_base64":"dXNlcj0x""# }
        return #""value":"# + (random.chance(oddity) ? odd(user) : plain(user))
    }

    private mutating func plain(_ user: Int) -> String {
        let any = ["1", #""\#(user)""#, #"{"k":"\#(user)"}"#].randomElement(using: &random) ?? ""
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return #"{"user":null,"n":\#(user)}"#
        case 1: return #"{"n":-\#(user),"a":{"b":"\#(user)"}}"#
        case 2: return #"{"user":"\#(escaped("\(user)"))","any":\#(any)}"#
        default: return #"{"user":"\#(user)","n":\#(user),"a":{"b":"u\#(user)"},"tags":["\#(user)"]}"#
        }
    }

    private mutating func odd(_ user: Int) -> String {
        let text = "\(user)"
        let all = [
            #"{"user":\#(text)}"#, #"{"user":"x","user":"\#(text)"}"#, #"{"n":"\#(text)"}"#, #"{"n":\#(text).0}"#,
            #"{"a":"\#(text)"}"#, #"{"a":{"b":\#(text)}}"#, #"{"a":{"c":"\#(text)"}}"#, #"{"new":"\#(text)"}"#,
            #"["\#(text)"]"#, #""\#(text)""#, #"{"user":true}"#, #"{"\u0075ser":"\#(text)"}"#,
            #"{"a":[{"b":"\#(text)"}]}"#,
            #"{"user":"\#(text)","\u0075ser":"1"}"#, #"{"n":99999999999999999999}"#,
            #"{"user":null,"user":"\#(text)"}"#, #"{"a":{"b":"x"},"a":{"b":"\#(text)"}}"#,
            #"{"new":1,"new":"\#(text)"}"#,
        ]
        return all.randomElement(using: &random) ?? ""
    }

    private mutating func escaped(_ text: String) -> String {
        text.utf8.map { random.chance(0.5) ? "\\u00" + String($0, radix: 16) : String(UnicodeScalar($0)) }.joined()
    }
}

@Suite("erasures that ask Bloom filters")
struct BloomErasureTests {
    private static func shape() throws -> ParquetTableShape { .shredded(try ShreddedSchema(OddEvents.schema), .rest) }

    /// Parquet objects, each of an hour and of users of its own.
    private func fill(
        _ lake: MaintenanceLake, _ table: Table, seed: UInt64, hours: Int, shreds: Bool, count: Int = 60,
        oddity: [Double] = [0, 0, 0.02, 0.5]
    ) async throws {
        var events = OddEvents(random: SeededGenerator(seed: seed))
        let source = TopicPartition(topic: "odd", partition: 0)
        for hour in 0..<hours {
            events.oddity = oddity.randomElement(using: &events.random) ?? 0
            let first = Int64(hour * count)
            let lines = (first..<first + Int64(count)).map {
                events.envelope($0, time: lake.time(hour: hour, $0), users: hour * 7..<hour * 7 + 12)
            }
            let plain = Array(lines.map { $0 + "\n" }.joined().utf8)
            let bytes = try zstdCompress(plain, level: 1)
            let path = "data/\(lake.partition(hour: hour))/odd-\(hour).ndjson.zst"
            let info = try await lake.inner.put(bytes, to: try #require(ObjectKey("orders/\(path)")))
            let object = DataObject(
                path: path, partition: lake.partition(hour: hour), format: .envelope, bytes: Int64(bytes.count),
                uncompressedBytes: Int64(plain.count), records: Int64(count),
                eventTime: TimeSpan(min: lake.time(hour: hour, first), max: lake.time(hour: hour, first + 59)),
                offsets: [OffsetSpan(source, first: first, last: first + Int64(count) - 1, count: Int64(count))],
                checksum: Checksum(.crc64nvme, of: bytes), uploadedAt: info.modifiedAt)
            let range = OffsetRange(source, from: first, to: first + Int64(count), events: Int64(count))
            let change = Change(kind: .append, layout: MaintenanceLake.layout, offsets: [range], add: [object])
            try await table.commit(change, id: lake.id(), writer: MaintenanceLake.writer)
        }
        let outcomes = try await lake.compact(table, seed: seed &+ 1) { policy, compactor in
            (policy.format, policy.newPercent, policy.shreds) = (.parquet, 0, shreds ? true : nil)
            (compactor.shape, compactor.bloomFilters) = (shreds ? try? Self.shape() : nil, OddEvents.bloomFilters)
        }
        #expect(outcomes.allSatisfy { $0.state == .done }, "\(outcomes.compactMap(\.problem))")
    }

    private func eraser(_ lake: MaintenanceLake, _ table: Table, _ request: ErasureRequest) -> Eraser {
        var eraser = Eraser(table: table, request: request, clock: lake.clock, writer: MaintenanceLake.writer)
        (eraser.askedBytesMin, eraser.bloomFilters) = (0, OddEvents.bloomFilters)
        return eraser
    }

    /// Matching events by path: every row of every object, whatever filters say.
    private func matches(_ table: Table, _ request: ErasureRequest) async throws -> [String: Int64] {
        var found: [String: Int64] = [:]
        for object in try await table.snapshot().objects(.everything) {
            let reader = try #require(RowFormats.all.reader(object.format, table.store, table.name))
            let matcher = EventMatcher(request)
            var count: Int64 = 0
            try await reader.forEachRow(
                of: object, sources: RowSources(of: [object]), { if try matcher.matches($0) { count += 1 } },
                pause: {})
            if count > 0 { found[object.path] = count }
        }
        return found
    }

    @Test("what is ruled out never holds a match", arguments: 0..<16 as Range<UInt64>)
    func sound(seed: UInt64) async throws {
        let lake = try MaintenanceLake(seed: seed)
        let table = try await lake.open()
        let shreds = seed % 4 != 3
        try await fill(lake, table, seed: seed, hours: 8, shreds: shreds)
        var random = SeededGenerator(seed: seed &+ 99)
        var ruledOut: Int64 = 0
        let fields =
            shreds
            ? ["user", "n", "a.b", "/a.b", "a", "new", "any", "any.k", "tags", "/tags/0", "/0", "@key"]
            : ["user", "@key", "@key", "@key"]
        for _ in 0..<14 {
            let field = fields.randomElement(using: &random) ?? "user"
            let values = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                let user = Int.random(in: 0..<80, using: &random)
                return ["\(user)", "u\(user)", "-\(user)", "\(user).0", "k\(user)", "true"].randomElement(
                    using: &random)
                    ?? ""
            }
            let request = try ErasureRequest(where: field, ids: values, searchesRaw: random.chance(0.1))
            let expected = try await matches(table, request)
            let report = try await eraser(lake, table, request).plan(id: lake.id())
            let found = Dictionary(uniqueKeysWithValues: report.objects.map { ($0.before.path, $0.events) })
            #expect(found == expected, "seed \(seed): \(field) = \(values)")
            ruledOut += report.objectsFiltered
        }
        #expect(ruledOut > 0, "seed \(seed): nothing was ruled out")
    }

    @Test("an erasure takes out what it should, and what it writes has Bloom filters again", arguments: [true, false])
    func erasure(shreds: Bool) async throws {
        let lake = try MaintenanceLake(seed: 7)
        let table = try await lake.open()
        try await fill(lake, table, seed: 7, hours: 6, shreds: shreds)
        for (field, value) in [("@key", "k9"), ("user", "15"), ("n", "22"), ("@key", "k10")] {
            let request = try ErasureRequest(where: field, ids: [value])
            let expected = try await matches(table, request)
            var random = SeededGenerator(seed: UInt64(lake.pick(2...1_000_000_000)))
            let report = try await eraser(lake, table, request).run(id: lake.id(), using: &random)
            #expect(report.objects.count == expected.count && report.events == expected.values.reduce(0, +))
            #expect(try await matches(table, request).isEmpty)
        }
        let request = try ErasureRequest(where: "@key", ids: ["k3x"])
        let report = try await eraser(lake, table, request).plan(id: lake.id())
        let parquet = try await table.snapshot().objects(.everything).count { $0.format == .parquet }
        #expect(report.objectsFiltered + report.objectsPassedOver >= Int64(parquet) - 1)
        #expect(try await TableVerifier(table: table, depth: .everything).run { _, _ in }.findings.isEmpty)
        #expect(try await lake.audit().isEmpty)
    }

    @Test("a stranger costs two requests for each object at most, and a fraction of its bytes")
    func requests() async throws {
        let lake = try MaintenanceLake(seed: 8)
        let table = try await lake.open()
        try await fill(lake, table, seed: 8, hours: 3, shreds: true, count: 3000, oddity: [0])
        let objects = try await table.snapshot().objects(.everything)
        var eraser = eraser(lake, table, try ErasureRequest(where: "user = 'nobody'"))
        let report = try await eraser.plan(id: lake.id())
        #expect(report.objectsFiltered == Int64(objects.count) && report.objectsExamined == 0)
        #expect(report.requests.gets <= 2 * report.objectsFiltered)
        eraser.askedBytesMin = .max
        let whole = try await eraser.plan(id: lake.id())
        #expect(whole.objectsFiltered == 0 && whole.objectsExamined == Int64(objects.count))
        #expect(whole.events == report.events && whole.bytesAsked == 0)
    }

    @Test("a footer that cannot be read is no answer: the object is read, and its damage named")
    func damaged() async throws {
        let lake = try MaintenanceLake(seed: 9)
        let table = try await lake.open()
        try await fill(lake, table, seed: 9, hours: 1, shreds: true, oddity: [0])
        let object = try #require(try await table.snapshot().objects(.everything).first)
        let key = try #require(ObjectKey("orders/\(object.path)"))
        var bytes = try await lake.inner.get(key, range: nil, bytesMax: 1 << 30).bytes
        bytes[bytes.count - 20] ^= 0xFF
        bytes[bytes.count - 6] ^= 0xFF
        _ = try await lake.inner.put(bytes, to: key)
        let plan = try await eraser(lake, table, try ErasureRequest(where: "user = 'nobody'")).plan(id: lake.id())
        #expect(plan.unread.map(\.object.path) == [object.path])
        #expect(plan.unread.allSatisfy { $0.reason.contains("is damaged") })
    }
}
