import ArgumentParser
import Compression
import Formats
import Glibc
import LakeModel

/// Turns lines of JSON into a Parquet file, as `format: parquet` does with payloads, and says what it took.
struct Shred: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turns an .ndjson.zst file into Parquet and prints seconds, bytes and peak memory as JSON.")

    @Argument(help: "A run of zstd frames of lines.")
    var input: String

    @Argument(help: "The Parquet file to write.")
    var output: String

    @Option(help: "Payloads that the schema is inferred from.")
    var inferFrom = 10_000

    @Option(help: "zstd level.")
    var level: Int32 = 3

    @Option(help: "MiB that a row group holds at most.")
    var rowGroup = 64

    @Option(help: "Rows of a page at most.")
    var pageRows = 20_000

    @Option(help: "KiB of a dictionary at most.")
    var dictionary = 1024

    @Flag(help: "Keep payloads whole, as a raw table.")
    var raw = false

    func run() throws {
        guard let source = fopen(input, "r"), let target = fopen(output, "w") else {
            throw ValidationError("\(input) or \(output) cannot be opened (errno \(errno))")
        }
        defer { fclose(source) }
        var settings = ParquetWriterSettings()
        settings.compressionLevel = level
        settings.rowGroupBytes = rowGroup << 20
        settings.pageRows = pageRows
        settings.dictionaryBytes = dictionary << 10
        let job = ShredJob(settings, inferFrom: inferFrom, raw: raw) { fwrite($0.baseAddress, 1, $0.count, target) }
        var decoder = try FrameDecoder()
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { chunk.deallocate() }
        while true {
            let count = fread(chunk.baseAddress, 1, chunk.count, source)
            guard count > 0 else { break }
            var position = 0
            let bytes = UnsafeRawBufferPointer(rebasing: chunk[..<count])
            while let piece = try decoder.next(in: bytes, at: &position) { try job.add(piece) }
        }
        let summary = try job.finish()
        fclose(target)
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        print(
            "{\"cpu_seconds\":\(seconds),\"bytes\":\(summary.bytes),\"rows\":\(summary.rowCount),"
                + "\"row_groups\":\(summary.rowGroupCount),\"peak_rss_bytes\":\(usage.ru_maxrss * 1024),"
                + "\"writer_bytes_max\":\(job.memoryMax)}")
        guard ProcessEnvironment.isVerbose else { return }
        for column in summary.columns {
            print("\(column.path.joined(separator: ".")) \(column.compressedBytes) of \(column.uncompressedBytes)")
        }
    }
}

private enum ProcessEnvironment {
    static var isVerbose: Bool { getenv("VARVE_BENCH_COLUMNS") != nil }
}

/// Lines as they come, cut anywhere; the first ones are kept until there is a schema.
private final class ShredJob {
    private let settings: ParquetWriterSettings
    private let inferFrom: Int
    private let sink: (UnsafeRawBufferPointer) -> Void
    private let parser = JSONParser()
    private let noHeaders = NoHeaders()
    private let prefix = RawTablePrefix(topic: "clicks", partition: 0)
    private let carry = FrameBuffer(capacityBytes: 1 << 16)
    private let kept = FrameBuffer(capacityBytes: 1 << 20)
    private var ends: [Int] = []
    private var inference = SchemaInference()
    private var shredded: ShreddedTableWriter?
    private var rawTable: RawTableWriter?
    private var offset: Int64 = 0
    private(set) var memoryMax = 0

    init(
        _ settings: ParquetWriterSettings, inferFrom: Int, raw: Bool, sink: @escaping (UnsafeRawBufferPointer) -> Void
    ) {
        (self.settings, self.inferFrom, self.sink) = (settings, inferFrom, sink)
        rawTable = raw ? try? RawTableWriter(settings: settings, sink: sink) : nil
    }

    func add(_ piece: UnsafeRawBufferPointer) throws {
        var start = 0
        while start < piece.count, let base = piece.baseAddress {
            let rest = piece.count - start
            guard let found = memchr(base + start, 10, rest) else {
                carry.append(UnsafeRawBufferPointer(start: base + start, count: rest))
                break
            }
            let line = UnsafeRawBufferPointer(start: base + start, count: UnsafeRawPointer(found) - (base + start))
            start += line.count + 1
            if carry.count == 0 {
                try event(line)
            } else {
                carry.append(line)
                try event(carry.bytes)
                carry.clear()
            }
        }
    }

    private func event(_ line: UnsafeRawBufferPointer) throws {
        if shredded != nil || rawTable != nil {
            try write(line)
            return
        }
        inference.add(line)
        kept.append(line)
        ends.append(kept.count)
        if ends.count >= inferFrom { try begin() }
    }

    private func begin() throws {
        shredded = try ShreddedTableWriter(schema: inference.schema(), settings: settings, sink: sink)
        var start = 0
        for end in ends {
            try write(UnsafeRawBufferPointer(rebasing: kept.bytes[start..<end]))
            start = end
        }
        kept.clear(keepingCapacityBytes: 0)
        ends = []
    }

    private func write(_ line: UnsafeRawBufferPointer) throws {
        let event = Event(
            source: 0, offset: offset, timestamp: 0, timestampType: .none, key: nil, value: line)
        offset += 1
        if let rawTable {
            try rawTable.append(event, prefix: prefix, headers: noHeaders, parser: parser)
        } else if let shredded {
            let outcome = try shredded.append(event, prefix: prefix, headers: noHeaders, parser: parser)
            guard outcome == .written else { throw ValidationError("line \(offset): \(outcome)") }
        }
        if offset & 4095 == 0 { memoryMax = max(memoryMax, shredded?.memoryBytes ?? 0, rawTable?.memoryBytes ?? 0) }
    }

    func finish() throws -> ParquetFileSummary {
        if carry.count > 0 { try event(carry.bytes) }
        if shredded == nil, rawTable == nil { try begin() }
        guard let summary = try shredded?.close() ?? rawTable?.close() else { throw ValidationError("no lines") }
        return summary
    }
}
