import Catalog
import Compression
import Formats
import LakeModel
import ObjectStorage

/// Reads objects of lines, and Parquet objects as if they were.
struct LineRowReader: RowReading {
    private let lines: ObjectLineReader

    init(store: any ObjectStore, table: TableName) {
        lines = ObjectLineReader(store: store, table: table)
    }

    func shape(of object: DataObject) async throws -> ParquetTableShape? {
        guard object.format == .parquet else { return nil }
        return try await ParquetObjectReader(store: lines.store, table: lines.table).shape(of: object)
    }

    func ask(_ probe: ParquetFieldProbe, in object: DataObject) async throws -> ProbeResult? {
        guard object.format == .parquet else { return nil }
        return try await ParquetObjectReader(store: lines.store, table: lines.table).ask(probe, in: object)
    }

    func forEachRow(
        of object: DataObject, sources: RowSources, _ body: (StoredRow) throws -> Void, pause: () async throws -> Void
    ) async throws {
        guard object.format != .value else {
            return try await lines.forEachLine(
                of: object,
                { line in
                    try body(StoredRow(line: line, front: nil))
                    return true
                }, pause: pause)
        }
        var fronts = EnvelopeFrontReader(sources: sources)
        try await lines.forEachLine(
            of: object,
            { line in
                guard let front = fronts.read(line) else {
                    throw ReadError.damaged(
                        path: object.path, reason: "it holds a line that is no envelope of a listed topic partition")
                }
                try body(StoredRow(line: line, front: front))
                return true
            }, pause: pause)
    }
}

/// Writes lines as they are, as independent zstd frames with a seek table behind them.
final class LineRowEncoder: RowEncoding {
    private let options: EncodingOptions
    private var compressor: FrameCompressor
    private let buffer: FrameBuffer
    private var seekTable = SeekTable()
    private var ready: [[UInt8]] = []
    private(set) var readyBytes = 0
    private var tableBytes: Int64 = 0

    init(_ options: EncodingOptions) throws {
        self.options = options
        compressor = try FrameCompressor(level: options.level)
        buffer = FrameBuffer(capacityBytes: options.frameBytes)
    }

    var uncompressedBytes: Int64 { seekTable.uncompressedBytes + Int64(buffer.count) }

    var encodedBytes: Int64 {
        let (raw, encoded) = (seekTable.uncompressedBytes, seekTable.compressedBytes)
        let waiting = Int64(buffer.count)
        // Before the first frame nothing is known; a fifth is what event lines come to.
        let guess = raw > 0 ? Int64(Double(waiting) * Double(encoded) / Double(raw)) : waiting / 5
        return encoded + guess + tableBytes
    }

    func append(_ row: StoredRow) throws {
        if buffer.count > 0, buffer.count + row.line.count >= options.frameBytes { try closeFrame() }
        buffer.ensure(free: row.line.count + 1)
        buffer.append(row.line)
        buffer.append(UInt8(ascii: "\n"))
    }

    func finish() throws {
        try closeFrame()
        let table = seekTable.encoded()
        tableBytes = Int64(table.count)
        ready.append(table)
        readyBytes += table.count
    }

    func takeReady() -> [[UInt8]] {
        defer { (ready, readyBytes) = ([], 0) }
        return ready
    }

    private func closeFrame() throws {
        guard buffer.count > 0 else { return }
        let frame = try compressor.compress(buffer)
        seekTable.add(compressedBytes: frame.count, uncompressedBytes: buffer.count)
        ready.append(frame)
        readyBytes += frame.count
        // A line of many megabytes must not keep its memory for ever.
        buffer.clear(keepingCapacityBytes: 4 * options.frameBytes)
    }
}
