import Compression
import LakeModel
import ObjectStorage

/// A data object while it is being filled: a run of zstd frames, of which the last is still raw bytes.
///
/// Belongs to the ingest thread. Frames are compressed elsewhere and come back in any order; `accept` puts them in
/// line.
final class OpenObject {
    let id: Int
    let lane: LaneKey
    /// Relative to the table's folder.
    let path: String
    let key: ObjectKey
    let openedAt: Duration

    /// The frame being filled. Replaced by `takeFrame`.
    var buffer: FrameBuffer
    /// What the memory budget was told of `buffer`.
    var bufferBytesCharged = 0

    private(set) var records: Int64 = 0
    private(set) var timeMin = Int64.max
    private(set) var timeMax = Int64.min
    /// Closed spans by source; the current run is in `run`.
    private var spans: [SourceSpan] = []
    private var run = SourceSpan(source: -1, first: 0, last: 0, count: 0)

    /// Raw bytes of frames already taken.
    private(set) var frameBytesTaken: Int64 = 0
    private(set) var framesTaken = 0
    private var framesAccepted = 0
    private var early: [Int: CompressedFrame] = [:]
    /// Compressed bytes in line so far, uploaded or not.
    private(set) var compressedBytes: Int64 = 0
    private var seekTable = SeekTable()
    /// In line and not handed to the upload yet.
    private(set) var ready: [[UInt8]] = []
    private(set) var readyBytes = 0

    private(set) var sealed: RotationReason?
    private(set) var sealedAt: Duration?
    var storedAt: Duration?
    var upload: ObjectUpload?
    /// Set when the store has it.
    var stored: DataObject?

    init(id: Int, lane: LaneKey, path: String, key: ObjectKey, openedAt: Duration, buffer: FrameBuffer) {
        (self.id, self.lane, self.path, self.key) = (id, lane, path, key)
        (self.openedAt, self.buffer) = (openedAt, buffer)
        bufferBytesCharged = buffer.capacity
    }

    struct SourceSpan {
        var source: Int32
        var first: Int64
        var last: Int64
        var count: Int64
    }

    struct CompressedFrame {
        var bytes: [UInt8]
        var rawBytes: Int
    }

    /// Notes an event whose line was just written to `buffer`.
    @inline(__always)
    func note(source: Int32, offset: Int64, time: Int64) {
        records += 1
        if time < timeMin { timeMin = time }
        if time > timeMax { timeMax = time }
        if run.source == source {
            run.last = offset
            run.count += 1
        } else {
            switchRun(to: source, offset: offset)
        }
    }

    private func switchRun(to source: Int32, offset: Int64) {
        storeRun()
        if let index = spans.firstIndex(where: { $0.source == source }) {
            run = spans.remove(at: index)
            run.last = offset
            run.count += 1
        } else {
            run = SourceSpan(source: source, first: offset, last: offset, count: 1)
        }
    }

    private func storeRun() {
        if run.source >= 0 { spans.append(run) }
        run.source = -1
    }

    /// What it holds of each source so far.
    var sourceSpans: [SourceSpan] { run.source >= 0 ? spans + [run] : spans }

    var sources: [Int32] { sourceSpans.map(\.source) }

    /// Uncompressed bytes, the frame being filled included.
    var uncompressedBytes: Int64 { frameBytesTaken + Int64(buffer.count) }

    /// Compressed bytes it would have if it were sealed now; exact but for frames that are not compressed yet, for
    /// which its own ratio holds, or before its first frame is back `typicalRatio` (compressed by uncompressed bytes).
    func compressedBytesEstimate(typicalRatio: Double) -> Int64 {
        let known = uncompressedAccepted
        let ratio = known > 0 ? Double(compressedBytes) / Double(known) : typicalRatio
        return compressedBytes + Int64(Double(uncompressedBytes - known) * ratio)
    }

    private var uncompressedAccepted: Int64 = 0

    /// Hands the current frame over for compression and goes on with `next`.
    func takeFrame(next: FrameBuffer) -> (index: Int, buffer: FrameBuffer) {
        defer {
            frameBytesTaken += Int64(buffer.count)
            framesTaken += 1
            buffer = next
        }
        return (framesTaken, buffer)
    }

    /// Takes a compressed frame back; true once all frames that were taken are in line.
    func accept(frame index: Int, _ bytes: [UInt8], rawBytes: Int) {
        early[index] = CompressedFrame(bytes: bytes, rawBytes: rawBytes)
        while let frame = early.removeValue(forKey: framesAccepted) {
            framesAccepted += 1
            compressedBytes += Int64(frame.bytes.count)
            uncompressedAccepted += Int64(frame.rawBytes)
            seekTable.add(compressedBytes: frame.bytes.count, uncompressedBytes: frame.rawBytes)
            append(frame.bytes)
        }
    }

    var allFramesAccepted: Bool { framesAccepted == framesTaken }

    private func append(_ bytes: [UInt8]) {
        ready.append(bytes)
        readyBytes += bytes.count
    }

    /// What it holds of the memory budget: the frame being filled, and compressed bytes that are not uploaded.
    var memoryBytes: Int { buffer.capacity + readyBytes }

    func seal(_ reason: RotationReason, at now: Duration) {
        (sealed, sealedAt) = (reason, now)
    }

    /// Ends the object with its seek table; returns the table's bytes.
    func appendSeekTable() -> Int {
        let table = seekTable.encoded()
        compressedBytes += Int64(table.count)
        append(table)
        return table.count
    }

    /// The chunks in line, which then belong to the caller.
    func takeReady() -> ObjectBodyTail {
        defer { (ready, readyBytes) = ([], 0) }
        return ObjectBodyTail(chunks: ready, count: readyBytes)
    }

    /// Exactly `count` bytes from the front of the chunks in line, cutting one in two where need be.
    func takePart(_ count: Int) -> ObjectBodyTail {
        var part: [[UInt8]] = []
        var missing = count
        var index = 0
        while missing > 0, index < ready.count {
            let chunk = ready[index]
            if chunk.count <= missing {
                part.append(chunk)
                missing -= chunk.count
                index += 1
            } else {
                part.append(Array(chunk[..<missing]))
                ready[index] = Array(chunk[missing...])
                missing = 0
            }
        }
        ready.removeFirst(index)
        readyBytes -= count - missing
        return ObjectBodyTail(chunks: part, count: count - missing)
    }
}

/// Compressed bytes on their way to the store.
struct ObjectBodyTail {
    var chunks: [[UInt8]]
    var count: Int
}

/// Why an object was sealed; counted, and shown in metrics.
public enum RotationReason: String, Sendable, CaseIterable {
    case bytes, records, age
    case hourClosed = "hour_closed"
    case memory, revoke, shutdown, drained
    /// Another object of its cut group had one of the reasons above.
    case group
}
