/// A schema as rows see it: lists and maps in all their historic forms, with the levels that tell them apart
/// (parquet-format, LogicalTypes.md, nested types and backward-compatibility rules).
struct RowShape {
    indirect enum Kind {
        /// The column's place among the leaves.
        case leaf(Int)
        case group([RowShape])
        /// `definition` and `repetition` are those of an element that is there.
        case list(RowShape, definition: UInt8, repetition: UInt8)
        case map(RowShape, RowShape, definition: UInt8, repetition: UInt8)
    }

    var kind: Kind
    var isOptional: Bool
    /// Of this value where it is not null.
    var definition: UInt8
    /// Columns inside, by their place among the leaves.
    var leaves: Range<Int>

    /// The shapes of all fields of a schema.
    static func shapes(of schema: ParquetSchema) -> [RowShape] {
        var builder = Builder()
        return schema.fields.map { builder.field($0, 0, 0) }
    }

    private struct Builder {
        var nextLeaf = 0

        mutating func field(_ node: ParquetNode, _ definition: UInt8, _ repetition: UInt8) -> RowShape {
            let start = nextLeaf
            guard node.repetition == .repeated else {
                let isOptional = node.repetition == .optional
                let own = definition + (isOptional ? 1 : 0)
                let kind = content(node, own, repetition)
                return RowShape(kind: kind, isOptional: isOptional, definition: own, leaves: start..<nextLeaf)
            }
            // A repeated field outside of a list or map is a list of required elements that is never null.
            let element = element(node, definition + 1, repetition + 1)
            return RowShape(
                kind: .list(element, definition: definition + 1, repetition: repetition + 1), isOptional: false,
                definition: definition, leaves: start..<nextLeaf)
        }

        /// The repeated node itself as an element.
        mutating func element(_ node: ParquetNode, _ definition: UInt8, _ repetition: UInt8) -> RowShape {
            let start = nextLeaf
            let kind = content(node, definition, repetition)
            return RowShape(kind: kind, isOptional: false, definition: definition, leaves: start..<nextLeaf)
        }

        mutating func content(_ node: ParquetNode, _ definition: UInt8, _ repetition: UInt8) -> Kind {
            guard case .group(let fields) = node.kind else {
                nextLeaf += 1
                return .leaf(nextLeaf - 1)
            }
            if fields.count == 1, fields[0].repetition == .repeated {
                if node.logicalType == .list { return list(node, fields[0], definition + 1, repetition + 1) }
                if node.logicalType == .map, case .group(let entry) = fields[0].kind, (1...2).contains(entry.count),
                    entry[0].repetition != .repeated
                {
                    let key = field(entry[0], definition + 1, repetition + 1)
                    // A map without values is read as the list of its keys.
                    guard entry.count == 2 else {
                        return .list(key, definition: definition + 1, repetition: repetition + 1)
                    }
                    let value = field(entry[1], definition + 1, repetition + 1)
                    return .map(key, value, definition: definition + 1, repetition: repetition + 1)
                }
            }
            return .group(fields.map { field($0, definition, repetition) })
        }

        mutating func list(
            _ node: ParquetNode, _ repeated: ParquetNode, _ definition: UInt8, _ repetition: UInt8
        ) -> Kind {
            let shape: RowShape
            if case .group(let fields) = repeated.kind, fields.count == 1, fields[0].repetition != .repeated,
                repeated.name != "array", repeated.name != node.name + "_tuple"
            {
                shape = field(fields[0], definition, repetition)
            } else {
                shape = element(repeated, definition, repetition)
            }
            return .list(shape, definition: definition, repetition: repetition)
        }
    }
}
