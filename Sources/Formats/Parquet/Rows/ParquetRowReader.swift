/// Gives the rows of a file as trees of values, row group by row group.
///
///     let rows = try ParquetRowReader(file, fields: ["user"])
///     while let row = try rows.next() { … }
public final class ParquetRowReader {
    private let file: ParquetFileReader
    private let shapes: [RowShape]
    private let columns: [ParquetColumn]
    private let filters: [ResolvedFilter]
    private var group = -1
    private var cursors: [EntryCursor?] = []
    private var ranges: ArraySlice<Range<Int64>> = []
    /// In the row group.
    private var row: Int64 = 0
    private var budget = 0

    /// The fields that each row has: those of the schema that hold a column asked for, whole.
    public let fields: [ParquetNode]

    /// Reads all columns, or those top-level fields that `fields` names; rows that `filters` rule out by statistics
    /// and indices are passed over.
    public init(
        _ file: ParquetFileReader, fields names: [String]? = nil, filters: [ParquetFilter] = []
    ) throws(ParquetError) {
        self.file = file
        for name in names ?? [] where !file.schema.fields.contains(where: { $0.name == name }) {
            throw ParquetError(.misuse, "", "there is no field '\(name)'")
        }
        let wanted = file.schema.fields.indices.filter { names?.contains(file.schema.fields[$0].name) ?? true }
        let all = RowShape.shapes(of: file.schema)
        shapes = wanted.map { all[$0] }
        fields = wanted.map { file.schema.fields[$0] }
        columns = shapes.flatMap { file.schema.columns[$0.leaves] }
        var resolved: [ResolvedFilter] = []
        for filter in filters { resolved.append(try ResolvedFilter(filter, file.schema)) }
        self.filters = resolved
    }

    /// The next row, one value for each of `fields`; nil behind the last.
    public func next() throws(ParquetError) -> [ParquetValue]? {
        while true {
            if let row = try nextInGroup() { return row }
            guard group + 1 < file.rowGroupCount else { return nil }
            try open(group: group + 1)
        }
    }

    /// Goes to the start of a row group.
    public func open(group: Int) throws(ParquetError) {
        self.group = group
        try openGroup()
    }

    /// The next row of the row group that was opened last; nil behind its last.
    public func nextInGroup() throws(ParquetError) -> [ParquetValue]? {
        while let range = ranges.first, row >= range.upperBound {
            ranges = ranges.dropFirst()
            if let following = ranges.first { try skip(to: following.lowerBound) }
        }
        guard !ranges.isEmpty else { return nil }
        defer { row += 1 }
        budget = file.settings.rowBytesMax
        do throws(ParquetError) {
            var values: [ParquetValue] = []
            for shape in shapes { values.append(try value(shape, repetition: 0)) }
            try checkRowEnd()
            return values
        } catch {
            throw error.at("row group \(group), row \(row)")
        }
    }

    private func openGroup() throws(ParquetError) {
        row = 0
        ranges = []
        guard try file.mayPass(filters, inGroup: group) else { return }
        let (selection, offsets) = try file.selection(filters, columns, inGroup: group)
        guard let first = selection.ranges.first else { return }
        cursors = Array(repeating: nil, count: file.schema.columns.count)
        for column in columns {
            let reader = try file.open(column, inGroup: group, offsets: offsets[column.index])
            cursors[column.index] = EntryCursor(reader)
        }
        ranges = selection.ranges[...]
        try skip(to: first.lowerBound)
    }

    private func skip(to target: Int64) throws(ParquetError) {
        for column in columns { try cursors[column.index]?.skip(to: target, from: row) }
        row = target
    }

    /// Every column is at the start of a row again, or at its end behind the last row.
    private func checkRowEnd() throws(ParquetError) {
        let isLast = row + 1 == file.rowCount(inGroup: group)
        for column in columns {
            guard let cursor = cursors[column.index] else { continue }
            let isThere = try cursor.load()
            if isLast, isThere { throw .damaged("column \(column.name) has more rows than the row group") }
            if isThere, cursor.repetition != 0 { throw .damaged("column \(column.name) continues the row") }
        }
    }

    // MARK: Assembly

    private func cursor(_ leaf: Int) throws(ParquetError) -> EntryCursor {
        guard let cursor = cursors[leaf] else { throw ParquetError(.misuse, "", "a column was not opened") }
        guard try cursor.load() else { throw .damaged("column \(file.schema.columns[leaf].name) ends early") }
        return cursor
    }

    private func spend(_ bytes: Int) throws(ParquetError) {
        budget -= bytes
        if budget < 0 { throw ParquetError(.limit, "", "it takes over \(file.settings.rowBytesMax) bytes") }
    }

    /// Passes over the one entry that each column inside has for something that is not there.
    private func passOver(_ shape: RowShape) throws(ParquetError) {
        for leaf in shape.leaves { try cursor(leaf).advance() }
    }

    private func value(_ shape: RowShape, repetition: UInt8) throws(ParquetError) -> ParquetValue {
        try spend(MemoryLayout<ParquetValue>.stride)
        if shape.isOptional, let first = shape.leaves.first, try cursor(first).definition < shape.definition {
            try passOver(shape)
            return .null
        }
        switch shape.kind {
        case .leaf(let leaf):
            let cursor = try cursor(leaf)
            guard cursor.isValue else {
                throw .damaged("column \(cursor.column.name) lacks a value that must be there")
            }
            let value = cursor.value
            if case .bytes(let bytes) = value { try spend(bytes.count) }
            cursor.advance()
            return value
        case .group(let fields):
            var values: [ParquetValue] = []
            for field in fields { values.append(try value(field, repetition: repetition)) }
            return .group(values)
        case .list(let element, let definition, let level):
            var values: [ParquetValue] = []
            try forEachEntry(shape, definition, level) { () throws(ParquetError) in
                values.append(try value(element, repetition: level))
            }
            return .list(values)
        case .map(let key, let item, let definition, let level):
            var entries: [ParquetValue.Entry] = []
            try forEachEntry(shape, definition, level) { () throws(ParquetError) in
                let key = try value(key, repetition: level)
                entries.append(.init(key: key, value: try value(item, repetition: level)))
            }
            return .map(entries)
        }
    }

    /// Calls `body` for each entry of a list or map; each takes at least one entry of the first column.
    private func forEachEntry(
        _ shape: RowShape, _ definition: UInt8, _ level: UInt8, _ body: () throws(ParquetError) -> Void
    ) throws(ParquetError) {
        guard let first = shape.leaves.first else { return }
        if try cursor(first).definition < definition {
            try passOver(shape)
            return
        }
        repeat { try body() } while try continues(first, level)
    }

    private func continues(_ leaf: Int, _ level: UInt8) throws(ParquetError) -> Bool {
        guard let cursor = cursors[leaf], try cursor.load() else { return false }
        guard cursor.repetition <= level else { throw .damaged("column \(cursor.column.name) repeats out of turn") }
        return cursor.repetition == level
    }
}
