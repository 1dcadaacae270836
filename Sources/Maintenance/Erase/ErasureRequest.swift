public import Formats

/// Which events are to be erased: those whose field has one of some values.
public struct ErasureRequest: Sendable {
    public enum Field: Hashable, Sendable {
        /// A field of a JSON payload.
        case value(JSONPointer)
        /// The event's key.
        case key
        /// A header; any that has the name.
        case header(String)
    }

    /// Values in one request.
    public static let valuesMax = 10_000_000

    public var field: Field
    /// Keys and headers have to be one of their texts.
    public let sought: SoughtValues
    /// Payloads that are not JSON are erased where they contain one of the values anywhere; else they are only counted.
    public var searchesRaw: Bool

    public init(field: Field, values: Set<[UInt8]>, searchesRaw: Bool = false) {
        (self.field, self.searchesRaw) = (field, searchesRaw)
        sought = SoughtValues(values)
    }

    /// As text: strings without quotes, numbers as they are written.
    public var values: Set<[UInt8]> { sought.texts }

    /// Reads `user_id = 'u1'`, `user.id = 17`, `/user/id = "u1"`, `@key = k1`, `@header:tenant = t1`; the value can be
    /// left out where `ids` has some.
    public init(where text: String, ids: [String] = [], searchesRaw: Bool = false) throws(MaintenanceError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let field = try Field(parts.first.map(String.init) ?? "")
        var values = Set(ids.map { Array($0.utf8) }.filter { !$0.isEmpty })
        if parts.count == 2 { values.insert(Array(try Self.literal(String(parts[1])).utf8)) }
        guard !values.isEmpty else {
            throw .invalid("no value to look for in \"\(text.prefix(80))\"; write field = 'value', or give ids")
        }
        guard values.count <= Self.valuesMax else { throw .invalid("more than \(Self.valuesMax) values") }
        self.init(field: field, values: values, searchesRaw: searchesRaw)
    }

    private static func literal(_ text: String) throws(MaintenanceError) -> String {
        let literal = text.trimmed
        guard let first = literal.first, first == "'" || first == "\"" else {
            guard !literal.isEmpty, !literal.contains(where: \.isWhitespace) else {
                throw .invalid("not a value: \"\(literal.prefix(80))\"; put it between quotes")
            }
            return literal
        }
        guard literal.count >= 2, literal.last == first else { throw .invalid("a quote is not closed") }
        let inner = literal.dropFirst().dropLast()
        // As in SQL a quote inside is written twice.
        let single = inner.replacing("\(first)\(first)", with: "")
        guard !single.contains(first) else { throw .invalid("only one value, please: \(literal.prefix(80))") }
        return String(inner.replacing("\(first)\(first)", with: "\(first)"))
    }

    /// The field as a user would write it.
    public var fieldText: String {
        switch field {
        case .value(let pointer): pointer.description
        case .key: "@key"
        case .header(let name): "@header:\(name)"
        }
    }
}

extension ErasureRequest.Field {
    /// Reads `@key`, `@header:name`, `user.id`, `/user/id`.
    public init(_ text: String) throws(MaintenanceError) {
        let name = text.trimmed
        if name == "@key" {
            self = .key
            return
        }
        if name.hasPrefix("@header:"), name.utf8.count > 8 {
            self = .header(String(name.dropFirst(8)))
            return
        }
        let isPlain = !name.isEmpty && !name.hasPrefix("@") && !name.contains { $0 == " " || $0 == "'" || $0 == "\"" }
        // `user.id` is a way through objects; names with dots in them are written as a pointer.
        let path = name.hasPrefix("/") ? name : "/" + name.split(separator: ".").joined(separator: "/")
        guard isPlain, let pointer = JSONPointer(path) else {
            throw .invalid("not a field: \"\(name.prefix(80))\"; write user.id, /user/id, @key or @header:name")
        }
        self = .value(pointer)
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
