/// Tells from a file's footer and Bloom filters whether one of some values can be in a field of its events.
///
/// It may say yes where there is none, and never no where reading all rows would find one: values are compared with the
/// payloads that are put together from columns and `_rest` (`SoughtValues`). So of payloads it says no only where
/// `_rest` is null throughout a row group, as a value of another type and a member that comes again stand there.
public struct ParquetFieldProbe: Sendable {
    public enum Field: Hashable, Sendable {
        case key
        /// A field of a JSON payload.
        case value(JSONPointer)
    }

    public enum Answer: Hashable, Sendable {
        /// No event of the file has one of the values.
        case no
        case maybe
        /// The Bloom filters in these bytes tell: see `askFilters`.
        case filters(Range<Int64>)
    }

    /// With more values a filter that is wrong once in a hundred times rules nothing out.
    public static let valuesMax = 1000
    /// Of Bloom filters that are read at a time.
    public static let filterBytesMax: Int64 = 16 << 20

    public let field: Field
    private let values: [[UInt8]]

    /// - `values`: as text, without quotes and escapes. Nil for more than `valuesMax`.
    public init?(_ field: Field, values: some Collection<[UInt8]>) {
        guard values.count <= Self.valuesMax else { return nil }
        (self.field, self.values) = (field, Array(values))
    }

    /// Asks the footer.
    public func ask(_ reader: ParquetTableReader) throws(ParquetError) -> Answer {
        let target = try target(reader)
        var range: Range<Int64>?
        for group in 0..<reader.file.rowGroupCount {
            guard standsInColumns(group, reader) else { return .maybe }
            switch target {
            case .untold: return .maybe
            case .nowhere: continue
            case .column(let column, let filters):
                guard try reader.file.mayPass(anyOf: filters, inGroup: group, byBloomFilter: false) else { continue }
                guard let bytes = reader.file.bloomFilterRange(of: column, inGroup: group) else { return .maybe }
                range =
                    range.map { min($0.lowerBound, bytes.lowerBound)..<max($0.upperBound, bytes.upperBound) } ?? bytes
            }
        }
        guard let range else { return .no }
        return range.count <= Self.filterBytesMax ? .filters(range) : .maybe
    }

    /// Asks the Bloom filters, whose bytes the reader's source has to have; false where no event has one of the values.
    public func askFilters(_ reader: ParquetTableReader) throws(ParquetError) -> Bool {
        guard case .column(_, let filters) = try target(reader) else { return try ask(reader) != .no }
        for group in 0..<reader.file.rowGroupCount {
            guard standsInColumns(group, reader) else { return true }
            if try reader.file.mayPass(anyOf: filters, inGroup: group, byBloomFilter: true) { return true }
        }
        return false
    }

    /// Whether all that rows have in the field is in columns. A key always is.
    private func standsInColumns(_ group: Int, _ reader: ParquetTableReader) -> Bool {
        if case .key = field { return true }
        guard case .shredded = reader.shape,
            let rest = reader.file.schema.column(at: [ShreddedSchema.rest])
        else { return false }
        return reader.file.isNull(rest, inGroup: group)
    }
}

extension ParquetFieldProbe {
    private enum Target {
        /// One of the values may stand in this column.
        case column(ParquetColumn, [ResolvedFilter])
        /// No column can have one of them.
        case nowhere
        case untold
    }

    private func target(_ reader: ParquetTableReader) throws(ParquetError) -> Target {
        let (path, type): ([String], ShreddedType)
        switch field {
        case .key: (path, type) = ([reader.shape.keyColumn], .string)
        case .value(let pointer):
            switch reader.shape.place(of: pointer) {
            case .untold: return .untold
            case .rest: return .nowhere
            case .column(let place, let kind): (path, type) = (place, kind)
            }
        }
        guard let column = reader.file.schema.column(at: path) else { return .untold }
        var filters: [ResolvedFilter] = []
        for text in values {
            switch field == .key ? .value(.bytes(text)) : type.stored(text) {
            case .untold: return .untold
            case .never: continue
            case .value(let value):
                filters.append(try ResolvedFilter(ParquetFilter(path, .equal(value)), reader.file.schema))
            }
        }
        return filters.isEmpty ? .nowhere : .column(column, filters)
    }
}

extension ShreddedType {
    fileprivate enum Stored {
        case value(ParquetValue)
        /// No value of the column reads back as this text.
        case never
        /// Several may, or it is not known which.
        case untold
    }

    /// What a column has where its value reads back as this text.
    fileprivate func stored(_ text: [UInt8]) -> Stored {
        switch self {
        // Other spellings of one time are other texts.
        case .string: text.withUnsafeBytes(Instant.init) == nil ? .value(.bytes(text)) : .untold
        case .int32: Self.integer(text, Int32.self).map { .value(.int32($0)) } ?? .never
        case .int64: Self.integer(text, Int64.self).map { .value(.int64($0)) } ?? .never
        case .uuid: Self.uuid(text).map { .value(.bytes($0)) } ?? .never
        default: .untold
        }
    }

    private static func integer<Value: FixedWidthInteger>(_ text: [UInt8], _ type: Value.Type) -> Value? {
        CanonicalNumber.text(text).flatMap { Value(String(decoding: $0, as: UTF8.self)) }
    }

    /// The 16 bytes of 36 characters in lower case.
    private static func uuid(_ text: [UInt8]) -> [UInt8]? {
        let hyphens: Set = [8, 13, 18, 23]
        guard text.count == 36, hyphens.allSatisfy({ text[$0] == UInt8(ascii: "-") }) else { return nil }
        let digits = text.indices.filter { !hyphens.contains($0) }.map { text[$0] }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = hexValue(digits[place]), let low = hexValue(digits[place + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
