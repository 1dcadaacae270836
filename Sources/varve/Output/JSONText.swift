/// JSON with its keys in the order in which they were written.
indirect enum JSONText: Hashable, Sendable {
    struct Member: Hashable, Sendable {
        var name: String
        var value: JSONText
    }

    case string(String)
    case integer(Int64)
    /// A number as it is to be written.
    case number(String)
    case boolean(Bool)
    case null
    case array([JSONText])
    case object([Member])

    static func object(_ members: KeyValuePairs<String, JSONText>) -> JSONText {
        .object(members.map { Member(name: $0.key, value: $0.value) })
    }

    /// On one line, without spaces.
    var compact: String {
        switch self {
        case .string(let text): jsonString(text)
        case .integer(let value): String(value)
        case .number(let text): text
        case .boolean(let value): String(value)
        case .null: "null"
        case .array(let elements): "[" + elements.map(\.compact).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { jsonString($0.name) + ":" + $0.value.compact }.joined(separator: ",") + "}"
        }
    }

    /// With two spaces for each level; arrays of scalars stay on one line.
    var pretty: String { pretty(indent: "") }

    private func pretty(indent: String) -> String {
        let inner = indent + "  "
        switch self {
        case .array(let elements) where elements.contains { !$0.isScalar }:
            let lines = elements.map { inner + $0.pretty(indent: inner) }
            return "[\n" + lines.joined(separator: ",\n") + "\n" + indent + "]"
        case .array(let elements):
            return "[" + elements.map(\.compact).joined(separator: ", ") + "]"
        case .object(let members) where !members.isEmpty:
            let lines = members.map { inner + jsonString($0.name) + ": " + $0.value.pretty(indent: inner) }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + indent + "}"
        default:
            return compact
        }
    }

    private var isScalar: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }
}
