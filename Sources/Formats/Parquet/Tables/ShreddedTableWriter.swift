public import LakeModel

/// What became of an event that was to be written as a row of a shredded table.
public enum ShredOutcome: Hashable, Sendable {
    case written
    /// Nothing was written: no payload, or none that is JSON.
    case rejected(RejectReason)
    /// Nothing was written: the policy rejects an event with a value that its column does not take.
    case misfit
}

/// The columns of a shredded table, filled event by event.
final class ShreddedRows {
    let policy: ShreddedTableWriter.MisfitPolicy
    private(set) var unknownFieldCount: Int64 = 0
    private(set) var misfitCount: Int64 = 0
    private let kafka: KafkaColumns
    private let shredder: Shredder

    init(
        _ schema: ShreddedSchema, _ policy: ShreddedTableWriter.MisfitPolicy, _ columns: [ParquetColumnBuffer]
    ) throws(ParquetError) {
        kafka = KafkaColumns(columns)
        let first = RawTable.Column.value.rawValue
        let last = columns.count - 1
        guard let shredder = Shredder(schema, columns[first..<last], rest: columns[last]) else {
            throw ParquetError(.limit, "schema", "not enough memory for its table of fields")
        }
        (self.shredder, self.policy) = (shredder, policy)
    }

    /// Appends a row, or nothing; `bytes` is about what the event takes, `levelBytes` what the levels of its lists and
    /// maps take beside.
    func append(
        _ event: Event, prefix: borrowing RawTablePrefix, headers: some EventHeaders, parser: JSONParser,
        known: JSONOutcome?
    ) throws(ParquetError) -> (outcome: ShredOutcome, bytes: Int, levelBytes: Int) {
        guard let value = event.value else { return (.rejected(.tombstone), 0, 0) }
        if case .invalid(let fault) = known ?? parser.parse(value) {
            return (.rejected(fault == .tooDeep ? .tooDeep : .notJSON), 0, 0)
        }
        guard let row = shredder.append(parser) else {
            throw ParquetError(.limit, "offset \(event.offset)", "a page has more than 3.7 GiB, or memory ran out")
        }
        misfitCount += Int64(row.misfits)
        if row.misfits > 0, policy == .reject {
            shredder.undo()
            return (.misfit, 0, 0)
        }
        unknownFieldCount += Int64(row.unknown)
        let bytes = kafka.append(event, prefix: prefix, headers: headers)
        return (.written, bytes + value.count, 2 * row.entries)
    }
}

/// Writes JSON payloads as columns, beside what Kafka knows of each event; what fits no column goes to `_rest`.
public final class ShreddedTableWriter: @unchecked Sendable {
    /// What to do with a value that its column does not take.
    public enum MisfitPolicy: Hashable, Sendable {
        /// It goes to `_rest`, its column is null.
        case rest
        /// The event is not written, so that its owner can send it elsewhere.
        case reject
    }

    public let file: ParquetFileWriter
    public let schema: ShreddedSchema
    public let policy: MisfitPolicy
    /// Members of objects that the schema does not know, all in `_rest`.
    public var unknownFieldCount: Int64 { rows.unknownFieldCount }
    /// Values that their column does not take: in `_rest`, or of events that were not written.
    public var misfitCount: Int64 { rows.misfitCount }
    private let rows: ShreddedRows

    public init(
        schema: ShreddedSchema, policy: MisfitPolicy = .rest, settings: ParquetWriterSettings = .init(),
        sink: @escaping (UnsafeRawBufferPointer) -> Void
    ) throws(ParquetError) {
        let settings = Self.settings(settings)
        file = try ParquetFileWriter(schema: schema.parquetSchema(), settings: settings, sink: sink)
        rows = try ShreddedRows(schema, policy, file.columns)
        (self.schema, self.policy) = (schema, policy)
    }

    /// Under this key of the file's metadata stands the version of the shape.
    public static let versionKey = "varve.shredded"

    /// Settings as given, with what the shape wants.
    static func settings(_ given: ParquetWriterSettings) -> ParquetWriterSettings {
        var settings = given
        settings.keyValues.append((Self.versionKey, "1"))
        settings.columns["_offset"] = settings.columns["_offset"] ?? .init(encoding: .deltaBinaryPacked)
        settings.columns["_timestamp"] = settings.columns["_timestamp"] ?? .init(encoding: .deltaBinaryPacked)
        return settings
    }

    /// What the writer holds now, near enough.
    public var memoryBytes: Int { file.memoryBytes }

    /// Writes one row, or nothing. `known` spares a second check of a payload that `parser` judged last; the payload
    /// must still be there.
    public func append(
        _ event: Event, prefix: borrowing RawTablePrefix, headers: some EventHeaders, parser: JSONParser,
        known: JSONOutcome? = nil
    ) throws(ParquetError) -> ShredOutcome {
        let row = try rows.append(event, prefix: prefix, headers: headers, parser: parser, known: known)
        if row.outcome == .written { try file.endRow(bytes: row.bytes + row.levelBytes) }
        return row.outcome
    }

    /// Writes what waits and the footer; the writer takes nothing afterwards.
    public func close() throws(ParquetError) -> ParquetFileSummary {
        try file.close()
    }
}
