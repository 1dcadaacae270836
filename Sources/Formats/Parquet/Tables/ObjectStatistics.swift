public import LakeModel

/// What goes from a file's statistics into the catalog: little, as the catalog holds it for every object.
extension ParquetTableShape {
    /// The key and the fields in their order, those with one value for each event; at most
    /// `ColumnStatistics.columnsMax`.
    public func statistics(_ summary: ParquetFileSummary) -> [ColumnStatistics] {
        var all: [ColumnStatistics] = []
        let columns = (try? schema().columns) ?? []
        for (leaf, column) in zip(columns, summary.columns) where all.count < ColumnStatistics.columnsMax {
            guard leaf.repetitionMax == 0, !isCoordinate(column.path), let statistics = ColumnStatistics(column) else {
                continue
            }
            all.append(statistics)
        }
        return all
    }

    /// Those are in the entry already, or say nothing.
    private func isCoordinate(_ path: [String]) -> Bool {
        guard path.count == 1, let name = path.first else { return false }
        let raw = [
            RawTable.topic, RawTable.partition, RawTable.offset, RawTable.timestamp, RawTable.timestampType,
            RawTable.value, RawTable.valueBinary,
        ]
        if case .raw = self { return raw.contains(name) }
        return name == ShreddedSchema.rest || raw.contains { "_\($0)" == name }
    }
}

extension DataObject {
    /// What the columns of a Parquet object begin with that are the envelope's: a shredded one may have a field that
    /// is called `key`. Nil where its rows are of a shape that is not known here.
    public var envelopePrefix: String? {
        guard let schemaID else { return nil }
        if schemaID == ParquetTableShape.rawID { return "" }
        return schemaID.hasPrefix(ParquetTableShape.shreddedID + ":") ? "_" : nil
    }

    /// Bounds of its events' keys; nil where the entry has none.
    public var keyStatistics: ColumnStatistics? {
        guard let envelopePrefix else { return nil }
        return columns?.first { $0.name == envelopePrefix + RawTable.key }
    }
}

extension ColumnStatistics {
    /// Nil where the column has no bounds that say something: documents, UUIDs, and keys that are not text.
    init?(_ column: ParquetFileSummary.Column) {
        let kind: Kind
        switch (column.type, column.logicalType) {
        case (.boolean, _): kind = .boolean
        case (.int32, .date): kind = .date
        case (.int64, .timestamp(.microseconds, isUTC: true)): kind = .time
        case (.int32, nil), (.int64, nil): kind = .integer
        case (.float, nil), (.double, nil): kind = .number
        case (.byteArray, .string), (.byteArray, nil): kind = .text
        default: return nil
        }
        let bounds = Self.bounds(column, kind)
        guard bounds != nil || column.nullCount == column.valueCount else { return nil }
        self.init(
            name: column.path.joined(separator: "."), kind: kind, nulls: column.nullCount, min: bounds?.min,
            max: bounds?.max)
    }

    private static func bounds(_ column: ParquetFileSummary.Column, _ kind: Kind) -> (min: String, max: String)? {
        guard kind == .text else {
            guard let min = column.minValue.flatMap({ text($0, kind) }),
                let max = column.maxValue.flatMap({ text($0, kind) })
            else { return nil }
            return (min, max)
        }
        guard let least = column.min, let greatest = column.max, let min = String(validating: least, as: UTF8.self),
            let max = String(validating: greatest, as: UTF8.self), let top = raised(max)
        else { return nil }
        return (cut(min), top)
    }

    private static func text(_ value: ParquetValue, _ kind: Kind) -> String? {
        switch (kind, value) {
        case (.boolean, .boolean(let value)): "\(value)"
        case (.date, .int32(let days)): "\(CalendarDay(daysSinceEpoch: days))"
        case (.time, .int64(let microseconds)): JSONTree.time(microseconds, digits: 6)
        case (_, .int32(let value)): "\(value)"
        case (_, .int64(let value)): "\(value)"
        case (_, .float(let value)): value.isFinite ? "\(value)" : nil
        case (_, .double(let value)): value.isFinite ? "\(value)" : nil
        default: nil
        }
    }

    /// Whole characters of at most `boundBytesMax` bytes.
    private static func cut(_ text: String) -> String {
        var (result, bytes) = (String.UnicodeScalarView(), 0)
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= boundBytesMax else { break }
            result.append(scalar)
        }
        return String(result)
    }

    /// The text, or where it has to be cut the least that is greater than all that begins like it.
    private static func raised(_ text: String) -> String? {
        guard text.utf8.count > boundBytesMax else { return text }
        var scalars = cut(text).unicodeScalars
        while let last = scalars.popLast() {
            // Surrogates are no characters; the next one after 0xD7FF is 0xE000.
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            guard let scalar = Unicode.Scalar(next) else { continue }
            scalars.append(scalar)
            return String(scalars)
        }
        return nil
    }
}
