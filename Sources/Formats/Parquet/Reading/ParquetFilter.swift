/// What rows a reader wants of a column; row groups and pages that cannot have any are passed over.
///
/// It prunes and does not filter: rows that fail the test may come along.
public struct ParquetFilter: Sendable {
    public enum Test: Sendable {
        case equal(ParquetValue)
        case atLeast(ParquetValue)
        case atMost(ParquetValue)
        case isNull
        case isNotNull
    }

    /// Of a column.
    public var path: [String]
    public var test: Test

    public init(_ path: [String], _ test: Test) {
        (self.path, self.test) = (path, test)
    }
}

/// A filter with its column looked up and its value in plain encoding.
struct ResolvedFilter {
    var column: ParquetColumn
    private let test: Test
    private let order: ValueOrder

    private enum Test {
        case range(lower: [UInt8]?, upper: [UInt8]?)
        case isNull
        case isNotNull
    }

    /// The hash that a Bloom filter would have to know.
    let hash: UInt64?

    init(_ filter: ParquetFilter, _ schema: ParquetSchema) throws(ParquetError) {
        guard let column = schema.column(at: filter.path) else {
            throw ParquetError(.misuse, "filter", "there is no column \(filter.path.joined(separator: "."))")
        }
        self.column = column
        order = ValueOrder(column.type, column.logicalType)
        switch filter.test {
        case .equal(let value):
            let bytes = try Self.bytes(value, column)
            test = .range(lower: bytes, upper: bytes)
            hash = bytes.withUnsafeBytes { xxHash64($0) }
        case .atLeast(let value): (test, hash) = (.range(lower: try Self.bytes(value, column), upper: nil), nil)
        case .atMost(let value): (test, hash) = (.range(lower: nil, upper: try Self.bytes(value, column)), nil)
        case .isNull: (test, hash) = (.isNull, nil)
        case .isNotNull: (test, hash) = (.isNotNull, nil)
        }
    }

    private static func bytes(_ value: ParquetValue, _ column: ParquetColumn) throws(ParquetError) -> [UInt8] {
        guard let bytes = value.plainBytes, column.width == 0 || bytes.count == column.width else {
            throw ParquetError(.misuse, "filter", "the value does not fit column \(column.name)")
        }
        return bytes
    }

    /// Whether values between these bounds, or some of `nullCount` nulls among `valueCount`, can pass.
    func mayPass(min: [UInt8]?, max: [UInt8]?, nullCount: Int64?, valueCount: Int64?) -> Bool {
        switch test {
        case .isNull: return nullCount != 0
        case .isNotNull: return nullCount == nil || nullCount != valueCount
        case .range(let lower, let upper):
            if let nullCount, nullCount == valueCount { return false }
            // A bound of another width is no bound; one of a float may hide NaN, which no range has in it.
            if let max, let lower, isBound(max), order.isLess(max, lower) { return false }
            if let min, let upper, isBound(min), order.isLess(upper, min) { return false }
            return true
        }
    }

    private func isBound(_ bytes: [UInt8]) -> Bool { order != .none && (order.width ?? bytes.count) == bytes.count }

    /// Statistics of a row group; those of old only where their order is beyond doubt.
    func mayPass(_ statistics: StoredStatistics?, valueCount: Int64, hasTypeOrder: Bool) -> Bool {
        guard let statistics else { return true }
        let isSigned = order == .signed32 || order == .signed64
        return mayPass(
            min: (hasTypeOrder ? statistics.min : nil) ?? (isSigned ? statistics.legacyMin : nil),
            max: (hasTypeOrder ? statistics.max : nil) ?? (isSigned ? statistics.legacyMax : nil),
            nullCount: statistics.nullCount, valueCount: valueCount)
    }
}
