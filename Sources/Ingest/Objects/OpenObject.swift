import LakeModel
import ObjectStorage

/// A data object while it is being filled. Belongs to the ingest thread.
final class OpenObject {
    let id: Int
    let lane: LaneKey
    /// Relative to the table's folder.
    let path: String
    let key: ObjectKey
    let openedAt: Duration
    let content: ObjectContent
    /// What the memory budget was told of `content`.
    var bytesCharged = 0
    /// What the memory budget was told of `keptBytes`.
    var keptBytesCharged = 0

    private(set) var records: Int64 = 0
    private(set) var timeMin = Int64.max
    private(set) var timeMax = Int64.min
    /// Closed spans by source; the current run is in `run`.
    private var spans: [SourceSpan] = []
    private var run = SourceSpan(source: -1, first: 0, last: 0, count: 0)

    /// Encoded bytes in line so far, uploaded or not.
    private(set) var compressedBytes: Int64 = 0
    /// In line and not handed to the upload yet.
    private(set) var ready: [[UInt8]] = []
    private(set) var readyBytes = 0

    private(set) var sealed: RotationReason?
    private(set) var sealedAt: Duration?
    var storedAt: Duration?
    var upload: ObjectUpload?
    /// Set when the store has it.
    var stored: DataObject?

    init(id: Int, lane: LaneKey, path: String, key: ObjectKey, openedAt: Duration, content: ObjectContent) {
        (self.id, self.lane, self.path, self.key) = (id, lane, path, key)
        (self.openedAt, self.content) = (openedAt, content)
    }

    struct SourceSpan {
        var source: Int32
        var first: Int64
        var last: Int64
        var count: Int64
    }

    /// Notes an event that was just written to `content`.
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

    /// What the entry of an object takes in a commit at least, about: its path and, of some formats, bounds of columns.
    static let entryBytesLeast = 2 << 10

    /// What its entry takes in a commit, about.
    var entryBytes: Int { Self.entryBytesLeast + 128 * (spans.count + 1) }

    /// What is kept of it from its sealing until it is committed or given up, about, beside the bytes of its events.
    var keptBytes: Int { entryBytes + 256 * (stored?.columns?.count ?? 0) }

    /// Compressed bytes it would have if it were sealed now; exact but for events that are not encoded yet, for which
    /// its own ratio holds, or before its first bytes are back `typicalRatio` (compressed by uncompressed bytes).
    func compressedBytesEstimate(typicalRatio: Double) -> Int64 {
        let known = content.encoded
        let ratio = known.ofUncompressed > 0 ? Double(known.bytes) / Double(known.ofUncompressed) : typicalRatio
        return known.bytes + Int64(Double(content.uncompressedBytes - known.ofUncompressed) * ratio)
    }

    /// Puts encoded bytes in line, behind all that came before.
    func append(_ bytes: [UInt8]) {
        ready.append(bytes)
        readyBytes += bytes.count
        compressedBytes += Int64(bytes.count)
    }

    /// What it holds of the memory budget: what is being filled, and encoded bytes that are not uploaded.
    var memoryBytes: Int { content.memoryBytes + readyBytes }

    func seal(_ reason: RotationReason, at now: Duration) {
        (sealed, sealedAt) = (reason, now)
    }

    /// The chunks in line, which then belong to the caller.
    func takeReady() -> ObjectBody {
        defer { (ready, readyBytes) = ([], 0) }
        return ObjectBody(chunks: ready)
    }

    /// Exactly `count` bytes from the front of the chunks in line, cutting one in two where need be.
    func takePart(_ count: Int) -> ObjectBody {
        let part = ObjectBody(chunks: ready.takeFirst(bytes: count))
        readyBytes -= part.count
        return part
    }
}

/// Why an object was sealed; counted, and shown in metrics.
public enum RotationReason: String, Sendable, CaseIterable {
    case bytes, records, age
    case hourClosed = "hour_closed"
    case memory, revoke, shutdown, drained
    /// Another object of its cut group had one of the reasons above, or the group had become too large for one commit.
    case group
}
