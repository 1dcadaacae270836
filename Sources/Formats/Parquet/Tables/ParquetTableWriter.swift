public import LakeModel

/// Writes events as rows of a table of either shape, straight into the columns of its file.
public final class ParquetTableWriter: @unchecked Sendable {
    private enum Table {
        case raw(RawTableWriter)
        case shredded(ShreddedTableWriter)
    }

    public let file: ParquetFileWriter
    private let table: Table

    /// `settings` as given, with what the shape wants; `sink` gets the file's bytes in order.
    public init(
        _ shape: ParquetTableShape, settings: ParquetWriterSettings,
        sink: @escaping (UnsafeRawBufferPointer) -> Void
    ) throws(ParquetError) {
        switch shape {
        case .raw:
            let writer = try RawTableWriter(settings: settings, sink: sink)
            (table, file) = (.raw(writer), writer.file)
        case .shredded(let schema, let policy):
            let writer = try ShreddedTableWriter(schema: schema, policy: policy, settings: settings, sink: sink)
            (table, file) = (.shredded(writer), writer.file)
        }
    }

    /// Writes a row, or nothing where the shape does not take the event. `known` spares a second check of a payload
    /// that `parser` judged last; the payload must still be there.
    public func append(
        _ event: Event, prefix: borrowing RawTablePrefix, headers: any EventHeaders, parser: JSONParser,
        known: JSONOutcome? = nil
    ) throws(ParquetError) -> ShredOutcome {
        switch table {
        case .raw(let writer):
            try writer.append(event, prefix: prefix, headers: headers, parser: parser, known: known)
            return .written
        case .shredded(let writer):
            return try writer.append(event, prefix: prefix, headers: headers, parser: parser, known: known)
        }
    }

    /// Writes what waits and the footer; the writer takes nothing afterwards.
    public func close() throws(ParquetError) -> ParquetFileSummary {
        try file.close()
    }
}
