/// Which columns of a table's files have Bloom filters.
public struct BloomFilterFields: Hashable, Sendable {
    /// The event's key.
    public var hasKey: Bool
    /// Fields of JSON payloads; those that a file has no fitting column for are passed over.
    public var fields: [JSONPointer]

    public init(hasKey: Bool = false, fields: [JSONPointer] = []) {
        (self.hasKey, self.fields) = (hasKey, fields)
    }

    public var isEmpty: Bool { !hasKey && fields.isEmpty }
}

extension ParquetTableShape {
    /// Settings as given, with what the shape wants, and with Bloom filters on the columns of these fields.
    public func settings(_ given: ParquetWriterSettings, bloomFilters: BloomFilterFields) -> ParquetWriterSettings {
        var settings = settings(given)
        if bloomFilters.hasKey {
            settings.columns[keyColumn, default: ParquetColumnSettings()].hasBloomFilter = true
        }
        for field in bloomFilters.fields {
            guard case .column(let path, let type) = place(of: field), type.takesBloomFilter else { continue }
            settings.columns[path.joined(separator: "."), default: ParquetColumnSettings()].hasBloomFilter = true
        }
        return settings
    }

    /// The column of the events' keys.
    var keyColumn: String {
        switch self {
        case .raw: RawTable.key
        case .shredded: "_" + RawTable.key
        }
    }

    /// Where the value that a pointer names stands in the rows.
    public func place(of pointer: JSONPointer) -> FieldPlace {
        switch self {
        case .raw: .untold
        case .shredded(let schema, _): schema.place(of: pointer)
        }
    }
}

/// Where the value that a JSON Pointer names stands in rows of a Parquet table.
public enum FieldPlace: Hashable, Sendable {
    /// In this column, one value for each event; what the column does not take, and a member that comes again, is in
    /// `_rest`.
    case column(path: [String], ShreddedType)
    /// In no column: an event that has one keeps it in `_rest`.
    case rest
    /// In a payload that stands whole, in a json column, a list or a map.
    case untold
}

extension ShreddedSchema {
    func place(of pointer: JSONPointer) -> FieldPlace {
        var fields = fields
        var path: [String] = []
        var steps = pointer.names[...]
        while let step = steps.popFirst() {
            // By bytes: to Swift's strings other spellings of an accent are equal.
            guard let field = fields.first(where: { $0.name.utf8.elementsEqual(step) }) else { return .rest }
            path.append(field.name)
            switch field.type {
            case .structure(let inner): fields = inner
            case .json: return .untold
            case .list, .map: return steps.isEmpty ? .rest : .untold
            default: return steps.isEmpty ? .column(path: path, field.type) : .rest
            }
        }
        return .rest
    }
}

extension ShreddedType {
    /// Whether a Bloom filter of the column says something that its bounds do not.
    public var takesBloomFilter: Bool {
        switch self {
        case .int32, .int64, .float, .double, .string, .timestamp, .date, .uuid: true
        case .boolean, .json, .structure, .list, .map: false
        }
    }
}
