/// A value of a row as a tree: for tools and tests, and for readers that want rows more than speed.
public enum ParquetValue: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public var key: ParquetValue
        public var value: ParquetValue

        public init(key: ParquetValue, value: ParquetValue) {
            (self.key, self.value) = (key, value)
        }
    }

    case null
    case boolean(Bool)
    case int32(Int32)
    case int64(Int64)
    case float(Float)
    case double(Double)
    /// A byte array of either kind, or an int96.
    case bytes([UInt8])
    /// Of a list of any shape, and of a repeated field.
    case list([ParquetValue])
    case map([Entry])
    /// One for each field, in the schema's order.
    case group([ParquetValue])

    /// UTF-8 as a byte array.
    public static func string(_ text: String) -> ParquetValue { .bytes(Array(text.utf8)) }

    /// As statistics have it: plain encoding without a length; nil for what is not a single value.
    var plainBytes: [UInt8]? {
        switch self {
        case .boolean(let value): [value ? 1 : 0]
        case .int32(let value): withUnsafeBytes(of: value.littleEndian) { Array($0) }
        case .int64(let value): withUnsafeBytes(of: value.littleEndian) { Array($0) }
        case .float(let value): withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        case .double(let value): withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        case .bytes(let value): value
        case .null, .list, .map, .group: nil
        }
    }

    /// A value from its plain encoding without a length; nil where the bytes do not fit the type.
    init?(plain bytes: [UInt8], _ type: ParquetPhysicalType) {
        let bits = bytes.prefix(8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        switch (type, bytes.count) {
        case (.boolean, 1): self = .boolean(bits != 0)
        case (.int32, 4): self = .int32(Int32(truncatingIfNeeded: bits))
        case (.int64, 8): self = .int64(Int64(bitPattern: bits))
        case (.float, 4): self = .float(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case (.double, 8): self = .double(Double(bitPattern: bits))
        case (.byteArray, _), (.fixedLengthByteArray, _): self = .bytes(bytes)
        default: return nil
        }
    }
}
