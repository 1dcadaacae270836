/// One field of a schema, with all that is inside it.
public struct ParquetNode: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// `length` counts for a fixed-length byte array only.
        case leaf(ParquetPhysicalType, length: Int32)
        case group([ParquetNode])
    }

    public var name: String
    public var repetition: ParquetRepetition
    public var kind: Kind
    public var logicalType: ParquetLogicalType?
    public var fieldID: Int32?

    public init(
        _ name: String, _ repetition: ParquetRepetition, _ kind: Kind, logicalType: ParquetLogicalType? = nil,
        fieldID: Int32? = nil
    ) {
        (self.name, self.repetition, self.kind) = (name, repetition, kind)
        (self.logicalType, self.fieldID) = (logicalType, fieldID)
    }

    /// A field with a single value.
    public static func leaf(
        _ name: String, _ type: ParquetPhysicalType, _ logicalType: ParquetLogicalType? = nil,
        _ repetition: ParquetRepetition = .optional, length: Int32 = 0
    ) -> ParquetNode {
        ParquetNode(name, repetition, .leaf(type, length: length), logicalType: logicalType)
    }

    /// A structure.
    public static func group(
        _ name: String, _ repetition: ParquetRepetition = .optional, _ fields: [ParquetNode]
    ) -> ParquetNode {
        ParquetNode(name, repetition, .group(fields))
    }

    /// A list of three levels, as LogicalTypes.md wants it; the element's own name becomes `element`.
    public static func list(
        _ name: String, _ repetition: ParquetRepetition = .optional, of element: ParquetNode
    ) -> ParquetNode {
        var element = element
        element.name = "element"
        let entries = ParquetNode("list", .repeated, .group([element]))
        return ParquetNode(name, repetition, .group([entries]), logicalType: .list)
    }

    /// A map of three levels; the names of key and value become `key` and `value`.
    public static func map(
        _ name: String, _ repetition: ParquetRepetition = .optional, from key: ParquetNode, to value: ParquetNode
    ) -> ParquetNode {
        var (key, value) = (key, value)
        (key.name, key.repetition, value.name) = ("key", .required, "value")
        let entries = ParquetNode("key_value", .repeated, .group([key, value]))
        return ParquetNode(name, repetition, .group([entries]), logicalType: .map)
    }
}

/// One column of a file: a leaf of the schema with the levels that its values have at most.
public struct ParquetColumn: Hashable, Sendable {
    /// Among the leaves, in schema order.
    public var index: Int
    public var path: [String]
    public var type: ParquetPhysicalType
    /// Of a fixed-length byte array, in bytes.
    public var length: Int
    public var logicalType: ParquetLogicalType?
    public var repetition: ParquetRepetition
    /// Optional and repeated fields on the way from the root to the leaf, itself included.
    public var definitionMax: UInt8
    /// Repeated fields on that way.
    public var repetitionMax: UInt8

    /// Names joined by dots, for messages.
    public var name: String { path.joined(separator: ".") }

    /// Bytes of a stored value; 0 for byte arrays, 1 for booleans.
    var width: Int {
        switch type {
        case .boolean: 1
        case .int32, .float: 4
        case .int64, .double: 8
        case .int96: 12
        case .byteArray: 0
        case .fixedLengthByteArray: length
        }
    }
}

/// The fields of a file and, derived from them, its columns.
public struct ParquetSchema: Hashable, Sendable {
    /// Groups inside of each other, so that levels fit a byte and no walk overflows the stack.
    public static let depthMax = 64

    public let name: String
    public let fields: [ParquetNode]
    public let columns: [ParquetColumn]

    /// Throws where the fields break a rule of the format.
    public init(name: String = "schema", _ fields: [ParquetNode]) throws(ParquetError) {
        (self.name, self.fields) = (name, fields)
        var columns: [ParquetColumn] = []
        for field in fields { try Self.collect(field, [], 0, 0, &columns) }
        self.columns = columns
    }

    /// The column at a path of names; nil where there is none.
    public func column(_ path: String...) -> ParquetColumn? { column(at: path) }

    /// The column at a path of names; nil where there is none.
    public func column(at path: [String]) -> ParquetColumn? { columns.first { $0.path == path } }

    private static func collect(
        _ node: ParquetNode, _ parents: [String], _ definition: UInt8, _ repetition: UInt8,
        _ columns: inout [ParquetColumn]
    ) throws(ParquetError) {
        let path = parents + [node.name]
        guard path.count <= depthMax else {
            throw ParquetError(.limit, "schema", "fields are nested deeper than \(depthMax) levels")
        }
        let definition = definition + (node.repetition == .required ? 0 : 1)
        let repetition = repetition + (node.repetition == .repeated ? 1 : 0)
        switch node.kind {
        case .group(let fields):
            for field in fields { try collect(field, path, definition, repetition, &columns) }
        case .leaf(let type, let length):
            guard type != .fixedLengthByteArray || (1...(1 << 24)).contains(length) else {
                throw ParquetError(.damaged, "schema", "\(path.joined(separator: ".")) has a length of \(length)")
            }
            columns.append(
                ParquetColumn(
                    index: columns.count, path: path, type: type, length: Int(length), logicalType: node.logicalType,
                    repetition: node.repetition, definitionMax: definition, repetitionMax: repetition))
        }
    }
}
