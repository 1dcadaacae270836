import Foundation
import LakeModel
import TestSupport
import Testing

@testable import Formats

@Suite("Looking for a value in a file's footer and Bloom filters")
struct FieldProbeTests {
    /// Rows in several groups, with Bloom filters on every column that takes one.
    static func write(_ payloads: [String], _ schema: ShreddedSchema, keys: [[UInt8]?] = []) throws -> [UInt8] {
        let shape = ParquetTableShape.shredded(schema, .rest)
        let filters = BloomFilterFields(hasKey: true, fields: pointers(schema.fields))
        var settings = ParquetWriterSettings()
        (settings.pageRows, settings.rowGroupRows) = (20, 60)
        let rows = try ParquetTableRows(shape)
        let sink = ByteSink()
        let file = try ParquetFileWriter(
            schema: shape.schema(), settings: shape.settings(settings, bloomFilters: filters)
        ) { sink.bytes.append(contentsOf: $0) }
        let parser = JSONParser()
        for (offset, payload) in payloads.enumerated() {
            var event = StoredEvent(
                TopicPartition(topic: "t", partition: 0), offset: Int64(offset), timestamp: nil, timestampType: .none,
                key: keys.isEmpty ? nil : keys[offset % keys.count], value: Array(payload.utf8))
            event.headers = []
            let prefix = RawTablePrefix(topic: "t", partition: 0)
            let outcome = try event.withEvent { lent, headers throws(ParquetError) in
                try rows.append(lent, prefix: prefix, headers: headers, parser: parser)
            }
            guard outcome == .written else { throw CheckFailure("not written: \(payload)") }
            if offset % 20 == 19 { try file.write(rows.take()) }
        }
        try file.write(rows.take())
        _ = try file.close()
        return sink.bytes
    }

    /// Of every field, those of structures among them.
    private static func pointers(_ fields: [ShreddedField], _ parent: String = "") -> [JSONPointer] {
        fields.flatMap { field -> [JSONPointer] in
            let step = field.name.replacing("~", with: "~0").replacing("/", with: "~1")
            let path = "\(parent)/\(step)"
            let own = JSONPointer(path).map { [$0] } ?? []
            if case .structure(let inner) = field.type { return own + pointers(inner, path) }
            return own
        }
    }

    private static func text(_ scalar: JSONScalar?) -> [UInt8]? {
        switch scalar {
        case .string(let text), .number(let text): Array(text)
        case .bool(let value): Array((value ? "true" : "false").utf8)
        case .null, nil: nil
        }
    }

    static func mayHold(_ reader: ParquetTableReader, _ field: ParquetFieldProbe.Field, _ value: [UInt8]) throws
        -> Bool
    {
        guard let probe = ParquetFieldProbe(field, values: [value]) else { return true }
        switch try probe.ask(reader) {
        case .no: return false
        case .maybe: return true
        case .filters: return try probe.askFilters(reader)
        }
    }

    static func open(_ bytes: [UInt8]) throws -> ParquetTableReader {
        try ParquetTableReader(try ParquetFileReader(ParquetMemorySource(bytes)))
    }

    @Test("never rules out a value that rows read back have", arguments: 0..<80 as Range<UInt64>)
    func sound(seed: UInt64) throws {
        var random = RandomPayloads(seed: seed)
        let oddity = [0, 0, 0.01, 0.3][Int(seed % 4)]
        let payloads = (0..<200).map { _ in random.next(oddity: oddity) }
        let schema = try ShreddedTableTests.infer(payloads.prefix(seed % 8 == 7 ? 3 : 100))
        let reader = try Self.open(try Self.write(payloads, schema))
        let strangers = ["/nobody", "/a", "/b/c", "/c~1d", "/z/0", "/ü"].compactMap { JSONPointer($0) }
        let pointers = Self.pointers(schema.fields) + strangers
        var found: [JSONPointer: Set<[UInt8]>] = [:]
        let parser = JSONParser()
        for group in 0..<reader.file.rowGroupCount {
            try reader.open(group: group)
            while let event = try reader.nextInGroup() {
                let value = try #require(event.value)
                value.withUnsafeBytes { bytes in
                    guard parser.parse(bytes).isValid else { return }
                    for pointer in pointers {
                        if let text = Self.text(parser.value(at: pointer)) { found[pointer, default: []].insert(text) }
                    }
                }
            }
        }
        var all = found.values.reduce(into: Set(["", "1", "-17", "true", "s"].map { Array($0.utf8) })) {
            $0.formUnion($1.prefix(15))
        }
        all.formUnion(all.prefix(20).map { $0 + [UInt8(ascii: "0")] })
        var ruledOut = 0
        for pointer in pointers {
            for value in all.union(found[pointer] ?? []) {
                let isThere = found[pointer]?.contains(value) ?? false
                let mayHold = try Self.mayHold(reader, .value(pointer), value)
                #expect(mayHold || !isThere, "seed \(seed): \(pointer) = \(String(decoding: value, as: UTF8.self))")
                if !mayHold { ruledOut += 1 }
            }
        }
        // Where nothing is odd columns hold all there is.
        #expect(ruledOut > 0 || oddity > 0, "seed \(seed): nothing was ruled out")
    }

    @Test(
        "values that stand elsewhere, or are written otherwise, are not missed",
        arguments: [
            // The field is text, numbers stand in `_rest`; and the other way round.
            ("/s", "1", #"{"s":1}"#, true), ("/s", "1", #"{"s":"1"}"#, true), ("/n", "1", #"{"n":"1"}"#, true),
            ("/n", "1.0", #"{"n":1.0}"#, true), ("/n", "1", #"{"n":1}"#, true), ("/n", "01", #"{"n":1}"#, false),
            ("/n", "1e0", #"{"n":1e0}"#, true), ("/n", "-9223372036854775808", #"{"n":-9223372036854775808}"#, true),
            ("/n", "9223372036854775808", #"{"n":9223372036854775808}"#, true), ("/n", "+1", #"{"n":1}"#, false),
            ("/s", "1", #"{"s":"\u0031"}"#, true), ("/s", "é", #"{"s":"\u00e9"}"#, true),
            ("/s", "e\u{301}", #"{"s":"é"}"#, false), ("/s", "1", #"{"s":"x","s":"1"}"#, true),
            ("/s", "1", #"{"s":null,"s":"1"}"#, true), ("/\u{73}", "1", #"{"\u0073":"1"}"#, true),
            ("/s", "null", #"{"s":null}"#, false), ("/s", "", #"{"s":""}"#, true), ("/s", "", #"{}"#, false),
            ("/g/t", "1", #"{"g":{"t":"1"}}"#, true), ("/g/t", "1", #"{"g":"1"}"#, true),
            ("/g", "1", #"{"g":"1"}"#, true), ("/g", "1", #"{"g":{"t":"1"}}"#, false),
            ("/g.t", "1", #"{"g.t":"1","g":{"t":"2"}}"#, true), ("/g/t", "2", #"{"g.t":"2","g":{"t":"1"}}"#, false),
            ("/j/k", "1", #"{"j":{"k":"1"}}"#, true), ("/j", "1", #"{"j":"1"}"#, true),
            ("/l/0", "1", #"{"l":["1"]}"#, true), ("/m/x", "1", #"{"m":{"x":"1"}}"#, true),
            ("/new", "1", #"{"new":"1"}"#, true), ("/new", "1", #"{"s":"1"}"#, false), ("/s/0", "1", #"["1"]"#, true),
            ("/u", "0123abcd-0000-4000-8000-0123456789ab", #"{"u":"0123abcd-0000-4000-8000-0123456789ab"}"#, true),
            ("/u", "0123ABCD-0000-4000-8000-0123456789AB", #"{"u":"0123ABCD-0000-4000-8000-0123456789AB"}"#, true),
            ("/u", "0123abcd-0000-4000-8000-0123456789ac", #"{"u":"0123abcd-0000-4000-8000-0123456789ab"}"#, false),
            ("/d", "1.0", #"{"d":1}"#, true), ("/b", "true", #"{"b":true}"#, true),
            ("/n", "1.0", #"{"n":1}"#, true), ("/n", "10e-1", #"{"n":1}"#, true), ("/n", "1.5", #"{"n":1}"#, false),
            ("/n", "1e400", #"{"n":1}"#, false), ("/d", "1", #"{"d":1}"#, true),
            ("/s", "2026-11-21T05:00:00Z", #"{"s":"2026-11-21T07:00:00+02:00"}"#, true),
        ] as [(String, String, String, Bool)])
    func adversaries(pointer: String, value: String, payload: String, mayHold: Bool) throws {
        let schema = try ShreddedSchema([
            .init("s", .string), .init("n", .int64), .init("g", .structure([.init("t", .string)])),
            .init("g.t", .string), .init("j", .json), .init("l", .list(.string)), .init("m", .map(.string)),
            .init("u", .uuid), .init("d", .double), .init("b", .boolean),
        ])
        let reader = try Self.open(try Self.write([payload], schema))
        let field = ParquetFieldProbe.Field.value(try #require(JSONPointer(pointer)))
        #expect(try Self.mayHold(reader, field, Array(value.utf8)) == mayHold)
    }

    @Test("keys are found whatever bytes they are, in dictionaries and beyond")
    func keys() throws {
        var keys: [[UInt8]?] = (0..<900).map { Array("key-\($0)".utf8) }
        keys += [nil, [], [0xFF, 0xFE], Array(repeating: 0x61, count: 5000)]
        let payloads = (0..<2 * keys.count).map { "{\"s\":\"\($0 % 3)\",\"new\":\($0)}" }
        let schema = try ShreddedSchema([.init("s", .string)])
        let reader = try Self.open(try Self.write(payloads, schema, keys: keys))
        for key in keys.compactMap(\.self) { #expect(try Self.mayHold(reader, .key, key)) }
        let strangers = try (0..<1000).count { try Self.mayHold(reader, .key, Array("other-\($0)".utf8)) }
        // Thirty row groups, each wrong once in a hundred times or less.
        #expect(strangers < 500, "\(strangers) of 1000")
        #expect(try Self.mayHold(reader, .value(try #require(JSONPointer("/s"))), [0x39]), "`_rest` is not null")
    }

    @Test("what filters there are for many values is not asked")
    func many() {
        let values = (0...ParquetFieldProbe.valuesMax).map { Array("\($0)".utf8) }
        #expect(ParquetFieldProbe(.key, values: values) == nil)
        #expect(ParquetFieldProbe(.key, values: values.dropLast()) != nil)
    }

    @Test(
        "other readers take the files and see the same", .enabled(if: Reference.python != nil, "\(Reference.missing)"))
    func others() async throws {
        let directory = try TemporaryDirectory("varve-bloom")
        let path = directory.path + "/rows.parquet"
        let keys = (0..<50).map { Array("key-\($0)".utf8) }
        let payloads = (0..<500).map { #"{"s":"user-\#($0 % 90)","n":\#($0 % 77),"g":{"t":"x\#($0 % 5)"}}"# }
        let schema = try ShreddedSchema([
            .init("s", .string), .init("n", .int64), .init("g", .structure([.init("t", .string)])),
        ])
        let bytes = try Self.write(payloads, schema, keys: keys)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try Data("{\"rows\":[\(try canonicalRows(bytes).joined(separator: ","))],\"uuid\":[]}".utf8)
            .write(to: URL(fileURLWithPath: directory.path + "/rows.json"))
        print(try await Reference.run("check", directory.path))
        let answer = try await Reference.run("bloom", path, "_key", "key-0", "key-49", "key-50", "nobody", "key-")
            .split(separator: "\n")
        #expect(answer.prefix(2).allSatisfy { $0 == "False" }, "\(answer)")
        #expect(answer.suffix(3).count { $0 == "True" } >= 2, "\(answer)")
        // DuckDB's probe counts columns otherwise where one before is nested; its scans do not.
        let texts = try await Reference.run("count", path, "s", "user-0", "user-89", "user-90")
        #expect(texts == "6 6\n5 5\n0 0\n")
        #expect(try await Reference.run("count", path, "n", "0", "76", "77") == "7 7\n6 6\n0 0\n")
    }
}
