public import Catalog
public import LakeModel
import ObjectStorage
import Synchronization

/// What the writer is doing, for health checks, metrics and progress: a copy, made a few times a second.
public struct IngestStatus: Sendable {
    public struct Partition: Sendable {
        public var name: TopicPartition
        public var table: String
        public var isConsuming: Bool
        /// The next offset to read.
        public var next: Int64
        /// The next offset in the catalog.
        public var committed: Int64
        /// Highest event time read, and committed.
        public var watermark: Timestamp?
        public var committedWatermark: Timestamp?
        /// Offsets at the broker that are not in the lake, where its end is known; 0 once the rest was read past and
        /// carried no event, as the markers that end transactions.
        public var lagEvents: Int64?
        /// Age of the newest event time in the lake, by the wall clock; 0 where nothing waits.
        public var lagSeconds: Double?
        /// How long events have waited at the broker without any of this topic partition getting into the lake, or the
        /// broker has kept it back.
        public var stalledSeconds: Double
        /// Why the broker does not hand it over; nil where it does.
        public var refusal: String?

        public init(
            name: TopicPartition, table: String, isConsuming: Bool, next: Int64, committed: Int64,
            watermark: Timestamp?, committedWatermark: Timestamp?, lagEvents: Int64?, lagSeconds: Double?,
            stalledSeconds: Double = 0, refusal: String? = nil
        ) {
            (self.name, self.table, self.isConsuming, self.next) = (name, table, isConsuming, next)
            (self.committed, self.watermark, self.committedWatermark) = (committed, watermark, committedWatermark)
            (self.lagEvents, self.lagSeconds, self.stalledSeconds) = (lagEvents, lagSeconds, stalledSeconds)
            self.refusal = refusal
        }
    }

    public struct TableStatus: Sendable {
        public var name: String
        public var version: Int64
        /// The table as of that version; nil before the first topic partition was assigned.
        public var head: TableHead?
        public var openObjects: Int
        /// Sealed or stored, and not in the catalog yet.
        public var waitingObjects: Int
        public var counters: TableCounters

        public init(
            name: String, version: Int64, head: TableHead?, openObjects: Int, waitingObjects: Int,
            counters: TableCounters
        ) {
            (self.name, self.version, self.head, self.counters) = (name, version, head, counters)
            (self.openObjects, self.waitingObjects) = (openObjects, waitingObjects)
        }
    }

    /// When the ingest thread said so, by its clock that never goes back; zero before the first time.
    public var at: Duration = .zero
    public var partitions: [Partition] = []
    public var tables: [TableStatus] = []
    public var memoryBytesUsed = 0
    public var memoryBytesPeak = 0
    public var memoryBytesMax = 0
    public var isPaused = false
    /// Time for which nothing was fetched because the budget was full, since the start.
    public var pausedSeconds: Double = 0
    public var hasAssignment = false
    public var isStopping = false
    /// The store's last refusal, where it has not taken anything since.
    public var storeTrouble: String?
    public var polls = 0

    public init() {}

    /// How long the ingest thread has not said anything: it does so a few times a second, unless something holds it up.
    /// Nil before the first time.
    public func age(at now: Duration) -> Duration? { at == .zero ? nil : max(.zero, now - at) }
}

/// What other threads may do with a running loop: stop it, and see its newest status.
public final class IngestControl: Sendable {
    private let newest = Mutex(IngestStatus())
    private let stopRequested = Atomic(false)

    public init() {}

    public var status: IngestStatus { newest.withLock { $0 } }

    /// Asks for a graceful stop: what was read is committed, within `shutdownTimeout`.
    public func stop() {
        stopRequested.store(true, ordering: .releasing)
    }

    public var isStopRequested: Bool { stopRequested.load(ordering: .acquiring) }

    func publish(_ new: IngestStatus) {
        newest.withLock { $0 = new }
    }
}

extension IngestLoop {
    /// Copies what others may see; a few times a second is enough.
    func publishStatus(_ now: Duration) {
        let last = control.status.at
        let pausedBefore = control.status.pausedSeconds
        guard now - last >= .milliseconds(200) || now < last || last == .zero || isEnding else { return }
        var new = IngestStatus()
        new.at = now
        new.pausedSeconds = pausedBefore + (isPaused ? max(0, (now - last) / .seconds(1)) : 0)
        let time = clock.now()
        hearEnds()
        learnWatermarks()
        new.partitions.reserveCapacity(sources.indices.count)
        for index in sources.indices where sources[index].isHeld {
            new.partitions.append(partitionStatus(index, now, time))
        }
        new.tables = tables.map(tableStatus)
        new.memoryBytesUsed = workshop.budget.bytesUsed
        new.memoryBytesPeak = workshop.budget.bytesPeak
        new.memoryBytesMax = workshop.budget.bytesMax
        (new.isPaused, new.hasAssignment, new.isStopping) = (isPaused, hasAssignment, isEnding)
        new.storeTrouble = storeTrouble?.description
        new.polls = polls
        control.publish(new)
    }

    /// Asks where topic partitions end at their brokers, one after the other for about half a millisecond, and goes on
    /// there the next time: librdkafka looks through all its topics for each, so that all ends of ten thousand topic
    /// partitions would hold the thread up for 13 ms.
    private func hearEnds() {
        let indices = sources.indices
        let start = clock.elapsed()
        for count in 1...max(1, indices.count) where !indices.isEmpty {
            nextEndAsked = nextEndAsked < indices.count ? nextEndAsked : 0
            let index = indices[nextEndAsked]
            nextEndAsked += 1
            if sources[index].isHeld { sources[index].end = source.knownEnd(of: sources.name(index)) ?? .min }
            if count % 16 == 0, clock.elapsed() - start >= .microseconds(500) { return }
        }
    }

    /// Takes over the watermarks of tables that have a new version; the others' have not moved.
    private func learnWatermarks() {
        let moved = tables.map { ($0.head?.version ?? 0) != $0.watermarksVersion }
        guard moved.contains(true) else { return }
        for index in sources.indices where tables.indices.contains(Int(sources[index].table)) {
            let table = tables[Int(sources[index].table)]
            guard moved[table.index], let head = table.head else { continue }
            sources[index].watermarkCommitted = head.progress[sources.name(index)]?.watermark?.milliseconds ?? .min
        }
        for table in tables { table.watermarksVersion = table.head?.version ?? 0 }
    }

    var isEnding: Bool {
        if case .running = stage { false } else { true }
    }

    private func partitionStatus(_ index: Int32, _ now: Duration, _ time: Timestamp) -> IngestStatus.Partition {
        let state = sources[index]
        let name = sources.name(index)
        let table = tables.indices.contains(Int(state.table)) ? tables[Int(state.table)] : nil
        let committed =
            state.watermarkCommitted == .min ? nil : Timestamp(milliseconds: state.watermarkCommitted)
        // Where the end was seen behind the last event that is in the lake, no event waits before it.
        let isDrained = state.committed == state.next && state.endSeen >= state.end
        // Where nothing is handed over, what was last heard of the end is old.
        let lag = state.end == .min || state.isRefused ? nil : isDrained ? 0 : max(0, state.end - state.committed)
        var lagSeconds: Double?
        let hasCaughtUp = lag ?? 0 == 0 && !state.isRefused
        let movedAt = hasCaughtUp || state.movedAt == .zero || state.movedAt > now ? now : state.movedAt
        sources[index].movedAt = movedAt
        if lag != nil, hasCaughtUp {
            lagSeconds = 0
        } else if let committed {
            lagSeconds = Double(max(0, time.milliseconds - committed.milliseconds)) / 1000
        }
        return IngestStatus.Partition(
            name: name, table: table?.settings.name ?? "", isConsuming: state.phase == .consuming, next: state.next,
            committed: state.committed,
            watermark: state.watermark == .min ? nil : Timestamp(milliseconds: state.watermark),
            committedWatermark: committed, lagEvents: lag, lagSeconds: lagSeconds,
            // Dividing durations is slow, and most topic partitions are not stalled.
            stalledSeconds: movedAt == now ? 0 : (now - movedAt) / .seconds(1),
            refusal: state.isRefused ? refusals[index]?.text : nil)
    }

    private func tableStatus(_ table: TableWriter) -> IngestStatus.TableStatus {
        IngestStatus.TableStatus(
            name: table.settings.name, version: table.head?.version ?? 0, head: table.head,
            openObjects: table.openObjects.reduce(0) { count, _ in count + 1 },
            waitingObjects: table.uncut.count { $0.value.sealed != nil }
                + table.pendingCuts.reduce(0) { $0 + $1.objects.count },
            counters: table.counters)
    }
}
