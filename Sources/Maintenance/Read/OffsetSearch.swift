import Catalog
import Compression
import LakeModel
import ObjectStorage

/// Finds the frames of a large object of lines in which some offsets lie, by its seek table and a few first lines.
///
/// No entry says how its object is sorted, so what is found is proved: an object of one topic partition with as many
/// records as offsets from the first to the last has each of them exactly once. Where the frames found lack some of
/// them the object is sorted by something else, and its other frames are read too.
struct OffsetSearch {
    private let object: DataObject
    private let wanted: ClosedRange<Int64>
    private let reader: ObjectLineReader
    /// What a look at the end of an object fetches: tables of 8,000 frames, of a mebibyte of lines each.
    private static let tailBytes: Int64 = 64 << 10
    /// What a look at a frame's first line fetches.
    private static let probeBytes: Int64 = 64 << 10

    struct Found {
        var frames: [SeekTable.Frame]
        /// Those that hold what is wanted, if the object is sorted by offset.
        var likely: Range<Int>
    }

    /// Nil where the whole object is as well read, or where nothing could be proved.
    init?(_ object: DataObject, _ offsets: Range<Int64>, reader: ObjectLineReader) {
        guard object.format == .envelope, object.bytes > 2 * Int64(reader.chunkBytes), object.offsets.count == 1,
            let span = object.offsets.first, span.first >= 0, span.count == object.records,
            span.count - 1 == span.last - span.first
        else { return nil }
        let part = offsets.clamped(to: span.first..<(span.last + 1))
        guard !part.isEmpty, Int64(part.count) <= span.count / 2 else { return nil }
        (self.object, self.reader) = (object, reader)
        wanted = part.lowerBound...(part.upperBound - 1)
    }

    /// Nil where the object has no seek table that fits it, or a frame that does not begin with an event: reading it
    /// whole tells what is wrong.
    func run() async throws -> Found? {
        guard let frames = try await table()?.frames else { return nil }
        var known: [Int: Int64] = [:]
        /// The first frame that begins behind an offset.
        func frame(behind offset: Int64) async throws -> Int? {
            var (low, high) = (0, frames.count)
            while low < high {
                let middle = (low + high) / 2
                if known[middle] == nil { known[middle] = try await firstOffset(frames[middle]) }
                guard let first = known[middle] else { return nil }
                if first > offset { high = middle } else { low = middle + 1 }
            }
            return low
        }
        guard let start = try await frame(behind: wanted.lowerBound),
            let end = try await frame(behind: wanted.upperBound)
        else { return nil }
        return Found(frames: frames, likely: max(0, start - 1)..<max(end, start))
    }

    func forEachLine(
        _ found: Found, _ body: (UnsafeRawBufferPointer) throws -> Bool, pause: () async throws -> Void
    ) async throws {
        var coordinates = CoordinateReader()
        var left = Int64(wanted.count)
        for part in [found.likely, 0..<found.likely.lowerBound, found.likely.upperBound..<found.frames.count]
        where !part.isEmpty && left > 0 {
            let last = found.frames[part.upperBound - 1]
            let bytes = found.frames[part.lowerBound].offset..<(last.offset + last.compressedBytes)
            var pass = try pass()
            let goesOn = try await reader.read(
                object, bytes, &pass,
                { line in
                    if let (_, offset) = coordinates.read(line), wanted.contains(offset) { left -= 1 }
                    return try body(line)
                }, pause: pause)
            guard goesOn else { return }
        }
        guard left == 0 else {
            let lack = "\(abs(left)) events too \(left > 0 ? "few" : "many") with offsets \(wanted.lowerBound) to "
            throw reader.damaged(object, "it holds \(lack)\(wanted.upperBound)")
        }
    }

    private func table() async throws(ReadError) -> SeekTable? {
        let tail = try await reader.fetch(object, max(0, object.bytes - Self.tailBytes)..<object.bytes)
        guard let table = try? SeekTable.parse(tail: tail),
            table.compressedBytes + Int64(table.encodedBytes) == object.bytes,
            table.uncompressedBytes == object.uncompressedBytes
        else { return nil }
        return table
    }

    private func firstOffset(_ frame: SeekTable.Frame) async throws(ReadError) -> Int64? {
        let end = frame.offset + min(frame.compressedBytes, Self.probeBytes)
        let bytes = try await reader.fetch(object, frame.offset..<end)
        var coordinates = CoordinateReader()
        var first: Int64?
        guard var pass = try? pass() else { return nil }
        _ = try? pass.take(bytes) { line in
            first = coordinates.read(line)?.1
            return false
        }
        return first
    }

    private func pass() throws(CompressionError) -> LinePass<FrameDecoder> {
        let decoder = try FrameDecoder(limits: .exactly(outputBytes: object.uncompressedBytes))
        return LinePass(object.path, decoder, checksum: object.checksum.algorithm, isForeign: false)
    }
}
