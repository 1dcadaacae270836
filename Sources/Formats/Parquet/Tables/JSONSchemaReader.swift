/// Schemas from JSON Schema files: the part of it that says what columns are (`docs/parquet.md`).
extension ShreddedSchema {
    /// Reads a schema whose root is an object with properties. What it does not understand becomes json, so that
    /// nothing is lost; only a schema that is none is refused.
    public init(jsonSchema bytes: [UInt8]) throws(ParquetError) {
        let root = try OrderedJSON(bytes, "json schema")
        guard case .structure(let fields) = JSONSchemaReader(root: root).type(root, depth: 0) else {
            throw ParquetError(.misuse, "json schema", "its root is no object with properties")
        }
        try self.init(fields)
    }
}

private struct JSONSchemaReader {
    let root: OrderedJSON

    func type(_ schema: OrderedJSON, depth: Int) -> ShreddedType {
        guard depth < ShreddedSchema.depthMax else { return .json }
        if case .string(let reference)? = schema["$ref"] {
            return lookUp(reference).map { type($0, depth: depth + 1) } ?? .json
        }
        switch name(schema["type"]) {
        case "boolean": return .boolean
        case "integer": return schema["format"]?.text == "int32" ? .int32 : .int64
        case "number": return schema["format"]?.text == "float" ? .float : .double
        case "string": return string(schema["format"]?.text)
        case "array": return schema["items"].map { .list(type($0, depth: depth + 1)) } ?? .json
        case "object": return object(schema, depth)
        case nil where schema["properties"] != nil: return object(schema, depth)
        default: return .json
        }
    }

    /// The one type beside null; nil for several.
    private func name(_ type: OrderedJSON?) -> String? {
        switch type {
        case .string(let name): return name
        case .array(let names):
            let others = names.compactMap(\.text).filter { $0 != "null" }
            return others.count == 1 ? others[0] : nil
        default: return nil
        }
    }

    private func string(_ format: String?) -> ShreddedType {
        switch format {
        case "date-time": .timestamp
        case "date": .date
        case "uuid": .uuid
        default: .string
        }
    }

    private func object(_ schema: OrderedJSON, _ depth: Int) -> ShreddedType {
        if case .object(let properties)? = schema["properties"], !properties.isEmpty {
            return .structure(properties.map { ShreddedField($0.name, type($0.value, depth: depth + 1)) })
        }
        if case .object? = schema["additionalProperties"], let value = schema["additionalProperties"] {
            return .map(type(value, depth: depth + 1))
        }
        return .json
    }

    /// `#/$defs/name` and other pointers into the same file.
    private func lookUp(_ reference: String) -> OrderedJSON? {
        guard reference.hasPrefix("#/") else { return nil }
        return reference.dropFirst(2).split(separator: "/").reduce(root as OrderedJSON?) { $0?[String($1)] }
    }
}

/// A small JSON text as a tree whose objects keep their order, which is that of the columns.
indirect enum OrderedJSON {
    case null
    case boolean(Bool)
    case number(String)
    case string(String)
    case array([OrderedJSON])
    case object([(name: String, value: OrderedJSON)])

    init(_ bytes: [UInt8], _ place: String) throws(ParquetError) {
        let parsed = bytes.withUnsafeBytes { bytes -> OrderedJSON? in
            guard JSONParser().parse(bytes).isValid else { return nil }
            var walk = JSONWalk(bytes)
            return OrderedJSON(&walk)
        }
        guard let parsed else { throw ParquetError(.misuse, place, "it is not JSON") }
        self = parsed
    }

    /// `JSONParser` allows 128 levels, which the stack takes.
    private init(_ walk: inout JSONWalk) {
        switch walk.peek {
        case UInt8(ascii: "{"):
            var members: [(name: String, value: OrderedJSON)] = []
            walk.forEachMember { members.append(($1, OrderedJSON(&$0))) }
            self = .object(members)
        case UInt8(ascii: "["):
            var elements: [OrderedJSON] = []
            walk.forEachElement { elements.append(OrderedJSON(&$0)) }
            self = .array(elements)
        case UInt8(ascii: "\""): self = .string(JSONWalk.text(walk.string()))
        default:
            let text = String(decoding: walk.scalar(), as: UTF8.self)
            self = text == "null" ? .null : text == "true" || text == "false" ? .boolean(text == "true") : .number(text)
        }
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    subscript(name: String) -> OrderedJSON? {
        if case .object(let members) = self { members.first { $0.name == name }?.value } else { nil }
    }
}
