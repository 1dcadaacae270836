/// A node of the schema as the footer lists it, depth first (parquet.thrift, `SchemaElement`).
struct SchemaElement {
    var type: Int32?
    var typeLength: Int32?
    var repetition: Int32?
    var name = ""
    var childCount: Int32?
    var convertedType: Int32?
    var scale: Int32?
    var precision: Int32?
    var fieldID: Int32?
    var logicalType: ParquetLogicalType?

    init(name: String) { self.name = name }

    init(from reader: inout ThriftReader) throws(ParquetError) {
        try reader.begin()
        var hasName = false
        while let field = try reader.next() {
            switch field.id {
            case 1: type = try reader.int32(field)
            case 2: typeLength = try reader.int32(field)
            case 3: repetition = try reader.int32(field)
            case 4:
                name = try reader.string(field)
                hasName = true
            case 5: childCount = try reader.int32(field)
            case 6: convertedType = try reader.int32(field)
            case 7: scale = try reader.int32(field)
            case 8: precision = try reader.int32(field)
            case 9: fieldID = try reader.int32(field)
            case 10: logicalType = try ParquetLogicalType(from: &reader, field)
            default: try reader.skip(field)
            }
        }
        guard hasName else { throw .damaged("a schema element has no name") }
    }

    func write(to writer: inout ThriftWriter) {
        writer.int32(1, type)
        writer.int32(2, typeLength)
        writer.int32(3, repetition)
        writer.string(4, name)
        writer.int32(5, childCount)
        writer.int32(6, convertedType)
        writer.int32(7, scale)
        writer.int32(8, precision)
        writer.int32(9, fieldID)
        if let logicalType { logicalType.write(10, to: &writer) }
    }
}

extension ParquetSchema {
    /// Builds the tree from the footer's list, whose first element is the root.
    init(elements: [SchemaElement]) throws(ParquetError) {
        guard let root = elements.first else { throw .damaged("the schema is empty") }
        var position = 1
        var fields: [ParquetNode] = []
        for _ in 0..<(root.childCount ?? 0).clamped {
            fields.append(try Self.node(elements, &position, depth: 1))
        }
        guard position == elements.count else {
            throw .damaged("the schema lists \(elements.count) elements and uses \(position)")
        }
        try self.init(name: root.name, fields)
    }

    private static func node(
        _ elements: [SchemaElement], _ position: inout Int, depth: Int
    ) throws(ParquetError) -> ParquetNode {
        guard depth <= depthMax else {
            throw ParquetError(.limit, "schema", "fields are nested deeper than \(depthMax) levels")
        }
        guard position < elements.count else { throw .damaged("the schema ends early") }
        let element = elements[position]
        position += 1
        guard let repetition = ParquetRepetition(rawValue: element.repetition ?? 0) else {
            throw .damaged("field '\(element.name)' has no known repetition")
        }
        let logicalType = element.logicalType ?? element.convertedLogicalType
        let kind: ParquetNode.Kind
        if let type = element.type {
            guard let physical = ParquetPhysicalType(rawValue: type) else {
                throw .damaged("field '\(element.name)' has the unknown type \(type)")
            }
            kind = .leaf(physical, length: physical == .fixedLengthByteArray ? element.typeLength ?? 0 : 0)
        } else {
            guard let count = element.childCount, count >= 0 else {
                throw .damaged("field '\(element.name)' has neither a type nor fields")
            }
            var fields: [ParquetNode] = []
            for _ in 0..<count { fields.append(try node(elements, &position, depth: depth + 1)) }
            kind = .group(fields)
        }
        return ParquetNode(element.name, repetition, kind, logicalType: logicalType, fieldID: element.fieldID)
    }

    /// The footer's list.
    var elements: [SchemaElement] {
        var root = SchemaElement(name: name)
        root.childCount = Int32(clamping: fields.count)
        var list = [root]
        for field in fields { Self.append(field, to: &list) }
        return list
    }

    private static func append(_ node: ParquetNode, to list: inout [SchemaElement]) {
        var element = SchemaElement(name: node.name)
        element.repetition = node.repetition.rawValue
        element.fieldID = node.fieldID
        element.logicalType = node.logicalType
        element.convertedType = node.logicalType?.convertedType
        if case .decimal(let precision, let scale) = node.logicalType {
            (element.precision, element.scale) = (precision, scale)
        }
        switch node.kind {
        case .leaf(let type, let length):
            element.type = type.rawValue
            if type == .fixedLengthByteArray { element.typeLength = length }
            list.append(element)
        case .group(let fields):
            element.childCount = Int32(clamping: fields.count)
            list.append(element)
            for field in fields { append(field, to: &list) }
        }
    }
}

extension Int32 {
    fileprivate var clamped: Int32 { Swift.max(self, 0) }
}
