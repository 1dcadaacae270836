import Catalog
import Compression
import Formats
import LakeModel
import ObjectStorage

/// One table while it is being written: its open objects, the cuts that wait to be committed, and what the catalog said
/// last. Belongs to the ingest thread.
final class TableWriter {
    let index: Int
    let settings: TableSettings
    let log: Table
    let completeness: Completeness
    /// Moves on with every reset; answers to questions of an earlier epoch are void.
    var epoch = 0
    var head: TableHead?
    /// The head's version that `SourceState.watermarkCommitted` has been taken from.
    var watermarksVersion: Int64 = 0
    var isRefreshing = false
    /// Something changed while the question was under way.
    var refreshAgain = false

    /// Where no broker answered for a topic partition: before then it is not asked again.
    var beginAgainAt = Duration.zero

    /// Topic partitions of the catalog that this writer's settings give to no topic of the table.
    var unread: [TopicPartition: Unread] = [:]

    /// Where one of them stands, and since when it was seen there.
    struct Unread {
        var next: Int64
        var since: Duration
    }

    /// Hours with open objects.
    var hours: [HourKey: HourLanes] = [:]
    /// Objects that no cut has taken yet, open or sealed, by id.
    var uncut: [Int: OpenObject] = [:]
    /// Hours that end until then, in milliseconds since 1970, have been cut for being over: what comes for them from
    /// then on follows by age.
    var hoursCutThrough = Int64.min
    var cuts = CutQueue()
    /// The cuts of the commit that is under way.
    var committing: [Cut] = []
    /// The last cut that somebody waits for; cuts are numbered as they are made.
    private var urgentThrough = 0
    var lastCommitAt: Duration
    /// Of the commit that is under way, or was last.
    var commitID: CommitID?
    var counters = TableCounters()
    /// Compressed by uncompressed bytes of the frames that came back lately; JSON's usual one before the first.
    private(set) var typicalRatio = 0.2

    // What the per-event loop needs at hand.
    let router: EventRouter
    /// Nil where the table's objects are lines.
    let columns: TableColumns?
    /// An object that was filled by the last event; the loop decides at once whether to cut its group.
    var justFilled: OpenObject?

    struct HourKey: Hashable {
        var hour: LakeHour
        var side: TableSide
        var isLate: Bool
    }

    init(index: Int, settings: TableSettings, log: Table, clock: any LakeClock) throws(SourceError) {
        (self.index, self.settings, self.log) = (index, settings, log)
        do throws(CatalogError) {
            completeness = try Completeness(
                layout: settings.layout, graceMilliseconds: settings.close.graceMilliseconds)
        } catch {
            throw SourceError("table \(settings.name): \(error)")
        }
        router = try EventRouter(settings)
        columns = settings.format == .parquet ? TableColumns(settings.parquet) : nil
        lastCommitAt = clock.elapsed()
    }

    /// All that is cut and not in the catalog.
    var pendingCuts: [Cut] { committing + (0..<cuts.count).map { cuts[$0] } }

    var isCommitting: Bool { !committing.isEmpty }

    /// Whether somebody waits for a cut that is not committed: one that was there when this was set. Those that are
    /// made afterwards wait for the commit's usual time again.
    var commitIsUrgent: Bool {
        get { (committing.first ?? cuts.first).map { $0.number <= urgentThrough } ?? false }
        set { urgentThrough = newValue ? cuts.made : 0 }
    }

    var openObjects: some Sequence<OpenObject> { uncut.values.lazy.filter { $0.sealed == nil } }

    /// Whether a cut or an object still holds events of this source that the catalog does not have.
    func holds(_ source: Int32) -> Bool {
        cuts.holds(source) || committing.contains { $0.sources.contains(source) }
            || uncut.values.contains { $0.sources.contains(source) }
    }

    /// Frames of a mebibyte or more count by half; small ones, which compress worse, by their size.
    func learnRatio(compressedBytes: Int, uncompressedBytes: Int) {
        guard uncompressedBytes > 0 else { return }
        let weight = 0.5 * min(1, Double(uncompressedBytes) / Double(1 << 20))
        typicalRatio += weight * (Double(compressedBytes) / Double(uncompressedBytes) - typicalRatio)
    }

    /// Takes an object out of its lane; it stays in `uncut` until a cut takes it.
    func detach(_ object: OpenObject) {
        let key = HourKey(
            hour: LakeHour(object.lane.partition), side: object.lane.side, isLate: object.lane.isLate)
        guard let lanes = hours[key] else { return }
        let shard = Int(object.lane.partition.shard)
        if lanes.objects[shard] === object { lanes.objects[shard] = nil }
        if lanes.isEmpty {
            hours[key] = nil
            router.forget(lanes)
        }
    }
}

/// Counted since the start of the process.
public struct TableCounters: Sendable {
    public var events: Int64 = 0
    public var payloadBytes: Int64 = 0
    public var late: Int64 = 0
    public var deadLettered: [String: Int64] = [:]
    /// Members of payloads that the schema does not know, kept in `_rest`.
    public var unknownFields: Int64 = 0
    /// Values that did not fit their column: kept in `_rest`, or dead-lettered with their event.
    public var misfits: Int64 = 0
    /// Events that came a second time and were left out.
    public var repeated: Int64 = 0
    public var rotations: [RotationReason: Int64] = [:]
    public var objectsCommitted: Int64 = 0
    public var bytesCommitted: Int64 = 0
    public var eventsCommitted: Int64 = 0
    public var commits: Int64 = 0
    public var commitConflicts: Int64 = 0
    public var commitSeconds: Double = 0
    public var resets: Int64 = 0

    public init() {}
}
