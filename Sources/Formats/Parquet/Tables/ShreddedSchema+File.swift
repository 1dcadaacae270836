/// Finds the fields of a shredded table in a file.
extension ShreddedSchema {
    /// Throws where the columns are not those of a shredded table.
    public init(_ schema: ParquetSchema) throws(ParquetError) {
        let kafka = RawTable.kafkaFields(prefix: "_")
        let nodes = schema.fields
        guard nodes.count > kafka.count, zip(nodes, kafka).allSatisfy({ $0.name == $1.name }),
            nodes.last?.name == Self.rest
        else {
            throw ParquetError(.misuse, "schema", "the file is no shredded table: its columns are others")
        }
        var fields: [ShreddedField] = []
        for node in nodes[kafka.count..<nodes.count - 1] {
            guard let type = ShreddedType(node) else {
                throw ParquetError(.unsupported, "schema", "field \(node.name) is none of a shredded table")
            }
            fields.append(ShreddedField(node.name, type))
        }
        try self.init(fields)
        guard try parquetSchema().columns == schema.columns else {
            throw ParquetError(.misuse, "schema", "the file is no shredded table: its columns are others")
        }
    }
}

extension ShreddedType {
    /// The type that `node(_:)` makes such a field of; nil where it makes none.
    fileprivate init?(_ node: ParquetNode) {
        switch (node.kind, node.logicalType) {
        case (.leaf(let type, _), let logical):
            guard let scalar = Self.scalar(type, logical) else { return nil }
            self = scalar
        case (.group(let entries), .list):
            guard let type = Self.fields(of: entries).first.flatMap(ShreddedType.init) else { return nil }
            self = .list(type)
        case (.group(let entries), .map):
            guard let type = Self.fields(of: entries).last.flatMap(ShreddedType.init) else { return nil }
            self = .map(type)
        case (.group(let nodes), nil):
            var fields: [ShreddedField] = []
            for node in nodes {
                guard let type = ShreddedType(node) else { return nil }
                fields.append(ShreddedField(node.name, type))
            }
            self = .structure(fields)
        default: return nil
        }
    }

    private static func fields(of entries: [ParquetNode]) -> [ParquetNode] {
        guard entries.count == 1, case .group(let fields) = entries[0].kind else { return [] }
        return fields
    }

    private static func scalar(_ type: ParquetPhysicalType, _ logical: ParquetLogicalType?) -> ShreddedType? {
        switch (type, logical) {
        case (.boolean, nil): .boolean
        case (.int32, nil): .int32
        case (.int64, nil): .int64
        case (.float, nil): .float
        case (.double, nil): .double
        case (.byteArray, .string): .string
        case (.byteArray, .json): .json
        case (.int64, .timestamp(.microseconds, isUTC: true)): .timestamp
        case (.int32, .date): .date
        case (.fixedLengthByteArray, .uuid): .uuid
        default: nil
        }
    }
}
