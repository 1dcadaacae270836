import Formats

/// Rows of a Parquet file: gathered here in columns, made pages and row groups of by an encoder on another thread.
///
/// At most one job of an object is under way, as a file is written in order; what is gathered meanwhile waits.
final class RowContent: FillingContent {
    /// Nil once all of it is handed over and the file ends.
    private(set) var rows: ParquetTableRows?
    let encoder: RowEncoder
    let shape: ParquetTableShape
    private var waiting: [ParquetRowBatch] = []
    private var wantsGroup = false
    private(set) var isSealed = false
    private(set) var isBusy = false
    /// Set when the encoder has written the file's end.
    private(set) var summary: ParquetFileSummary?

    private(set) var encoded = EncodedSoFar(bytes: 0, ofUncompressed: 0)
    /// What the encoder held after its last job.
    private(set) var encoderBytes = 0
    /// Encoded bytes that it would give out if its row group were ended.
    private(set) var groupBytes = 0
    private var bytesTaken: Int64 = 0
    private var bytesGiven: Int64 = 0
    private var waitingBatchBytes = 0

    init(rows: ParquetTableRows, encoder: RowEncoder, shape: ParquetTableShape) {
        (self.rows, self.encoder, self.shape) = (rows, encoder, shape)
    }

    var waitingBytes: Int { rows?.waitingBytes ?? 0 }
    var memoryBytes: Int { (rows?.memoryBytes ?? 0) &+ waitingBatchBytes &+ encoderBytes }
    var uncompressedBytes: Int64 { bytesTaken &+ Int64(rows?.eventBytes ?? 0) }

    /// Hands what was gathered over to the encoder, as soon as it is free.
    func flush() {
        defer { if isSealed { rows = nil } }
        guard let rows, rows.rowCount > 0 else { return }
        bytesTaken += Int64(rows.eventBytes)
        let batch = rows.take()
        waiting.append(batch)
        waitingBatchBytes += batch.memoryBytes
    }

    /// Ends the row group, so that its bytes can leave for the store.
    func endGroup() {
        wantsGroup = groupBytes > 0
    }

    /// Nothing is gathered any more; the file ends behind what waits.
    func seal() {
        isSealed = true
    }

    /// The next job, where there is something to do and the encoder is free.
    func nextJob(object: Int) -> RowJob? {
        guard !isBusy, summary == nil, !waiting.isEmpty || wantsGroup || isSealed else { return nil }
        bytesGiven = waiting.reduce(bytesGiven) { $0 + Int64($1.eventBytes) }
        defer {
            // Known again when the job is back.
            if wantsGroup { groupBytes = 0 }
            (waiting, waitingBatchBytes, wantsGroup) = ([], 0, false)
            isBusy = true
        }
        return RowJob(
            object: object, encoder: encoder, batches: waiting, endsGroup: wantsGroup, endsFile: isSealed,
            memoryBytes: waitingBatchBytes)
    }

    func dropEnding() {
        summary = nil
    }

    func accept(_ outcome: RowJob.Outcome) {
        isBusy = false
        (encoderBytes, groupBytes, summary) = (outcome.encoderBytes, outcome.groupBytes, outcome.summary)
        encoded = EncodedSoFar(
            bytes: outcome.encodedBytes, ofUncompressed: max(0, bytesGiven - Int64(outcome.unencodedBytes)))
    }
}

/// Work for one Parquet file.
struct RowJob: Sendable {
    var object: Int
    var encoder: RowEncoder
    var batches: [ParquetRowBatch]
    var endsGroup: Bool
    var endsFile: Bool
    /// Of the batches; free when the job is done.
    var memoryBytes: Int

    struct Outcome: Sendable {
        /// Bytes of the file that are final, in order.
        var chunks: [[UInt8]]
        /// What the encoder holds now.
        var encoderBytes: Int
        /// Encoded bytes of the row group that is not ended.
        var groupBytes: Int
        /// Those and all that was given out.
        var encodedBytes: Int64
        /// Bytes of values that were not encoded yet.
        var unencodedBytes: Int
        var summary: ParquetFileSummary?
    }
}

/// Writes one Parquet file in memory, job by job, on whichever thread has the job.
final class RowEncoder: @unchecked Sendable {
    private let shape: ParquetTableShape
    private let settings: ParquetWriterSettings
    /// Made with the first job: most of a thousand open hours have none for a long time.
    private var file: ParquetFileWriter?
    private let sink = ChunkSink()

    init(
        _ shape: ParquetTableShape, _ settings: ParquetWriterSettings,
        bloomFilters: BloomFilterFields = BloomFilterFields()
    ) {
        (self.shape, self.settings) = (shape, shape.settings(settings, bloomFilters: bloomFilters))
    }

    /// What a scratch for it has to be made for.
    var level: Int32 { settings.compressionLevel }

    func makeScratch() throws(ParquetError) -> ParquetScratch { try ParquetScratch(settings) }

    /// Carries a job out.
    func run(_ job: RowJob, scratch: ParquetScratch) throws(ParquetError) -> RowJob.Outcome {
        let file = try openFile(scratch)
        for batch in job.batches { try file.write(batch) }
        if job.endsGroup {
            try file.endRowGroup()
            // Memory is short, else the group would have gone on.
            file.releaseMemory()
        }
        let summary = job.endsFile ? try file.close() : nil
        let isOver = summary != nil
        let unencoded = isOver ? 0 : file.waitingBytes
        let group = isOver ? 0 : max(0, file.pendingBytes - unencoded)
        let outcome = RowJob.Outcome(
            chunks: sink.take(), encoderBytes: isOver ? 0 : file.memoryBytes, groupBytes: group,
            encodedBytes: file.writtenBytes + Int64(group), unencodedBytes: unencoded, summary: summary)
        if isOver { self.file = nil }
        return outcome
    }

    private func openFile(_ scratch: ParquetScratch) throws(ParquetError) -> ParquetFileWriter {
        if let file {
            file.scratch = scratch
            return file
        }
        let sink = sink
        let opened = try ParquetFileWriter(schema: shape.schema(), settings: settings, scratch: scratch) {
            sink.append($0)
        }
        file = opened
        return opened
    }
}

/// Collects the bytes of a file in chunks that are worth sending.
private final class ChunkSink {
    private static let chunkBytes = 1 << 20
    private var chunks: [[UInt8]] = []

    func append(_ bytes: UnsafeRawBufferPointer) {
        if var last = chunks.popLast() {
            if last.count + bytes.count <= Self.chunkBytes {
                last.append(contentsOf: bytes)
                return chunks.append(last)
            }
            chunks.append(last)
        }
        chunks.append(Array(bytes))
    }

    func take() -> [[UInt8]] {
        defer { chunks = [] }
        return chunks
    }
}
