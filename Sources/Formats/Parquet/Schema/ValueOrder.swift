/// How the values of a column are compared for statistics (parquet.thrift, `ColumnOrder`).
enum ValueOrder: Hashable, Sendable {
    case boolean
    case signed32, signed64
    case unsigned32, unsigned64
    case float, double
    /// Byte by byte, unsigned; a prefix comes first.
    case lexicographic
    /// Big-endian two's complement.
    case decimalBytes
    /// The format has no order, or this module does not follow it: no statistics.
    case none

    init(_ type: ParquetPhysicalType, _ logicalType: ParquetLogicalType?) {
        var isUnsigned = false
        if case .integer(_, isSigned: false) = logicalType { isUnsigned = true }
        switch type {
        case .boolean: self = .boolean
        case .int32: self = isUnsigned ? .unsigned32 : .signed32
        case .int64: self = isUnsigned ? .unsigned64 : .signed64
        case .float: self = .float
        case .double: self = .double
        case .int96: self = .none
        case .byteArray, .fixedLengthByteArray:
            switch logicalType {
            case .decimal: self = .decimalBytes
            case .interval, .float16, .other, .null: self = .none
            default: self = .lexicographic
            }
        }
    }

    /// The bytes that a statistic of this order has; nil where they vary.
    var width: Int? {
        switch self {
        case .boolean: 1
        case .signed32, .unsigned32, .float: 4
        case .signed64, .unsigned64, .double: 8
        case .lexicographic, .decimalBytes, .none: nil
        }
    }

    /// Whether `one` comes before `other`, both in plain encoding; false where either is malformed or not a number.
    func isLess(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        if let width, one.count != width || other.count != width { return false }
        switch self {
        case .boolean: return one[0] < other[0]
        case .signed32: return one.load32 < other.load32
        case .unsigned32: return UInt32(bitPattern: one.load32) < UInt32(bitPattern: other.load32)
        case .signed64: return one.load64 < other.load64
        case .unsigned64: return UInt64(bitPattern: one.load64) < UInt64(bitPattern: other.load64)
        case .float:
            return Float(bitPattern: UInt32(bitPattern: one.load32))
                < Float(bitPattern: UInt32(bitPattern: other.load32))
        case .double:
            return Double(bitPattern: UInt64(bitPattern: one.load64))
                < Double(bitPattern: UInt64(bitPattern: other.load64))
        case .lexicographic: return one.lexicographicallyPrecedes(other)
        case .decimalBytes: return Self.isLessDecimal(one, other)
        case .none: return false
        }
    }

    func isLess(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.withUnsafeBytes { one in other.withUnsafeBytes { isLess(one, $0) } }
    }

    private static func isLessDecimal(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        let (left, right) = (Int8(bitPattern: one.first ?? 0), Int8(bitPattern: other.first ?? 0))
        guard (left < 0) == (right < 0) else { return left < 0 }
        let count = max(one.count, other.count)
        let fill: UInt8 = left < 0 ? 0xFF : 0
        for place in 0..<count {
            let (a, b) = (place - (count - one.count), place - (count - other.count))
            let (x, y) = (a < 0 ? fill : one[a], b < 0 ? fill : other[b])
            if x != y { return x < y }
        }
        return false
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var load32: Int32 { Int32(littleEndian: loadUnaligned(as: Int32.self)) }
    fileprivate var load64: Int64 { Int64(littleEndian: loadUnaligned(as: Int64.self)) }
}
