import Compression
import Formats

/// What fills an open object: frames of lines, or row groups of columns (decision 0083).
///
/// Both gather events on the ingest thread until there is work for an encoder, get encoded bytes back from it, and end
/// with bytes that say where everything is. Whatever else an open object is and does, it does for both alike.
enum ObjectContent {
    case lines(LineContent)
    case rows(RowContent)

    private var any: any FillingContent {
        switch self {
        case .lines(let lines): lines
        case .rows(let rows): rows
        }
    }

    var waitingBytes: Int { any.waitingBytes }
    var memoryBytes: Int { any.memoryBytes }
    var uncompressedBytes: Int64 { any.uncompressedBytes }
    var encoded: EncodedSoFar { any.encoded }
    func dropEnding() { any.dropEnding() }
}

/// What both kinds of content tell of themselves.
protocol FillingContent: AnyObject {
    /// Bytes of events that no encoder has been given yet.
    var waitingBytes: Int { get }
    /// Memory of what is being filled and, between two jobs, of the encoder; jobs under way have their own.
    var memoryBytes: Int { get }
    /// Bytes of all events before compression.
    var uncompressedBytes: Int64 { get }
    /// How much came back from the encoders, and of how much.
    var encoded: EncodedSoFar { get }
    /// Forgets what only the end of the object and its entry are made of.
    func dropEnding()
}

/// Encoded bytes, and those of the events in them.
struct EncodedSoFar {
    var bytes: Int64
    var ofUncompressed: Int64
}

/// Lines: a run of independent zstd frames, of which the last is still raw bytes.
///
/// Frames come back from the compressors in any order; `accept` puts them in line.
final class LineContent: FillingContent {
    /// The frame being filled. Replaced by `takeFrame`.
    private(set) var buffer: FrameBuffer

    private var frameBytesTaken: Int64 = 0
    private var framesTaken = 0
    private var framesAccepted = 0
    private var early: [Int: CompressedFrame] = [:]
    private var seekTable = SeekTable()
    private(set) var encoded = EncodedSoFar(bytes: 0, ofUncompressed: 0)

    struct CompressedFrame {
        var bytes: [UInt8]
        var rawBytes: Int
    }

    init(buffer: FrameBuffer) {
        self.buffer = buffer
    }

    var waitingBytes: Int { buffer.count }
    var memoryBytes: Int { buffer.capacity }
    var uncompressedBytes: Int64 { frameBytesTaken + Int64(buffer.count) }

    /// Hands the current frame over for compression and goes on with `next`.
    func takeFrame(next: FrameBuffer) -> (index: Int, buffer: FrameBuffer) {
        defer {
            frameBytesTaken += Int64(buffer.count)
            framesTaken += 1
            buffer = next
        }
        return (framesTaken, buffer)
    }

    /// Hands the current buffer over, which holds nothing.
    func takeEmptyBuffer() -> FrameBuffer {
        defer { buffer = FrameBuffer(capacityBytes: 0) }
        return buffer
    }

    /// Takes a compressed frame back; answers the frames that are in line now.
    func accept(frame index: Int, _ bytes: [UInt8], rawBytes: Int) -> [[UInt8]] {
        early[index] = CompressedFrame(bytes: bytes, rawBytes: rawBytes)
        var inLine: [[UInt8]] = []
        while let frame = early.removeValue(forKey: framesAccepted) {
            framesAccepted += 1
            encoded.bytes += Int64(frame.bytes.count)
            encoded.ofUncompressed += Int64(frame.rawBytes)
            seekTable.add(compressedBytes: frame.bytes.count, uncompressedBytes: frame.rawBytes)
            inLine.append(frame.bytes)
        }
        return inLine
    }

    var allFramesAccepted: Bool { framesAccepted == framesTaken }

    /// What ends the object.
    func ending() -> [UInt8] { seekTable.encoded() }

    func dropEnding() {
        (seekTable, early) = (SeekTable(), [:])
    }
}
