/// Schemas from Avro schema files: records, of which the payloads are the JSON (`docs/parquet.md`).
extension ShreddedSchema {
    /// Reads a record schema. Payloads are plain JSON of the record: a union with null is a value or null, without
    /// the type names of Avro's own JSON encoding. What has no column of its own becomes json.
    public init(avroSchema bytes: [UInt8]) throws(ParquetError) {
        var reader = AvroSchemaReader()
        guard case .structure(let fields) = reader.type(try OrderedJSON(bytes, "avro schema"), depth: 0) else {
            throw ParquetError(.misuse, "avro schema", "its root is no record with fields")
        }
        try self.init(fields)
    }
}

private struct AvroSchemaReader {
    /// Types with a name that came before.
    private var named: [String: ShreddedType] = [:]

    mutating func type(_ schema: OrderedJSON, depth: Int) -> ShreddedType {
        guard depth < ShreddedSchema.depthMax else { return .json }
        switch schema {
        case .string(let name): return known(name) ?? primitive(name)
        case .array(let union):
            let others = union.filter { $0.text != "null" }
            return others.count == 1 ? type(others[0], depth: depth) : .json
        case .object: return complex(schema, depth: depth)
        default: return .json
        }
    }

    /// A type without a namespace has that of the record around it, so the last part of a name has to do.
    private func known(_ name: String) -> ShreddedType? {
        named[name] ?? name.split(separator: ".").last.flatMap { named[String($0)] }
    }

    private func primitive(_ name: String) -> ShreddedType {
        switch name {
        case "boolean": .boolean
        case "int": .int32
        case "long": .int64
        case "float": .float
        case "double": .double
        case "string": .string
        default: .json
        }
    }

    private mutating func complex(_ schema: OrderedJSON, depth: Int) -> ShreddedType {
        switch schema["type"] {
        case .string("record"): return record(schema, depth)
        case .string("enum"):
            note(schema, .string)
            return .string
        case .string("array"): return schema["items"].map { .list(type($0, depth: depth + 1)) } ?? .json
        case .string("map"): return schema["values"].map { .map(type($0, depth: depth + 1)) } ?? .json
        case .string("string"): return schema["logicalType"]?.text == "uuid" ? .uuid : .string
        case .string(let name): return known(name) ?? primitive(name)
        case let inner?: return type(inner, depth: depth + 1)
        case nil: return .json
        }
    }

    private mutating func record(_ schema: OrderedJSON, _ depth: Int) -> ShreddedType {
        // A record inside of itself has no columns: it is json from there on.
        note(schema, .json)
        guard case .array(let list)? = schema["fields"], !list.isEmpty else { return .json }
        var fields: [ShreddedField] = []
        for field in list {
            guard let name = field["name"]?.text, let inner = field["type"] else { continue }
            fields.append(ShreddedField(name, type(inner, depth: depth + 1)))
        }
        note(schema, .structure(fields))
        return .structure(fields)
    }

    private mutating func note(_ schema: OrderedJSON, _ type: ShreddedType) {
        guard let name = schema["name"]?.text else { return }
        named[name] = type
        if let space = schema["namespace"]?.text { named["\(space).\(name)"] = type }
    }
}
