/// Writes rows that are trees of values: simple, for tools and tests; the columns' own methods are the fast way.
public final class ParquetRowWriter {
    public let file: ParquetFileWriter
    private let shapes: [RowShape]

    public init(_ file: ParquetFileWriter) {
        self.file = file
        shapes = RowShape.shapes(of: file.schema)
    }

    /// Appends a row: one value for each field of the schema. What does not fit the schema is refused before any of
    /// it is written.
    public func append(_ row: [ParquetValue]) throws(ParquetError) {
        guard row.count == shapes.count else {
            throw ParquetError(.misuse, "row \(file.rowCount)", "it has \(row.count) fields, not \(shapes.count)")
        }
        for (value, shape) in zip(row, shapes) { try check(value, shape) }
        for (value, shape) in zip(row, shapes) { write(value, shape, definition: 0, repetition: 0) }
        try file.endRow()
    }

    private func check(_ value: ParquetValue, _ shape: RowShape) throws(ParquetError) {
        switch (shape.kind, value) {
        case (_, .null) where shape.isOptional: return
        case (.leaf(let leaf), _):
            guard file.columns[leaf].column.takes(value) else { throw misfit(value, shape) }
        case (.group(let fields), .group(let values)) where fields.count == values.count:
            for (value, field) in zip(values, fields) { try check(value, field) }
        case (.list(let element, _, _), .list(let values)):
            for value in values { try check(value, element) }
        case (.map(let key, let value, _, _), .map(let entries)):
            for entry in entries {
                try check(entry.key, key)
                try check(entry.value, value)
            }
        default: throw misfit(value, shape)
        }
    }

    private func misfit(_ value: ParquetValue, _ shape: RowShape) -> ParquetError {
        let name = shape.leaves.first.map { file.schema.columns[$0].name } ?? "a group without fields"
        return ParquetError(.misuse, "row \(file.rowCount)", "a value does not fit the schema at \(name)")
    }

    private func write(_ value: ParquetValue, _ shape: RowShape, definition: UInt8, repetition: UInt8) {
        if case .null = value {
            writeNulls(shape, definition: definition, repetition: repetition)
            return
        }
        switch (shape.kind, value) {
        case (.leaf(let leaf), _):
            file.columns[leaf].append(value, definition: shape.definition, repetition: repetition)
        case (.group(let fields), .group(let values)):
            for (value, field) in zip(values, fields) {
                write(value, field, definition: shape.definition, repetition: repetition)
            }
        case (.list(let element, let inner, let level), .list(let values)):
            if values.isEmpty { writeNulls(shape, definition: shape.definition, repetition: repetition) }
            for (place, value) in values.enumerated() {
                write(value, element, definition: inner, repetition: place == 0 ? repetition : level)
            }
        case (.map(let key, let value, let inner, let level), .map(let entries)):
            if entries.isEmpty { writeNulls(shape, definition: shape.definition, repetition: repetition) }
            for (place, entry) in entries.enumerated() {
                let repetition = place == 0 ? repetition : level
                write(entry.key, key, definition: inner, repetition: repetition)
                write(entry.value, value, definition: inner, repetition: repetition)
            }
        default: break  // refused by `check` before
        }
    }

    private func writeNulls(_ shape: RowShape, definition: UInt8, repetition: UInt8) {
        for leaf in shape.leaves { file.columns[leaf].appendNull(definition: definition, repetition: repetition) }
    }
}

extension ParquetColumn {
    fileprivate func takes(_ value: ParquetValue) -> Bool {
        switch (type, value) {
        case (.boolean, .boolean), (.int32, .int32), (.int64, .int64), (.float, .float), (.double, .double),
            (.byteArray, .bytes):
            true
        case (.fixedLengthByteArray, .bytes(let bytes)), (.int96, .bytes(let bytes)): bytes.count == width
        default: false
        }
    }
}

extension ParquetColumnWriter {
    /// Appends a value that `takes` approved of.
    fileprivate func append(_ value: ParquetValue, definition: UInt8, repetition: UInt8) {
        switch value {
        case .boolean(let value): append(boolean: value, definition: definition, repetition: repetition)
        case .int32(let value): append(int32: value, definition: definition, repetition: repetition)
        case .int64(let value): append(int64: value, definition: definition, repetition: repetition)
        case .float(let value): append(float: value, definition: definition, repetition: repetition)
        case .double(let value): append(double: value, definition: definition, repetition: repetition)
        case .bytes(let value):
            value.withUnsafeBytes { append(bytes: $0, definition: definition, repetition: repetition) }
        case .null, .list, .map, .group: break  // refused by `takes` before
        }
    }
}
