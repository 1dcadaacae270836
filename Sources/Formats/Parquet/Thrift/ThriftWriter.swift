/// Writes Thrift's compact protocol; fields of a structure come in ascending order of their numbers.
struct ThriftWriter {
    private(set) var bytes: [UInt8] = []
    private var lastIDs: [Int16] = [0]

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func zigzag(_ value: Int64) {
        varint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    private mutating func header(_ id: Int16, _ type: ThriftType) {
        let delta = id - (lastIDs.last ?? 0)
        if (1...15).contains(delta) {
            bytes.append(UInt8(delta) << 4 | type.rawValue)
        } else {
            bytes.append(type.rawValue)
            zigzag(Int64(id))
        }
        lastIDs[lastIDs.count - 1] = id
    }

    mutating func bool(_ id: Int16, _ value: Bool?) {
        if let value { header(id, value ? .yes : .no) }
    }

    mutating func int8(_ id: Int16, _ value: Int8) {
        header(id, .int8)
        bytes.append(UInt8(bitPattern: value))
    }

    mutating func int16(_ id: Int16, _ value: Int16?) {
        guard let value else { return }
        header(id, .int16)
        zigzag(Int64(value))
    }

    mutating func int32(_ id: Int16, _ value: Int32?) {
        guard let value else { return }
        header(id, .int32)
        zigzag(Int64(value))
    }

    mutating func int64(_ id: Int16, _ value: Int64?) {
        guard let value else { return }
        header(id, .int64)
        zigzag(value)
    }

    mutating func binary(_ id: Int16, _ value: [UInt8]?) {
        guard let value else { return }
        header(id, .binary)
        span(value)
    }

    mutating func string(_ id: Int16, _ value: String?) {
        guard let value else { return }
        header(id, .binary)
        span(Array(value.utf8))
    }

    private mutating func span(_ value: [UInt8]) {
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A structure as a field; `body` writes its fields.
    mutating func structure(_ id: Int16, _ body: (inout ThriftWriter) -> Void) {
        header(id, .structure)
        structure(body)
    }

    /// A structure on its own, or as an element of a list.
    mutating func structure(_ body: (inout ThriftWriter) -> Void) {
        lastIDs.append(0)
        body(&self)
        bytes.append(0)
        lastIDs.removeLast()
    }

    private mutating func listHeader(_ count: Int, _ type: ThriftType) {
        if count < 15 {
            bytes.append(UInt8(count) << 4 | type.rawValue)
        } else {
            bytes.append(0xF0 | type.rawValue)
            varint(UInt64(count))
        }
    }

    mutating func structures<Element>(
        _ id: Int16, _ list: [Element]?, _ body: (inout ThriftWriter, Element) -> Void
    ) {
        guard let list else { return }
        header(id, .list)
        listHeader(list.count, .structure)
        for element in list { structure { body(&$0, element) } }
    }

    mutating func int32s(_ id: Int16, _ list: [Int32]) {
        header(id, .list)
        listHeader(list.count, .int32)
        for value in list { zigzag(Int64(value)) }
    }

    mutating func int64s(_ id: Int16, _ list: [Int64]?) {
        guard let list else { return }
        header(id, .list)
        listHeader(list.count, .int64)
        for value in list { zigzag(value) }
    }

    mutating func bools(_ id: Int16, _ list: [Bool]) {
        header(id, .list)
        listHeader(list.count, .yes)
        for value in list { bytes.append(value ? 1 : 2) }
    }

    mutating func binaries(_ id: Int16, _ list: [[UInt8]]) {
        header(id, .list)
        listHeader(list.count, .binary)
        for value in list { span(value) }
    }

    mutating func strings(_ id: Int16, _ list: [String]) {
        binaries(id, list.map { Array($0.utf8) })
    }
}
