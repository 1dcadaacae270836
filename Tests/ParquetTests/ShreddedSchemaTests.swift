import TestSupport
import Testing

@testable import Formats

@Suite("Shredded schemas")
struct ShreddedSchemaTests {
    @Test("come from JSON Schema, with references and what has no column as json")
    func jsonSchema() throws {
        let text = """
            {"type": "object", "$defs": {"money": {"type": ["number", "null"]}}, "properties": {
              "id": {"type": "string", "format": "uuid"}, "at": {"type": "string", "format": "date-time"},
              "n": {"type": "integer"}, "small": {"type": "integer", "format": "int32"},
              "price": {"$ref": "#/$defs/money"}, "tags": {"type": "array", "items": {"type": "string"}},
              "labels": {"type": "object", "additionalProperties": {"type": "boolean"}},
              "either": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
              "user": {"type": "object", "properties": {"born": {"type": "string", "format": "date"}}}}}
            """
        let schema = try ShreddedSchema(jsonSchema: Array(text.utf8))
        let expected: [ShreddedField] = [
            .init("id", .uuid), .init("at", .timestamp), .init("n", .int64), .init("small", .int32),
            .init("price", .double), .init("tags", .list(.string)), .init("labels", .map(.boolean)),
            .init("either", .json), .init("user", .structure([.init("born", .date)])),
        ]
        #expect(schema.fields == expected)
    }

    @Test("come from Avro records, with names defined before and records inside of themselves")
    func avro() throws {
        let text = """
            {"type": "record", "name": "Click", "namespace": "web", "fields": [
              {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
              {"name": "n", "type": ["null", "int"]}, {"name": "total", "type": "long"},
              {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
              {"name": "other", "type": "web.Kind"}, {"name": "either", "type": ["int", "string"]},
              {"name": "map", "type": {"type": "map", "values": "double"}},
              {"name": "list", "type": {"type": "array", "items": {"type": "record", "name": "Item",
                "fields": [{"name": "x", "type": "float"}]}}},
              {"name": "parent", "type": ["null", "Click"]}]}
            """
        let schema = try ShreddedSchema(avroSchema: Array(text.utf8))
        let expected: [ShreddedField] = [
            .init("id", .uuid), .init("n", .int32), .init("total", .int64), .init("kind", .string),
            .init("other", .string), .init("either", .json), .init("map", .map(.double)),
            .init("list", .list(.structure([.init("x", .float)]))), .init("parent", .json),
        ]
        #expect(schema.fields == expected)
    }

    @Test("are refused where they are none", arguments: ["", "[]", "{\"type\": \"string\"}", "nope"])
    func refused(text: String) {
        #expect(throws: ParquetError.self) { try ShreddedSchema(jsonSchema: Array(text.utf8)) }
        #expect(throws: ParquetError.self) { try ShreddedSchema(avroSchema: Array(text.utf8)) }
    }

    @Test("are inferred: the narrowest type that takes all")
    func inferred() throws {
        let payloads = [
            #"{"a": 1, "b": 1, "c": "2026-01-01", "d": null, "e": {}, "f": [], "g": [1], "h": true}"#,
            #"{"a": 2, "b": 1.5, "c": "2026-01-01T10:00:00Z", "e": {"x": 1}, "g": [2.5, null], "h": 1}"#,
            #"{"a": 3, "z": "0f3c1c3e-1111-2222-3333-444455556666", "t": "2026-01-01T10:00:00.123Z"}"#,
        ]
        let expected: [ShreddedField] = [
            .init("a", .int64), .init("b", .double), .init("c", .string), .init("e", .structure([.init("x", .int64)])),
            .init("f", .json), .init("g", .list(.double)), .init("h", .json), .init("z", .uuid),
            .init("t", .timestamp),
        ]
        #expect(try ShreddedTableTests.infer(payloads).fields == expected)
    }

    @Test("make a map of an object with hundreds of members")
    func inferredMap() throws {
        let members = (0..<300).map { "\"user-\($0)\": \($0)" }.joined(separator: ",")
        let schema = try ShreddedTableTests.infer(["{\"scores\": {\(members)}}"])
        #expect(schema.fields == [.init("scores", .map(.int64))])
    }

    @Test("widen, keep the order of the first and add what is new")
    func widening() throws {
        let one = try ShreddedSchema([
            .init("n", .int32), .init("s", .structure([.init("x", .int64)])), .init("t", .timestamp),
        ])
        let two = try ShreddedSchema([
            .init("new", .boolean), .init("t", .string),
            .init("s", .structure([.init("y", .uuid), .init("x", .double)])),
            .init("n", .int64),
        ])
        let expected: [ShreddedField] = [
            .init("n", .int64), .init("s", .structure([.init("x", .double), .init("y", .uuid)])), .init("t", .string),
            .init("new", .boolean),
        ]
        #expect(try one.merged(with: two).fields == expected)
        #expect(ShreddedType.boolean.widened(to: .int64) == .json)
    }

    @Test("refuse names that are taken, twice or empty, and too many levels")
    func limits() throws {
        for names in [["_rest"], ["_topic"], ["a", "a"], [""]] {
            #expect(throws: ParquetError.self) { try ShreddedSchema(names.map { .init($0, .int64) }) }
        }
        let deep = (0..<40).reduce(ShreddedType.int64) { type, _ in .list(type) }
        let error = #expect(throws: ParquetError.self) { try ShreddedSchema([.init("deep", deep)]) }
        #expect(error?.kind == .limit)
    }
}
