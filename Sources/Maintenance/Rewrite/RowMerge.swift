import Compression

/// Hands out sorted rows one after the other: from memory, or merged from runs with a heap.
final class RowMerge {
    private var arena: FrameBuffer?
    private var entries: [SortEntry] = []
    private var nextEntry = 0
    private var cursors: [RunCursor] = []
    /// Indices of cursors, the one with the least key at the front.
    private var heap: [Int] = []

    /// Rows that never left memory, in order.
    init(arena: FrameBuffer, entries: [SortEntry]) {
        (self.arena, self.entries) = (arena, entries)
    }

    init(runs: [SortedRun]) throws {
        for run in runs {
            let cursor = RunCursor(run)
            guard try cursor.advance() else { continue }
            cursors.append(cursor)
        }
        heap = cursors.indices.sorted { comesBefore($0, $1) }
    }

    /// Calls `body` with the next row, borrowed for the call; false at the end.
    func next(_ body: (_ line: UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        if let arena { return try nextEntry(in: arena, body) }
        guard let first = heap.first else { return false }
        let cursor = cursors[first]
        try cursor.withLine(body)
        if try cursor.advance() {
            siftDown()
        } else {
            heap[0] = heap[heap.count - 1]
            heap.removeLast()
            siftDown()
        }
        return true
    }

    private func nextEntry(
        in arena: FrameBuffer, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        guard nextEntry < entries.count else { return false }
        let row = entries[nextEntry]
        nextEntry += 1
        let line = UnsafeRawBufferPointer(rebasing: arena.bytes[row.start..<(row.start + row.length)])
        try body(line)
        return true
    }

    /// Earlier runs come first among equals, so that equal keys keep their order.
    private func comesBefore(_ a: Int, _ b: Int) -> Bool {
        cursors[a].key == cursors[b].key ? a < b : cursors[a].key < cursors[b].key
    }

    private func siftDown() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && comesBefore(heap[child], heap[least]) {
                least = child
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}

/// Reads one run row by row; one decoded frame at a time.
private final class RunCursor {
    private var frames: [SortedRun.Frame]
    private var nextFrame = 0
    private var frame: [UInt8] = []
    private var position = 0
    private var length = 0
    private(set) var key = RowKey(time: 0, source: 0, offset: 0)

    init(_ run: SortedRun) {
        frames = run.frames
    }

    /// Moves to the next row; false at the run's end.
    func advance() throws -> Bool {
        position += length
        length = 0
        if position >= frame.count {
            guard nextFrame < frames.count else {
                frame = []
                return false
            }
            let next = frames[nextFrame]
            frame = try zstdDecompress(next.bytes, bytesMax: next.rawBytes)
            // Its memory goes back as soon as it is read.
            frames[nextFrame].bytes = []
            (nextFrame, position) = (nextFrame + 1, 0)
        }
        // Every row begins with the four integers that the sorter wrote.
        frame.withUnsafeBytes { bytes in
            func integer(_ index: Int) -> Int64 {
                bytes.loadUnaligned(fromByteOffset: position + 8 * index, as: Int64.self)
            }
            key = RowKey(time: integer(0), source: Int32(truncatingIfNeeded: integer(2)), offset: integer(1))
            length = Int(integer(3))
        }
        position += SortedRun.headerBytes
        return true
    }

    func withLine(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        try frame.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[position..<(position + length)])) }
    }
}
