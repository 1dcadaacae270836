internal import CSimdjson

/// The door's shredder, made from a schema and the columns of a file; owned, and freed with this.
final class Shredder {
    private let handle: OpaquePointer

    /// Nil where there was no memory. The columns must outlive it.
    init?(_ schema: ShreddedSchema, _ columns: ArraySlice<ParquetColumnBuffer>, rest: ParquetColumnBuffer) {
        let table = ShredderTable(schema)
        let pages: [UnsafeMutablePointer<varve_column>?] = columns.map(\.page)
        // The door copies the table, the names and the list of columns, not the columns.
        let made = table.nodes.withUnsafeBufferPointer { nodes in
            table.names.withUnsafeBufferPointer { names in
                pages.withUnsafeBufferPointer { pages in
                    varve_shredder_create(
                        nodes.baseAddress, nodes.count, names.baseAddress, names.count, pages.baseAddress, pages.count,
                        rest.page)
                }
            }
        }
        guard let made else { return nil }
        handle = made
    }

    deinit {
        varve_shredder_destroy(handle)
    }

    /// Appends the row of the text that `parser` judged valid last; nil where a column or memory is full.
    /// `entries` are those of all columns beyond the first of each.
    func append(_ parser: JSONParser) -> (unknown: Int, misfits: Int, entries: Int)? {
        guard let text = parser.handle else { return nil }
        let result = varve_shred(handle, text)
        return result.status == 0 ? (Int(result.unknown), Int(result.misfits), Int(result.entries)) : nil
    }

    /// Takes the row appended last away again, before anything else is done.
    func undo() {
        varve_shred_undo(handle)
    }
}

/// The schema as the door wants it: nodes with their levels, children side by side.
private struct ShredderTable {
    var nodes: [varve_shred_node] = []
    var names: [UInt8] = []
    private var leaves: UInt32 = 0

    init(_ schema: ShreddedSchema) {
        nodes = [varve_shred_node()]
        nodes[0].kind = UInt8(VARVE_SHRED_STRUCT.rawValue)
        fill(0, .structure(schema.fields), definition: 0, repetition: 0)
    }

    /// Fills in node `place`; `definition` is that of its value.
    private mutating func fill(_ place: Int, _ type: ShreddedType, definition: UInt8, repetition: UInt8) {
        nodes[place].kind = type.doorKind
        nodes[place].definition = definition
        nodes[place].leaf = leaves
        switch type {
        case .structure(let fields):
            let child = addChildren(place, fields.map(\.name))
            for (index, field) in fields.enumerated() {
                fill(child + index, field.type, definition: definition + 1, repetition: repetition)
            }
        case .list(let element):
            let child = addEntries(place, definition, repetition)
            fill(child, element, definition: definition + 2, repetition: repetition + 1)
        case .map(let value):
            let child = addEntries(place, definition, repetition)
            leaves += 1
            fill(child, value, definition: definition + 2, repetition: repetition + 1)
        default: leaves += 1
        }
        nodes[place].leaf_count = leaves - nodes[place].leaf
    }

    private mutating func addEntries(_ place: Int, _ definition: UInt8, _ repetition: UInt8) -> Int {
        nodes[place].inner_definition = definition + 1
        nodes[place].repetition = repetition + 1
        return addChildren(place, [""])
    }

    private mutating func addChildren(_ place: Int, _ names: [String]) -> Int {
        let child = nodes.count
        (nodes[place].child, nodes[place].child_count) = (UInt32(child), UInt32(names.count))
        for name in names {
            var node = varve_shred_node()
            (node.name, node.name_bytes) = (UInt32(self.names.count), UInt32(name.utf8.count))
            self.names += Array(name.utf8)
            nodes.append(node)
        }
        return child
    }
}

extension ShreddedType {
    fileprivate var doorKind: UInt8 {
        let kind =
            switch self {
            case .boolean: VARVE_SHRED_BOOL
            case .int32: VARVE_SHRED_INT32
            case .int64: VARVE_SHRED_INT64
            case .float: VARVE_SHRED_FLOAT
            case .double: VARVE_SHRED_DOUBLE
            case .string: VARVE_SHRED_STRING
            case .json: VARVE_SHRED_JSON
            case .timestamp: VARVE_SHRED_TIMESTAMP
            case .date: VARVE_SHRED_DATE
            case .uuid: VARVE_SHRED_UUID
            case .structure: VARVE_SHRED_STRUCT
            case .list: VARVE_SHRED_LIST
            case .map: VARVE_SHRED_MAP
            }
        return UInt8(kind.rawValue)
    }
}
