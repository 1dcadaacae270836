/// The types of Thrift's compact protocol (thrift, doc/specs/thrift-compact-protocol.md).
enum ThriftType: UInt8 {
    case stop = 0
    case yes = 1
    case no = 2
    case int8 = 3
    case int16 = 4
    case int32 = 5
    case int64 = 6
    case double = 7
    case binary = 8
    case list = 9
    case set = 10
    case map = 11
    case structure = 12
    case uuid = 13
}

/// Reads Thrift's compact protocol from bytes that may be hostile: every length is held against what is left.
struct ThriftReader {
    struct Field {
        var id: Int16
        var type: ThriftType
    }

    /// Structures and containers inside of each other; Parquet's own nest eight deep.
    static let depthMax = 32

    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0
    private var depth = 0
    private var lastIDs: [Int16] = []

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.count - position }

    private func damaged(_ reason: String) -> ParquetError {
        .damaged("byte \(position) of the thrift structure: \(reason)")
    }

    mutating func byte() throws(ParquetError) -> UInt8 {
        guard position < bytes.count else { throw damaged("it ends early") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func varint() throws(ParquetError) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: 0 as UInt64, to: 70, by: 7) {
            let next = try byte()
            result |= UInt64(next & 0x7F) << shift
            if next & 0x80 == 0 { return result }
        }
        throw damaged("an integer of more than ten bytes")
    }

    private mutating func zigzag() throws(ParquetError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    // MARK: Structures

    /// Begins a structure; `next` gives its fields up to nil.
    mutating func begin() throws(ParquetError) {
        depth += 1
        guard depth <= Self.depthMax else { throw damaged("structures nested too deep") }
        lastIDs.append(0)
    }

    /// Begins the structure that is the value of `field`.
    mutating func begin(_ field: Field) throws(ParquetError) {
        try expect(field, .structure)
        try begin()
    }

    /// The next field of the structure begun last, or nil behind its last; the caller reads or skips its value.
    mutating func next() throws(ParquetError) -> Field? {
        let header = try byte()
        if header == 0 {
            lastIDs.removeLast()
            depth -= 1
            return nil
        }
        guard let type = ThriftType(rawValue: header & 15), type != .stop, let last = lastIDs.last else {
            throw damaged("unknown type \(header & 15)")
        }
        let delta = Int16(header >> 4)
        let id: Int64 = delta == 0 ? try zigzag() : Int64(last) + Int64(delta)
        guard let id = Int16(exactly: id) else { throw damaged("field number \(id)") }
        lastIDs[lastIDs.count - 1] = id
        return Field(id: id, type: type)
    }

    private func expect(_ field: Field, _ type: ThriftType) throws(ParquetError) {
        guard field.type == type else { throw damaged("field \(field.id) is of type \(field.type), not \(type)") }
    }

    // MARK: Values

    mutating func bool(_ field: Field) throws(ParquetError) -> Bool {
        guard field.type == .yes || field.type == .no else { throw damaged("field \(field.id) is no boolean") }
        return field.type == .yes
    }

    mutating func int64(_ field: Field) throws(ParquetError) -> Int64 {
        switch field.type {
        case .int8: Int64(Int8(bitPattern: try byte()))
        case .int16, .int32, .int64: try zigzag()
        default: throw damaged("field \(field.id) is no integer")
        }
    }

    mutating func int32(_ field: Field) throws(ParquetError) -> Int32 {
        let value = try int64(field)
        guard let value = Int32(exactly: value) else { throw damaged("field \(field.id): \(value) takes over 32 bits") }
        return value
    }

    /// The bytes of a binary or string, borrowed from the input.
    private mutating func span() throws(ParquetError) -> UnsafeRawBufferPointer {
        let length = try varint()
        guard length <= UInt64(remaining) else { throw damaged("a length of \(length) with \(remaining) bytes left") }
        let start = position
        position += Int(length)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    mutating func binary(_ field: Field) throws(ParquetError) -> [UInt8] {
        try expect(field, .binary)
        return Array(try span())
    }

    mutating func string(_ field: Field) throws(ParquetError) -> String {
        try expect(field, .binary)
        return String(decoding: try span(), as: UTF8.self)
    }

    // MARK: Lists

    /// The number of elements and their type; an element takes a byte at least.
    private mutating func listHeader() throws(ParquetError) -> (count: Int, type: ThriftType) {
        let header = try byte()
        var count = UInt64(header >> 4)
        if count == 15 { count = try varint() }
        guard count <= UInt64(remaining) else { throw damaged("a list of \(count) with \(remaining) bytes left") }
        guard let type = ThriftType(rawValue: header & 15), type != .stop || count == 0 else {
            throw damaged("unknown element type \(header & 15)")
        }
        return (Int(count), type)
    }

    /// Reads a list of structures by `element`, which begins each itself.
    mutating func structures<Element>(
        _ field: Field, _ element: (inout ThriftReader) throws(ParquetError) -> Element
    ) throws(ParquetError) -> [Element] {
        try expect(field, .list)
        let (count, type) = try listHeader()
        guard type == .structure || count == 0 else { throw damaged("field \(field.id) lists no structures") }
        var list: [Element] = []
        for _ in 0..<count { list.append(try element(&self)) }
        return list
    }

    mutating func integers(_ field: Field) throws(ParquetError) -> [Int64] {
        try expect(field, .list)
        let (count, type) = try listHeader()
        var list: [Int64] = []
        for _ in 0..<count { list.append(try int64(Field(id: field.id, type: type))) }
        return list
    }

    mutating func bools(_ field: Field) throws(ParquetError) -> [Bool] {
        try expect(field, .list)
        let (count, type) = try listHeader()
        guard type == .yes || type == .no || count == 0 else { throw damaged("field \(field.id) lists no booleans") }
        var list: [Bool] = []
        // Inside a list a boolean is a byte; old writers have 0 for no.
        for _ in 0..<count { list.append(try byte() == 1) }
        return list
    }

    mutating func binaries(_ field: Field) throws(ParquetError) -> [[UInt8]] {
        try expect(field, .list)
        let (count, type) = try listHeader()
        guard type == .binary || count == 0 else { throw damaged("field \(field.id) lists no binaries") }
        var list: [[UInt8]] = []
        for _ in 0..<count { list.append(Array(try span())) }
        return list
    }

    // MARK: Skipping

    /// Reads over the value of a field that nobody knows.
    mutating func skip(_ field: Field) throws(ParquetError) {
        try skip(field.type, inContainer: false)
    }

    private mutating func skip(_ type: ThriftType, inContainer: Bool) throws(ParquetError) {
        switch type {
        case .stop: throw damaged("a value of no type")
        case .yes, .no: if inContainer { _ = try byte() }
        case .int8: _ = try byte()
        case .int16, .int32, .int64: _ = try varint()
        case .double: try skip(bytes: 8)
        case .uuid: try skip(bytes: 16)
        case .binary: _ = try span()
        case .list, .set:
            let (count, element) = try listHeader()
            try nested { (reader) throws(ParquetError) in
                for _ in 0..<count { try reader.skip(element, inContainer: true) }
            }
        case .map: try skipMap()
        case .structure:
            try begin()
            while let field = try next() { try skip(field) }
        }
    }

    private mutating func skipMap() throws(ParquetError) {
        let count = try varint()
        guard count > 0 else { return }
        let types = try byte()
        guard count <= UInt64(remaining), let key = ThriftType(rawValue: types >> 4),
            let value = ThriftType(rawValue: types & 15)
        else { throw damaged("a map that is none") }
        try nested { (reader) throws(ParquetError) in
            for _ in 0..<count {
                try reader.skip(key, inContainer: true)
                try reader.skip(value, inContainer: true)
            }
        }
    }

    private mutating func nested(_ body: (inout ThriftReader) throws(ParquetError) -> Void) throws(ParquetError) {
        depth += 1
        guard depth <= Self.depthMax else { throw damaged("containers nested too deep") }
        try body(&self)
        depth -= 1
    }

    private mutating func skip(bytes count: Int) throws(ParquetError) {
        guard remaining >= count else { throw damaged("it ends early") }
        position += count
    }
}
