import Catalog
import Compression
import Formats
import LakeModel
import ObjectStorage

/// Writes lines as rows of a Parquet file.
final class ParquetRowEncoder: RowEncoding {
    /// Events of so much are gathered before they are written as rows.
    private static let batchBytes = 1 << 20

    private let shape: ParquetTableShape
    private let file: ParquetFileWriter
    private let rows: ParquetTableRows
    private let chunks: Chunks
    private let envelopes = EnvelopeReader()
    private let parser = JSONParser()
    private var prefix = RawTablePrefix(topic: "", partition: 0)
    private var source: TopicPartition?
    private var summary: ParquetFileSummary?

    private final class Chunks {
        var all: [[UInt8]] = []
        var bytes = 0
    }

    init(_ options: EncodingOptions) throws {
        shape = options.shape ?? .raw
        var settings = ParquetWriterSettings()
        settings.compressionLevel = options.level
        settings.rowGroupBytes = options.rowGroupBytes
        let chunks = Chunks()
        self.chunks = chunks
        rows = try ParquetTableRows(shape)
        file = try ParquetFileWriter(
            schema: shape.schema(), settings: shape.settings(settings, bloomFilters: options.bloomFilters)
        ) { bytes in
            chunks.all.append(Array(bytes))
            chunks.bytes += bytes.count
        }
    }

    var schemaID: String? { shape.schemaID }
    var statistics: [ColumnStatistics] { summary.map { shape.statistics($0) } ?? [] }
    var readyBytes: Int { chunks.bytes }
    var uncompressedBytes: Int64 { summary?.uncompressedBytes ?? 0 }

    var encodedBytes: Int64 {
        if let summary { return summary.bytes }
        // A fifth is what event payloads come to.
        let waiting = file.waitingBytes
        return file.writtenBytes + Int64(file.pendingBytes - waiting + (waiting + rows.eventBytes) / 5)
    }

    func append(_ row: StoredRow) throws {
        let event: StoredEvent
        do {
            event = try envelopes.read(row.line)
        } catch {
            throw MaintenanceError.invalid("an event cannot be read: \(error)")
        }
        guard event.reason == nil else { throw MaintenanceError.unsupported("dead letters stay lines") }
        if source != event.topicPartition {
            source = event.topicPartition
            prefix = RawTablePrefix(topic: event.topicPartition.topic, partition: event.topicPartition.partition)
        }
        let outcome = try event.withEvent { lent, headers throws(ParquetError) in
            try rows.append(lent, prefix: prefix, headers: headers, parser: parser)
        }
        guard outcome == .written else { throw RowHasNoPlace() }
        if rows.eventBytes >= Self.batchBytes { try file.write(rows.take()) }
    }

    func finish() throws {
        try file.write(rows.take())
        summary = try file.close()
    }

    func takeReady() -> [[UInt8]] {
        defer { (chunks.all, chunks.bytes) = ([], 0) }
        return chunks.all
    }
}

/// An event that a shape does not take: a payload that is not JSON, or none, among shredded ones.
struct RowHasNoPlace: Error {}

extension ParquetTableShape {
    /// A shape that takes what either takes.
    func merged(with other: ParquetTableShape) throws(ParquetError) -> ParquetTableShape {
        guard case .shredded(let one, let policy) = self, case .shredded(let two, _) = other else { return .raw }
        return .shredded(try one.merged(with: two), policy)
    }

    /// The same, with every misfit kept in `_rest`: what is rewritten was taken before.
    var keepingMisfits: ParquetTableShape {
        if case .shredded(let schema, _) = self { .shredded(schema, .rest) } else { self }
    }
}
