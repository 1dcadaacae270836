import Foundation
import LakeModel
import TestSupport
import Testing

@testable import Formats

@Suite("Shredded tables")
struct ShreddedTableTests {
    static func write(
        _ payloads: [String], _ schema: ShreddedSchema, policy: ShreddedTableWriter.MisfitPolicy = .rest
    ) throws -> (bytes: [UInt8], outcomes: [ShredOutcome], writer: ShreddedTableWriter) {
        let sink = ByteSink()
        var settings = ParquetWriterSettings()
        (settings.pageRows, settings.rowGroupRows) = (70, 300)
        let writer = try ShreddedTableWriter(schema: schema, policy: policy, settings: settings) {
            sink.bytes.append(contentsOf: $0)
        }
        let parser = JSONParser()
        var outcomes: [ShredOutcome] = []
        let prefix = RawTablePrefix(topic: "clicks", partition: 1)
        for (offset, payload) in payloads.enumerated() {
            let outcome = try Array(payload.utf8).withUnsafeBytes { bytes in
                let event = Event(
                    source: 0, offset: Int64(offset), timestamp: 1000, timestampType: .create, key: nil, value: bytes)
                return try writer.append(event, prefix: prefix, headers: NoHeaders(), parser: parser)
            }
            outcomes.append(outcome)
        }
        _ = try writer.close()
        return (sink.bytes, outcomes, writer)
    }

    static func infer(_ payloads: some Sequence<String>) throws -> ShreddedSchema {
        var inference = SchemaInference()
        for payload in payloads { Array(payload.utf8).withUnsafeBytes { _ = inference.add($0) } }
        return try inference.schema()
    }

    @Test("hold every member of every payload, in its column or in _rest", arguments: 0..<60 as Range<UInt64>)
    func lossless(seed: UInt64) throws {
        var random = RandomPayloads(seed: seed)
        let oddity = [0, 0.05, 0.3][Int(seed % 3)]
        let payloads = (0..<400).map { _ in random.next(oddity: oddity) }
        let schema = try Self.infer(payloads.prefix(50))
        let (bytes, outcomes, _) = try Self.write(payloads, schema)
        #expect(outcomes.allSatisfy { $0 == .written }, "seed \(seed)")
        let rows = try ParquetRowReader(try ParquetFileReader(ParquetMemorySource(bytes)))
        for (number, payload) in payloads.enumerated() {
            guard let row = try rows.next() else { throw CheckFailure("row \(number) is missing, seed \(seed)") }
            let have = try Restored.payload(row, schema)
            let want = Restored.normal(try OrderedJSON(Array(payload.utf8), "payload"))
            guard have == want else {
                Issue.record("seed \(seed), row \(number): \(difference(have, want)): \(payload)")
                return
            }
        }
        #expect(try rows.next() == nil)
    }

    @Test("are read by the others as by us", .enabled(if: Reference.python != nil, "\(Reference.missing)"))
    func others() async throws {
        let directory = try TemporaryDirectory("varve-parquet")
        for seed in 100..<120 as Range<UInt64> {
            var random = RandomPayloads(seed: seed)
            let payloads = (0..<300).map { _ in random.next(oddity: 0.1) }
            let schema = try Self.infer(payloads.prefix(100))
            let (bytes, _, _) = try Self.write(payloads, schema)
            guard !Self.hasInnerUUID(schema) else { continue }
            try Self.leave(bytes, schema, at: "\(directory.path)/seed\(seed)")
        }
        let maps = try ShreddedSchema([.init("m", .map(.structure([.init("a", .int64)])))])
        let repeated = [#"{"m":{"k":{"a":1},"k":{"a":2}}}"#, #"{"m":{"k":{"a":1},"j":null,"k":{"zz":2}}}"#]
        try Self.leave(try Self.write(repeated, maps).bytes, maps, at: "\(directory.path)/maps")
        let edges = try Self.write(Self.edges.kept + Self.edges.beyond, try Self.edgeSchema()).bytes
        try Self.leave(edges, try Self.edgeSchema(), at: "\(directory.path)/edges")
        print(try await Reference.run("check", directory.path))
    }

    /// A file and the rows that a reference has to find in it.
    private static func leave(_ bytes: [UInt8], _ schema: ShreddedSchema, at path: String) throws {
        let uuids = schema.fields.indices.filter { schema.fields[$0].type == .uuid }.map { $0 + 7 }
        try Data(bytes).write(to: URL(fileURLWithPath: path + ".parquet"))
        try Data("{\"rows\":[\(try canonicalRows(bytes).joined(separator: ","))],\"uuid\":\(uuids)}".utf8)
            .write(to: URL(fileURLWithPath: path + ".json"))
    }

    /// DuckDB's text for a UUID is only put back at the top.
    private static func hasInnerUUID(_ schema: ShreddedSchema) -> Bool {
        func has(_ type: ShreddedType) -> Bool {
            switch type {
            case .uuid: true
            case .structure(let fields): fields.contains { has($0.type) }
            case .list(let inner), .map(let inner): has(inner)
            default: false
            }
        }
        return schema.fields.contains { $0.type != .uuid && has($0.type) }
    }

    @Test("count misfits and unknown fields, and reject by policy")
    func policies() throws {
        let schema = try ShreddedSchema([.init("n", .int64), .init("s", .structure([.init("t", .string)]))])
        let payloads = [
            #"{"n":1,"s":{"t":"x"}}"#, #"{"n":1.5,"s":{"t":"x","u":[1]}}"#, #"{"n":"1"}"#, "[1]", "7", "nope", "",
        ]
        let (bytes, outcomes, writer) = try Self.write(payloads, schema)
        #expect(
            outcomes == [.written, .written, .written, .written, .written, .rejected(.notJSON), .rejected(.notJSON)])
        #expect(writer.misfitCount == 4 && writer.unknownFieldCount == 1)
        let rows = try canonicalRows(bytes).map { $0.split(separator: ",").last.map(String.init) ?? "" }
        func hex(_ text: String) -> String { "\"" + text.utf8.map { String(format: "%02x", $0) }.joined() + "\"]" }
        #expect(rows[0] == "null]" && rows[1] == hex(#"{"/n":1.5,"/s/u":[1]}"#) && rows[3] == hex(#"{"":[1]}"#))
        let strict = try Self.write(payloads, schema, policy: .reject)
        #expect(strict.outcomes.prefix(5) == [.written, .misfit, .misfit, .misfit, .misfit])
        #expect(try canonicalRows(strict.bytes) == Array(try canonicalRows(bytes).prefix(1)))
    }

    @Test("keep a number that is beyond a float's range in _rest")
    func floats() throws {
        let schema = try ShreddedSchema([.init("f", .float)])
        let (bytes, _, writer) = try Self.write(
            [#"{"f":1e39}"#, #"{"f":-3.5e38}"#, #"{"f":3.4e38}"#, #"{"f":-1.5}"#], schema)
        #expect(writer.misfitCount == 2)
        let rows = try ParquetRowReader(try ParquetFileReader(ParquetMemorySource(bytes)))
        for want in [#"{"f":1e39}"#, #"{"f":-3.5e38}"#] {
            let row = try #require(try rows.next())
            #expect(try Restored.payload(row, schema) == Restored.normal(try OrderedJSON(Array(want.utf8), "payload")))
        }
    }

    @Test("infer a schema from payloads deeper than a schema goes, and from endless names")
    func inferenceIsBounded() throws {
        let deep = #"{"n":1,"d":"# + String(repeating: #"{"d":["#, count: 40) + "1" + String(repeating: "]}", count: 40)
        let schema = try Self.infer([deep + "}", #"{"n":2,"s":"x"}"#])
        #expect(schema.fields.map(\.name).sorted() == ["d", "n", "s"])
        let (_, outcomes, _) = try Self.write([deep + "}"], schema)
        #expect(outcomes == [.written])

        var inference = SchemaInference()
        for user in 0..<300 {
            let items = (0..<200).map { #""sku\#(user)-\#($0)":{"n":1}"# }.joined(separator: ",")
            Array(#"{"carts":{"u\#(user)":{\#(items)}},"n":\#(user)}"#.utf8).withUnsafeBytes { _ = inference.add($0) }
        }
        #expect(inference.placeCount <= SchemaInference.placesMax)
        #expect(try inference.schema().fields.contains { $0.name == "n" })
    }

    /// Readers hold the years 1 to 9999, and RFC 3339 writes no others.
    private static let edges = (
        kept: [
            #"{"t":"0001-01-01T00:00:00Z","d":"0001-01-01"}"#, #"{"t":"0001-01-01T01:00:00+01:00"}"#,
            #"{"t":"9999-12-31T23:59:59.999999Z","d":"9999-12-31"}"#, #"{"t":"9999-12-31T18:59:59-05:00"}"#,
        ],
        beyond: [
            #"{"t":"0001-01-01T00:00:00+01:00"}"#, #"{"t":"9999-12-31T23:59:59-05:00"}"#,
            #"{"t":"0000-12-31T23:59:59Z"}"#, #"{"t":"0000-12-31T23:59:59-05:00"}"#, #"{"d":"0000-12-31"}"#,
        ]
    )

    private static func edgeSchema() throws -> ShreddedSchema {
        try ShreddedSchema([.init("t", .timestamp), .init("d", .date)])
    }

    @Test("keep times and dates of other years than 1 to 9999 in _rest, as they were written")
    func years() throws {
        let (kept, _, writer) = try Self.write(Self.edges.kept, try Self.edgeSchema())
        #expect(writer.misfitCount == 0)
        let rows = try canonicalRows(kept)
        #expect(rows.allSatisfy { $0.hasSuffix(",null]") }, "\(rows)")
        let (beyond, _, other) = try Self.write(Self.edges.beyond, try Self.edgeSchema())
        #expect(other.misfitCount == Int64(Self.edges.beyond.count))
        for (row, payload) in zip(try canonicalRows(beyond), Self.edges.beyond) {
            let rest = payload.replacing("{\"", with: "{\"/").utf8.map { String(format: "%02x", $0) }.joined()
            #expect(row.hasSuffix(",null,null,\"\(rest)\"]"), "\(payload): \(row)")
        }
    }

    @Test("take a repeated member once and keep the others")
    func repeated() throws {
        let schema = try ShreddedSchema([.init("n", .int64), .init("m", .map(.int64))])
        let (bytes, _, _) = try Self.write([#"{"n":1,"n":2,"m":{"a":1,"a":2,"b":"x"}}"#], schema)
        let row = try #require(try canonicalRows(bytes).first)
        #expect(row.contains(",1,[[\"61\",1],[\"62\",null]],"))
        let rest = #"{"/n":2,"/m/a":2,"/m/b":"x"}"#.utf8.map { String(format: "%02x", $0) }.joined()
        #expect(row.hasSuffix("\"\(rest)\"]"))
    }
}
