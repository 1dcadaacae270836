import Compression

/// A row that lies in a sorter's memory.
struct SortEntry {
    var key: RowKey
    var start: Int
    var length: Int
}

/// Sorts rows in bounded memory: full stretches of them are sorted and kept compressed, and merged in the end.
///
/// Memory is `runBytesMax` of lines, `entryBytes` for each of those lines, and the compressed bytes of all other lines.
/// Rows of the same key keep the order in which they came. One task at a time.
final class RowSorter {
    /// Of a line beside itself: its entry, and half of one more while entries are sorted.
    static let entryBytes = 64

    private let runBytesMax: Int
    private let arena: FrameBuffer
    private var entries: [SortEntry] = []
    private var runs: [SortedRun] = []
    private var compressor: FrameCompressor
    /// Raw bytes of a run's frames: what merging decodes at a time, for each run.
    private let frameBytes: Int

    init(
        runBytesMax: Int, expectedBytes: Int64, expectedRows: Int64 = 0, frameBytes: Int = 512 << 10
    ) throws(CompressionError) {
        self.runBytesMax = max(1, runBytesMax)
        self.frameBytes = max(1, frameBytes)
        arena = FrameBuffer(capacityBytes: Int(clamping: min(max(0, expectedBytes), Int64(self.runBytesMax))))
        compressor = try FrameCompressor(level: 1)
        // An array that grows by itself takes up to three times what is in it; few lines are shorter than these.
        let lineBytesLeast = expectedBytes > Int64(self.runBytesMax) ? 128 : 32
        entries.reserveCapacity(Int(clamping: min(max(0, expectedRows), Int64(self.runBytesMax / lineBytesLeast))))
    }

    /// Rows that fit without more memory for their entries.
    var entryCapacity: Int { entries.capacity }

    /// Runs that are kept compressed so far.
    var runCount: Int { runs.count }

    func add(_ line: UnsafeRawBufferPointer, key: RowKey) throws {
        if arena.count > 0, arena.count + line.count > runBytesMax { try closeRun() }
        let start = arena.count
        arena.ensure(free: line.count)
        arena.append(line)
        entries.append(SortEntry(key: key, start: start, length: line.count))
    }

    /// All rows in order; the sorter is used up.
    func finish() throws -> RowMerge {
        guard !runs.isEmpty else {
            sortEntries()
            return RowMerge(arena: arena, entries: entries)
        }
        try closeRun()
        arena.clear(keepingCapacityBytes: 0)
        return try RowMerge(runs: runs)
    }

    private func sortEntries() {
        var isSorted = true
        for index in entries.indices.dropFirst() where entries[index].key < entries[index - 1].key {
            isSorted = false
            break
        }
        guard !isSorted else { return }
        entries.sort { $0.key == $1.key ? $0.start < $1.start : $0.key < $1.key }
    }

    private func closeRun() throws {
        sortEntries()
        var run = SortedRun()
        let frame = FrameBuffer(capacityBytes: frameBytes)
        for entry in entries {
            let bytes = SortedRun.headerBytes + entry.length
            if frame.count > 0, frame.count + bytes > frameBytes {
                run.frames.append(.init(bytes: try compressor.compress(frame), rawBytes: frame.count))
                frame.clear()
            }
            frame.ensure(free: bytes)
            frame.append(header: entry.key, length: entry.length)
            frame.append(UnsafeRawBufferPointer(rebasing: arena.bytes[entry.start..<(entry.start + entry.length)]))
        }
        if frame.count > 0 {
            run.frames.append(.init(bytes: try compressor.compress(frame), rawBytes: frame.count))
        }
        if !run.frames.isEmpty { runs.append(run) }
        entries.removeAll(keepingCapacity: true)
        arena.clear()
    }
}

/// A stretch of sorted rows, compressed: each row as key, length, line.
struct SortedRun {
    struct Frame {
        var bytes: [UInt8]
        var rawBytes: Int
    }

    static let headerBytes = 32

    var frames: [Frame] = []
}

extension FrameBuffer {
    fileprivate func append(header key: RowKey, length: Int) {
        append(integer: key.time)
        append(integer: key.offset)
        append(integer: Int64(key.source))
        append(integer: Int64(length))
    }

    private func append(integer: Int64) {
        withUnsafeBytes(of: integer) { append($0) }
    }
}
