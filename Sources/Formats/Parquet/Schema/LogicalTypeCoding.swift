/// Logical types in the footer: the union of today and the enumeration of old (parquet.thrift, `LogicalType` and
/// `ConvertedType`).
extension ParquetLogicalType {
    /// Nil for a union with no member.
    init?(from reader: inout ThriftReader, _ field: ThriftReader.Field) throws(ParquetError) {
        var result: ParquetLogicalType?
        try reader.begin(field)
        while let member = try reader.next() {
            result = try Self.member(member, &reader)
        }
        guard let result else { return nil }
        self = result
    }

    private static func member(
        _ member: ThriftReader.Field, _ reader: inout ThriftReader
    ) throws(ParquetError) -> ParquetLogicalType {
        switch member.id {
        case 5: return try decimal(member, &reader)
        case 7, 8: return try time(member, &reader)
        case 10: return try integer(member, &reader)
        default: break
        }
        try reader.skip(member)
        let plain: [Int16: ParquetLogicalType] = [
            1: .string, 2: .map, 3: .list, 4: .enumeration, 6: .date, 11: .null, 12: .json, 13: .bson, 14: .uuid,
            15: .float16,
        ]
        return plain[member.id] ?? .other(member.id)
    }

    private static func decimal(
        _ field: ThriftReader.Field, _ reader: inout ThriftReader
    ) throws(ParquetError) -> ParquetLogicalType {
        var (scale, precision): (Int32, Int32) = (0, 0)
        try reader.begin(field)
        while let part = try reader.next() {
            switch part.id {
            case 1: scale = try reader.int32(part)
            case 2: precision = try reader.int32(part)
            default: try reader.skip(part)
            }
        }
        return .decimal(precision: precision, scale: scale)
    }

    private static func time(
        _ field: ThriftReader.Field, _ reader: inout ThriftReader
    ) throws(ParquetError) -> ParquetLogicalType {
        var isUTC = false
        var unit: ParquetTimeUnit?
        try reader.begin(field)
        while let part = try reader.next() {
            switch part.id {
            case 1: isUTC = try reader.bool(part)
            case 2:
                try reader.begin(part)
                while let choice = try reader.next() {
                    try reader.skip(choice)
                    unit = [1: .milliseconds, 2: .microseconds, 3: .nanoseconds][choice.id]
                }
            default: try reader.skip(part)
            }
        }
        guard let unit else { throw .damaged("a time without a known unit") }
        return field.id == 7 ? .time(unit, isUTC: isUTC) : .timestamp(unit, isUTC: isUTC)
    }

    private static func integer(
        _ field: ThriftReader.Field, _ reader: inout ThriftReader
    ) throws(ParquetError) -> ParquetLogicalType {
        var (bits, isSigned): (Int64, Bool) = (64, true)
        try reader.begin(field)
        while let part = try reader.next() {
            switch part.id {
            case 1: bits = try reader.int64(part)
            case 2: isSigned = try reader.bool(part)
            default: try reader.skip(part)
            }
        }
        return .integer(bits: Int8(clamping: bits), isSigned: isSigned)
    }

    func write(_ id: Int16, to writer: inout ThriftWriter) {
        guard let number else { return }
        writer.structure(id) { union in
            union.structure(number) { member in
                switch self {
                case .decimal(let precision, let scale):
                    member.int32(1, scale)
                    member.int32(2, precision)
                case .time(let unit, let isUTC), .timestamp(let unit, let isUTC):
                    member.bool(1, isUTC)
                    member.structure(2) { $0.structure(unit.number) { _ in } }
                case .integer(let bits, let isSigned):
                    member.int8(1, bits)
                    member.bool(2, isSigned)
                default: break
                }
            }
        }
    }

    /// Of the union's member; nil for what only has an old name, or that this writer does not know.
    private var number: Int16? {
        switch self {
        case .string: 1
        case .map: 2
        case .list: 3
        case .enumeration: 4
        case .decimal: 5
        case .date: 6
        case .time: 7
        case .timestamp: 8
        case .integer: 10
        case .null: 11
        case .json: 12
        case .bson: 13
        case .uuid: 14
        case .float16: 15
        case .interval, .other: nil
        }
    }

    /// For readers that know only the old names; a time that is not UTC has none there.
    var convertedType: Int32? {
        switch self {
        case .string: 0
        case .map: 1
        case .list: 3
        case .enumeration: 4
        case .decimal: 5
        case .date: 6
        case .time(.milliseconds, isUTC: true): 7
        case .time(.microseconds, isUTC: true): 8
        case .timestamp(.milliseconds, isUTC: true): 9
        case .timestamp(.microseconds, isUTC: true): 10
        case .integer(let bits, let isSigned):
            ([8: 0, 16: 1, 32: 2, 64: 3] as [Int8: Int32])[bits].map { $0 + (isSigned ? 15 : 11) }
        case .json: 19
        case .bson: 20
        case .interval: 21
        default: nil
        }
    }
}

extension ParquetTimeUnit {
    fileprivate var number: Int16 {
        switch self {
        case .milliseconds: 1
        case .microseconds: 2
        case .nanoseconds: 3
        }
    }
}

extension SchemaElement {
    /// What the old name means; old times are UTC (LogicalTypes.md).
    var convertedLogicalType: ParquetLogicalType? {
        switch convertedType {
        case 0: .string
        case 1, 2: .map
        case 3: .list
        case 4: .enumeration
        case 5: .decimal(precision: precision ?? 0, scale: scale ?? 0)
        case 6: .date
        case 7: .time(.milliseconds, isUTC: true)
        case 8: .time(.microseconds, isUTC: true)
        case 9: .timestamp(.milliseconds, isUTC: true)
        case 10: .timestamp(.microseconds, isUTC: true)
        case let old? where (11...18).contains(old):
            .integer(bits: 8 << Int8((old - 11) % 4), isSigned: old >= 15)
        case 19: .json
        case 20: .bson
        case 21: .interval
        default: nil
        }
    }
}
