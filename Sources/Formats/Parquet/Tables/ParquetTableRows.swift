public import LakeModel

/// What the rows of a Parquet table look like (`docs/parquet.md`).
public enum ParquetTableShape: Hashable, Sendable {
    case raw
    case shredded(ShreddedSchema, ShreddedTableWriter.MisfitPolicy)

    /// Names the kind, and of a shredded table its columns too: files with the same have the same columns.
    public var schemaID: String {
        guard case .shredded(_, _) = self, let columns = try? schema().columns else { return Self.rawID }
        let text = columns.map { "\($0.path) \($0.type) \($0.logicalType.map { "\($0)" } ?? "")\n" }.joined()
        let hash = Array(text.utf8).withUnsafeBytes { xxHash64($0) }
        return "\(Self.shreddedID):\(hex(hash))"
    }

    /// What the schema id of a raw table is, and what those of shredded ones begin with.
    public static let rawID = "raw"
    public static let shreddedID = "shredded"

    public func schema() throws(ParquetError) -> ParquetSchema {
        switch self {
        case .raw: try RawTable.schema()
        case .shredded(let schema, _): try schema.parquetSchema()
        }
    }

    /// Settings as given, with what the shape wants.
    public func settings(_ given: ParquetWriterSettings) -> ParquetWriterSettings {
        switch self {
        case .raw: RawTable.settings(given)
        case .shredded: ShreddedTableWriter.settings(given)
        }
    }
}

/// Gathers rows of a table for a file that another thread writes: columns without a file.
///
/// One thread at a time may use it; what `take` hands out is free of it.
public final class ParquetTableRows: @unchecked Sendable {
    private enum Target {
        case raw(RawRows)
        case shredded(ShreddedRows)
    }

    private let buffers: [ParquetColumnBuffer]
    private let target: Target
    /// Rows that wait here.
    public private(set) var rowCount = 0
    /// What their events took, near enough.
    public private(set) var eventBytes = 0
    /// What waits here, near enough: what the events took, and the levels of their lists and maps, which can be more.
    public private(set) var waitingBytes = 0
    /// Memory of the columns when they were last looked at, which is every few hundred rows.
    public private(set) var memoryBytes = 0
    private var rowsSinceLook = 0
    private var bytesSinceLook = 0

    public init(_ shape: ParquetTableShape) throws(ParquetError) {
        buffers = try shape.schema().columns.map { ParquetColumnBuffer($0) }
        switch shape {
        case .raw: target = .raw(RawRows(buffers))
        case .shredded(let schema, let policy): target = .shredded(try ShreddedRows(schema, policy, buffers))
        }
        memoryBytes = leastBytes
    }

    /// Members that the schema does not know, and values that their column does not take, of all rows so far.
    public var unknownFieldCount: Int64 {
        if case .shredded(let rows) = target { rows.unknownFieldCount } else { 0 }
    }
    public var misfitCount: Int64 {
        if case .shredded(let rows) = target { rows.misfitCount } else { 0 }
    }

    /// Appends a row, or nothing where the shape does not take the event. `known` spares a second check of a payload
    /// that `parser` judged last; the payload must still be there.
    @inline(__always)
    public func append(
        _ event: Event, prefix: borrowing RawTablePrefix, headers: any EventHeaders, parser: JSONParser,
        known: JSONOutcome? = nil
    ) throws(ParquetError) -> ShredOutcome {
        let bytes: Int
        var levelBytes = 0
        switch target {
        case .raw(let rows):
            bytes = rows.append(event, prefix: prefix, headers: headers, parser: parser, known: known)
        case .shredded(let rows):
            let row = try rows.append(event, prefix: prefix, headers: headers, parser: parser, known: known)
            guard row.outcome == .written else { return row.outcome }
            (bytes, levelBytes) = (row.bytes, row.levelBytes)
        }
        rowCount &+= 1
        eventBytes &+= bytes
        rowsSinceLook &+= 1
        waitingBytes &+= bytes &+ levelBytes
        bytesSinceLook &+= bytes &+ levelBytes
        if rowsSinceLook >= 256 || bytesSinceLook >= 1 << 15 { look() }
        return .written
    }

    /// What the columns take even while they are empty: their own fields, and the shredder's table.
    private var leastBytes: Int { buffers.count * 512 }

    private func look() {
        (rowsSinceLook, bytesSinceLook) = (0, 0)
        memoryBytes = buffers.reduce(leastBytes) { $0 + $1.page.memoryBytes }
    }

    /// Hands out the rows that wait here; the file that they are written to refuses them where an entry was lost.
    public func take() -> ParquetRowBatch {
        defer {
            (rowCount, eventBytes, waitingBytes) = (0, 0, 0)
            look()
        }
        return ParquetRowBatch(taking: buffers, rowCount: rowCount, eventBytes: eventBytes)
    }
}
