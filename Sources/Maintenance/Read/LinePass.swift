import Compression
import LakeModel
import ObjectStorage

/// One pass over the bytes of one file of lines: decompresses, cuts, counts.
struct LinePass<Decoder: StreamDecoder & ~Copyable>: ~Copyable {
    private let path: String
    private var decoder: Decoder
    private var checksum: ChecksumBuilder
    private var splitter = LineSplitter()
    private var bytesTaken: Int64 = 0
    private var lines: Int64 = 0
    /// Of files that this program did not write: the last line may lack its end, and lines without anything count for
    /// nothing.
    private let isForeign: Bool

    /// - `path`: names the file in errors.
    init(_ path: String, _ decoder: consuming Decoder, checksum algorithm: Checksum.Algorithm, isForeign: Bool) {
        self.path = path
        self.decoder = decoder
        checksum = ChecksumBuilder(algorithm)
        self.isForeign = isForeign
    }

    /// Hands out the lines that end in this chunk; false where `body` wants no more. Throws `ReadError`, and what
    /// `body` throws.
    mutating func take(_ chunk: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Bool) throws -> Bool {
        bytesTaken += Int64(chunk.count)
        return try chunk.withUnsafeBytes { bytes in
            checksum.update(bytes)
            var position = 0
            while let piece = try next(in: bytes, at: &position) {
                guard try takeLines(of: piece, body) else { return false }
            }
            return true
        }
    }

    private mutating func next(
        in bytes: UnsafeRawBufferPointer, at position: inout Int
    ) throws(ReadError) -> UnsafeRawBufferPointer? {
        do throws(CompressionError) {
            return try decoder.next(in: bytes, at: &position)
        } catch {
            throw .damaged(path: path, reason: error.description)
        }
    }

    private mutating func takeLines(
        of piece: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Bool
    ) throws -> Bool {
        do {
            return try splitter.take(piece) { line in
                if isForeign, line.isBlank { return true }
                lines += 1
                return try body(line)
            }
        } catch is LineSplitter.LineTooLong {
            throw ReadError.damaged(path: path, reason: "it holds a line that is too long")
        }
    }

    /// Hands out a last line without an end, where files may have one.
    mutating func takeRest(_ body: (UnsafeRawBufferPointer) throws -> Bool) throws {
        guard isForeign, !splitter.isAtLineStart else { return }
        _ = try splitter.takeRest { line in
            if line.isBlank { return true }
            lines += 1
            return try body(line)
        }
    }

    /// What was seen.
    consuming func finish() -> LineTotals {
        var totals = LineTotals(
            bytes: bytesTaken, lines: lines, uncompressedBytes: decoder.outputBytes, checksum: checksum.finalize(),
            endsInLine: !splitter.isAtLineStart)
        do throws(CompressionError) {
            try decoder.finish()
        } catch {
            totals.cut = error.description
        }
        return totals
    }
}

/// What one pass over a file of lines has seen.
struct LineTotals: Hashable, Sendable {
    /// As they were taken.
    var bytes: Int64
    var lines: Int64
    var uncompressedBytes: Int64
    var checksum: Checksum
    /// The last line lacks its line feed.
    var endsInLine: Bool
    /// Why what is compressed is not whole.
    var cut: String?
}

extension UnsafeRawBufferPointer {
    fileprivate var isBlank: Bool { allSatisfy { $0 <= 0x20 } }
}
