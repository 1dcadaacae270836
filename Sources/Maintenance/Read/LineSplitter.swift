import Glibc

/// Cuts a stream of bytes into lines, without their line feeds. Lines inside one piece are borrowed, not copied.
struct LineSplitter {
    /// The start of a line whose end has not come yet.
    private var rest: [UInt8] = []
    /// The longest line that is accepted; the longest Kafka event as an envelope is far below.
    let lineBytesMax: Int

    /// A line is longer than `lineBytesMax`.
    struct LineTooLong: Error {}

    init(lineBytesMax: Int = 512 << 20) {
        self.lineBytesMax = lineBytesMax
    }

    /// Hands out the lines that end in `piece`; false from `body` stops, and what follows is lost.
    mutating func take(
        _ piece: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Bool
    ) throws -> Bool {
        var start = 0
        while let end = lineEnd(in: piece, from: start) {
            let tail = UnsafeRawBufferPointer(rebasing: piece[start..<end])
            guard rest.count + tail.count <= lineBytesMax else { throw LineTooLong() }
            start = end + 1
            if rest.isEmpty {
                guard try body(tail) else { return false }
            } else {
                rest.append(contentsOf: tail)
                guard try rest.withUnsafeBytes(body) else { return false }
                rest.removeAll(keepingCapacity: rest.capacity <= 1 << 20)
            }
        }
        guard rest.count + piece.count - start <= lineBytesMax else { throw LineTooLong() }
        rest.append(contentsOf: piece[start...])
        return true
    }

    /// Hands out what stands behind the last line feed.
    mutating func takeRest(_ body: (UnsafeRawBufferPointer) throws -> Bool) rethrows -> Bool {
        defer { rest = [] }
        return try rest.withUnsafeBytes(body)
    }

    /// True where the stream ended with a line feed, as every object of lines does.
    var isAtLineStart: Bool { rest.isEmpty }

    private func lineEnd(in piece: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < piece.count, let base = piece.baseAddress,
            let found = memchr(base + start, 0x0A, piece.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
