/// The JSON Schema (draft 2020-12) of the configuration, made from the grammar.
enum SettingsSchema {
    static var document: JSONText {
        guard case .object(let members) = schema(of: .record(SettingsGrammar.root)) else { return .null }
        let head: [JSONText.Member] = [
            .init(name: "$schema", value: .string("https://json-schema.org/draft/2020-12/schema")),
            .init(name: "$id", value: .string("config.v1.json")),
            .init(name: "title", value: .string("Configuration of varve")),
        ]
        return .object(head + members)
    }

    private static func schema(of key: SettingKey) -> JSONText {
        guard case .object(var members) = schema(of: key.shape) else { return .null }
        members.insert(.init(name: "description", value: .string(key.about)), at: 0)
        if let fallback = key.fallback, key.shape.isScalar {
            members.append(.init(name: "default", value: fallbackValue(fallback, key.shape)))
        }
        if key.isSecret { members.append(.init(name: "writeOnly", value: .boolean(true))) }
        return .object(members)
    }

    private static func fallbackValue(_ text: String, _ shape: SettingShape) -> JSONText {
        switch shape {
        case .integer: Int64(text).map(JSONText.integer) ?? .string(text)
        case .boolean: .boolean(text == "true")
        default: .string(text)
        }
    }

    private static func schema(of shape: SettingShape) -> JSONText {
        switch shape {
        case .text(let expecting, _):
            return .object(["type": scalarTypes, "$comment": .string(expecting)])
        case .choice(let names):
            return orReference(.object(["enum": .array(names.map(JSONText.string))]))
        case .boolean:
            return orReference(.object(["type": .string("boolean")]))
        case .integer(let range):
            return orReference(
                .object([
                    "type": .string("integer"), "minimum": .integer(Int64(range.lowerBound)),
                    "maximum": .integer(Int64(range.upperBound)),
                ]))
        case .bytes:
            return quantity("^[0-9]+ ?([kKmMgGtT][iI]?[bB]|[bB])?$", integerMax: Int64.max, shape)
        case .duration:
            return quantity("^([0-9]+ ?(ms|s|m|h|d)|0)$", integerMax: 0, shape)
        case .list(let element, let countMax):
            return .object([
                "type": .string("array"), "maxItems": .integer(Int64(countMax)), "items": schema(of: element),
            ])
        case .dictionary:
            return .object([
                "type": .array([.string("object"), .string("null")]),
                "additionalProperties": .object(["type": scalarTypes]),
            ])
        case .record(let keys):
            let required = keys.filter(\.isRequired).map { JSONText.string($0.name) }
            return .object([
                "type": .array([.string("object"), .string("null")]),
                "properties": .object(keys.map { .init(name: $0.name, value: schema(of: $0)) }),
                "required": .array(required),
                "additionalProperties": .boolean(false),
            ])
        }
    }

    private static let scalarTypes = JSONText.array([.string("string"), .string("number"), .string("boolean")])

    /// `${NAME}` and `${file:/path}` can stand for any value.
    private static func orReference(_ schema: JSONText) -> JSONText {
        .object(["anyOf": .array([schema, .object(["type": .string("string"), "pattern": .string("\\$\\{")])])])
    }

    private static func quantity(_ pattern: String, integerMax: Int64, _ shape: SettingShape) -> JSONText {
        .object([
            "$comment": .string(shape.expectation),
            "anyOf": .array([
                .object(["type": .string("integer"), "minimum": .integer(0), "maximum": .integer(integerMax)]),
                .object(["type": .string("string"), "pattern": .string(pattern)]),
                .object(["type": .string("string"), "pattern": .string("\\$\\{")]),
            ]),
        ])
    }
}
