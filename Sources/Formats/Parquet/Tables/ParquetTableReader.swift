/// Reads the events of a raw or a shredded table, row group by row group.
public final class ParquetTableReader {
    private enum Rows {
        case raw(RawTableReader)
        case shredded(ShreddedTableReader)
    }

    public let file: ParquetFileReader
    private let rows: Rows

    /// Throws where the file is neither.
    public init(_ file: ParquetFileReader) throws(ParquetError) {
        self.file = file
        let isShredded = file.keyValues.contains { $0.key == ShreddedTableWriter.versionKey }
        rows = isShredded ? .shredded(try ShreddedTableReader(file)) : .raw(try RawTableReader(file))
    }

    /// What the file's rows look like; misfits of a shredded one stay in `_rest`.
    public var shape: ParquetTableShape {
        switch rows {
        case .raw: .raw
        case .shredded(let reader): .shredded(reader.schema, .rest)
        }
    }

    /// Goes to the start of a row group.
    public func open(group: Int) throws(ParquetError) {
        switch rows {
        case .raw(let reader): try reader.open(group: group)
        case .shredded(let reader): try reader.open(group: group)
        }
    }

    /// The next event of the row group that was opened last; nil behind its last.
    public func nextInGroup() throws(ParquetError) -> StoredEvent? {
        switch rows {
        case .raw(let reader): try reader.nextInGroup()
        case .shredded(let reader): try reader.nextInGroup()
        }
    }
}
