import LakeModel

@testable import Formats

/// Payloads put together again from a shredded row, in a text that does not depend on order, white space or nulls.
enum Restored {
    static func payload(_ row: [ParquetValue], _ schema: ShreddedSchema) throws -> String {
        var root = try tree(.group(Array(row.dropFirst(7).dropLast())), .structure(schema.fields))
        guard case .bytes(let rest)? = row.last, case .object(let members) = try OrderedJSON(rest, "rest") else {
            return normal(root)
        }
        // Shorter pointers first, so that what holds the others is there.
        for (pointer, value) in members.sorted(by: { $0.name.utf8.count < $1.name.utf8.count }) {
            let steps = pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { step in
                String(step).replacing("~1", with: "/").replacing("~0", with: "~")
            }
            root = put(value, steps[...], root)
        }
        return normal(root)
    }

    private static func put(_ value: OrderedJSON, _ steps: ArraySlice<String>, _ target: OrderedJSON) -> OrderedJSON {
        guard let step = steps.first else { return value }
        if case .array(var list) = target, let index = Int(step), list.indices.contains(index) {
            list[index] = put(value, steps.dropFirst(), list[index])
            return .array(list)
        }
        var members: [(name: String, value: OrderedJSON)] = []
        if case .object(let known) = target { members = known }
        let old = members.first { $0.name == step }?.value ?? .null
        members.removeAll { $0.name == step }
        return .object(members + [(step, put(value, steps.dropFirst(), old))])
    }

    private static func tree(_ value: ParquetValue, _ type: ShreddedType) throws -> OrderedJSON {
        switch (value, type) {
        case (.boolean(let flag), _): return .boolean(flag)
        case (.int32(let days), .date): return .string(CalendarDay(daysSinceEpoch: days).description)
        case (.int32(let number), _): return .number("\(number)")
        case (.int64(let micros), .timestamp): return .string(Timestamp(milliseconds: micros / 1000).description)
        case (.int64(let number), _): return .number("\(number)")
        case (.double(let number), _): return .number("\(number)")
        case (.bytes(let bytes), .uuid): return .string(uuid(bytes))
        case (.bytes(let bytes), .json): return try OrderedJSON(bytes, "json")
        case (.bytes(let bytes), _): return .string(String(decoding: bytes, as: UTF8.self))
        case (.list(let values), .list(let element)): return .array(try values.map { try tree($0, element) })
        case (.group(let values), .structure(let fields)):
            return .object(try zip(fields, values).map { ($0.name, try tree($1, $0.type)) })
        case (.map(let entries), .map(let value)):
            return .object(try entries.map { (try tree($0.key, .string).text ?? "", try tree($0.value, value)) })
        default: return .null
        }
    }

    private static func uuid(_ bytes: [UInt8]) -> String {
        var text = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        for place in [20, 16, 12, 8] { text.insert("-", at: text.index(text.startIndex, offsetBy: place)) }
        return text
    }

    /// Members in order of their names, without those that are null.
    static func normal(_ value: OrderedJSON) -> String {
        switch value {
        case .object(let members):
            let texts = members.map { (name: $0.name, text: normal($0.value)) }.filter { $0.text != "null" }
            let sorted = texts.sorted { $0.name < $1.name }
            return "{" + sorted.map { "\($0.name.debugDescription):\($0.text)" }.joined(separator: ",") + "}"
        case .array(let list): return "[" + list.map { normal($0) }.joined(separator: ",") + "]"
        case .string(let text): return text.debugDescription
        case .boolean(let flag): return "\(flag)"
        case .null: return "null"
        case .number(let text):
            if let integer = Int64(text) { return "\(integer)" }
            let number = Double(text) ?? .nan
            return Int64(exactly: number).map { "\($0)" } ?? "\(number)"
        }
    }
}
