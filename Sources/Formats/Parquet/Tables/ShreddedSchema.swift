/// What the values of a field are, as columns.
public indirect enum ShreddedType: Hashable, Sendable {
    case boolean
    case int32
    case int64
    case float
    case double
    case string
    /// Any JSON value, kept as it is written.
    case json
    /// RFC 3339 text with an offset, at most microseconds; stored as an instant.
    case timestamp
    /// `YYYY-MM-DD`.
    case date
    /// Lower-case text.
    case uuid
    case structure([ShreddedField])
    case list(ShreddedType)
    /// By name.
    case map(ShreddedType)
}

/// A field of a shredded table or of a structure in it; every one may be missing or null.
public struct ShreddedField: Hashable, Sendable {
    public var name: String
    public var type: ShreddedType

    public init(_ name: String, _ type: ShreddedType) {
        (self.name, self.type) = (name, type)
    }
}

/// The fields that JSON payloads are taken apart into (`docs/parquet.md`).
public struct ShreddedSchema: Hashable, Sendable {
    /// Of all structures together.
    public static let fieldsMax = 2000
    /// Structures, lists and maps inside of each other.
    public static let depthMax = 16
    static let rest = "_rest"

    public let fields: [ShreddedField]

    /// Throws for names that come twice, are empty or reserved, and for more than the limits allow.
    public init(_ fields: [ShreddedField]) throws(ParquetError) {
        var count = 0
        try Self.check(fields, depth: 1, &count)
        let reserved = Set(RawTable.kafkaFields(prefix: "_").map(\.name) + [Self.rest])
        for field in fields where reserved.contains(field.name) {
            throw ParquetError(.misuse, "schema", "the name \(field.name) is taken by a column of the table's own")
        }
        self.fields = fields
    }

    private static func check(_ fields: [ShreddedField], depth: Int, _ count: inout Int) throws(ParquetError) {
        var names: Set<String> = []
        for field in fields {
            guard !field.name.isEmpty, names.insert(field.name).inserted else {
                throw ParquetError(.misuse, "schema", "the name '\(field.name)' is empty or comes twice")
            }
            try check(field.type, field.name, depth: depth, &count)
        }
    }

    private static func check(
        _ type: ShreddedType, _ name: String, depth: Int, _ count: inout Int
    ) throws(ParquetError) {
        count += 1
        guard depth <= depthMax, count <= fieldsMax else {
            throw ParquetError(
                .limit, "schema", "more than \(fieldsMax) fields or \(depthMax) levels at field '\(name)'")
        }
        switch type {
        case .structure(let fields):
            // Parquet has no structure without a field.
            guard !fields.isEmpty else {
                throw ParquetError(.misuse, "schema", "structure '\(name)' has no fields; make it json")
            }
            try check(fields, depth: depth + 1, &count)
        case .list(let element), .map(let element): try check(element, name, depth: depth + 1, &count)
        default: break
        }
    }

    /// The table's columns: where an event comes from, the fields, and what fits none of them.
    public func parquetSchema() throws(ParquetError) -> ParquetSchema {
        try ParquetSchema(
            name: "shredded",
            RawTable.kafkaFields(prefix: "_") + fields.map { $0.type.node($0.name) }
                + [.leaf(Self.rest, .byteArray, .json)])
    }
}

extension ShreddedType {
    func node(_ name: String) -> ParquetNode {
        switch self {
        case .boolean: .leaf(name, .boolean)
        case .int32: .leaf(name, .int32)
        case .int64: .leaf(name, .int64)
        case .float: .leaf(name, .float)
        case .double: .leaf(name, .double)
        case .string: .leaf(name, .byteArray, .string)
        case .json: .leaf(name, .byteArray, .json)
        case .timestamp: .leaf(name, .int64, .timestamp(.microseconds, isUTC: true))
        case .date: .leaf(name, .int32, .date)
        case .uuid: .leaf(name, .fixedLengthByteArray, .uuid, length: 16)
        case .structure(let fields): .group(name, .optional, fields.map { $0.type.node($0.name) })
        case .list(let element): .list(name, of: element.node("element"))
        case .map(let value): .map(name, from: .leaf("key", .byteArray, .string), to: value.node("value"))
        }
    }
}
