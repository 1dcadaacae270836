import Logging

/// How a record looks on its one line.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `{"ts":"…","level":"info","logger":"varve.ingest","message":"…","fields":{…}}`
    case json
    /// `2026-11-21T05:07:09.250Z info    varve.ingest: sealed an object bytes=1048576 table=orders`
    case text
}

/// Renders log records; whatever they hold, the result has no line break and no control character.
enum LogText {
    static func line(
        _ format: LogFormat, time: String, level: Logger.Level, label: String, message: String,
        fields: [(String, Logger.MetadataValue)]
    ) -> String {
        switch format {
        case .json:
            var line = "{\"ts\":\"\(time)\",\"level\":\"\(level.rawValue)\",\"logger\":\"\(jsonEscaped(label))\""
            line += ",\"message\":\"\(jsonEscaped(message))\""
            if !fields.isEmpty {
                let members = fields.map { "\"\(jsonEscaped($0.0))\":\(json($0.1, depth: 0))" }
                line += ",\"fields\":{\(members.joined(separator: ","))}"
            }
            return line + "}"
        case .text:
            let padding = String(repeating: " ", count: max(0, 8 - level.rawValue.utf8.count))
            let pairs = fields.map { " \(plain($0.0))=\(quotedIfNeeded(text($0.1, depth: 0)))" }.joined()
            return "\(time) \(level.rawValue)\(padding) \(plain(label)): \(plain(message))\(pairs)"
        }
    }

    private static let depthMax = 8

    private static func json(_ value: Logger.MetadataValue, depth: Int) -> String {
        guard depth < depthMax else { return "\"…\"" }
        switch value {
        case .string(let text): return "\"\(jsonEscaped(text))\""
        case .stringConvertible(let value as any BinaryInteger): return "\(value)"
        case .stringConvertible(let value as Bool): return "\(value)"
        case .stringConvertible(let value): return "\"\(jsonEscaped("\(value)"))\""
        case .array(let values): return "[\(values.map { json($0, depth: depth + 1) }.joined(separator: ","))]"
        case .dictionary(let members):
            let texts = members.sorted { $0.key < $1.key }
                .map { "\"\(jsonEscaped($0.key))\":\(json($0.value, depth: depth + 1))" }
            return "{\(texts.joined(separator: ","))}"
        }
    }

    private static func text(_ value: Logger.MetadataValue, depth: Int) -> String {
        guard depth < depthMax else { return "…" }
        switch value {
        case .string(let text): return text
        case .stringConvertible(let value): return "\(value)"
        case .array(let values): return "[\(values.map { text($0, depth: depth + 1) }.joined(separator: ","))]"
        case .dictionary(let members):
            let texts = members.sorted { $0.key < $1.key }.map { "\($0.key):\(text($0.value, depth: depth + 1))" }
            return "{\(texts.joined(separator: ","))}"
        }
    }

    /// The inside of a JSON string (RFC 8259, section 7).
    static func jsonEscaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { needsEscape($0) || $0 == "\"" || $0 == "\\" }) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\"": result += #"\""#
            case "\\": result += #"\\"#
            case "\n": result += #"\n"#
            case "\r": result += #"\r"#
            case "\t": result += #"\t"#
            case let scalar where needsEscape(scalar):
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    /// Line breaks and terminal escapes made visible, so that no value can forge a record or drive a terminal.
    static func plain(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: needsEscape) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            if needsEscape(scalar) {
                result += jsonEscaped(String(scalar))
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func quotedIfNeeded(_ text: String) -> String {
        let needsQuotes = text.isEmpty || text.unicodeScalars.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        return needsQuotes ? "\"\(jsonEscaped(text))\"" : plain(text)
    }

    /// Controls (C0, DEL, C1) and the line separators that some viewers break lines at.
    private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029: true
        default: false
        }
    }
}
