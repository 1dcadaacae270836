/// How schemas grow: fields are added, types widen, nothing is lost (`docs/parquet.md`, widening).
extension ShreddedSchema {
    /// A schema that takes what either takes: fields in this one's order, then the other's new ones.
    public func merged(with other: ShreddedSchema) throws(ParquetError) -> ShreddedSchema {
        try ShreddedSchema(Self.merged(fields, other.fields))
    }

    fileprivate static func merged(_ one: [ShreddedField], _ other: [ShreddedField]) -> [ShreddedField] {
        let second = Dictionary(other.map { ($0.name, $0.type) }) { first, _ in first }
        let known = Set(one.map(\.name))
        return one.map { field in
            ShreddedField(field.name, second[field.name].map { field.type.widened(to: $0) } ?? field.type)
        } + other.filter { !known.contains($0.name) }
    }
}

extension ShreddedType {
    /// The narrowest type that takes all values of both; json where there is none.
    public func widened(to other: ShreddedType) -> ShreddedType {
        if self == other { return self }
        switch (self, other) {
        case (.int32, .int64), (.int64, .int32): return .int64
        case (.int32, .float), (.float, .int32), (.float, .double), (.double, .float), (.int32, .double),
            (.double, .int32), (.int64, .double), (.double, .int64), (.int64, .float), (.float, .int64):
            return .double
        case (.string, .timestamp), (.timestamp, .string), (.string, .date), (.date, .string), (.string, .uuid),
            (.uuid, .string), (.timestamp, .date), (.date, .timestamp), (.timestamp, .uuid), (.uuid, .timestamp),
            (.date, .uuid), (.uuid, .date):
            return .string
        case (.structure(let one), .structure(let two)): return .structure(ShreddedSchema.merged(one, two))
        case (.list(let one), .list(let two)): return .list(one.widened(to: two))
        case (.map(let one), .map(let two)): return .map(one.widened(to: two))
        case (.map(let value), .structure(let fields)), (.structure(let fields), .map(let value)):
            return .map(fields.reduce(value) { $0.widened(to: $1.type) })
        default: return .json
        }
    }
}
