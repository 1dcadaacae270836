import Catalog
import Compression
import Formats
import LakeModel
import ObjectStorage

/// Writes lines as rows of a Parquet file, straight into its columns.
final class ParquetRowEncoder: RowEncoding {
    private let shape: ParquetTableShape
    private let table: ParquetTableWriter
    private let chunks: Chunks
    private let envelopes = EnvelopeReader()
    private var prefix = RawTablePrefix(topic: "", partition: 0)
    /// By the numbers of `envelopes`, which begin at 1.
    private var source: Int32 = 0
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
        table = try ParquetTableWriter(
            shape, settings: shape.settings(settings, bloomFilters: options.bloomFilters)
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
        let waiting = table.file.waitingBytes
        return table.file.writtenBytes + Int64(table.file.pendingBytes - waiting + waiting / 5)
    }

    func append(_ row: StoredRow) throws {
        let lent: LentEvent
        do {
            lent = try envelopes.lend(row.line)
        } catch {
            throw MaintenanceError.invalid("an event cannot be read: \(error)")
        }
        guard lent.reason == nil else { throw MaintenanceError.unsupported("dead letters stay lines") }
        if source != lent.event.source {
            source = lent.event.source
            let place = envelopes.topicPartition
            prefix = RawTablePrefix(topic: place.topic, partition: place.partition)
        }
        let outcome = try table.append(
            lent.event, prefix: prefix, headers: envelopes.headers, parser: envelopes.parser, known: lent.known)
        guard outcome == .written else { throw RowHasNoPlace() }
    }

    func finish() throws {
        summary = try table.close()
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
