import LakeModel

/// All that the per-event loop knows of one topic partition. Plain numbers, so that it lives outside of any reference
/// counting; indexed by `Event.source`.
struct SourceState {
    enum Phase: UInt8 {
        /// Not ours, or not known.
        case away
        /// Assigned; its start offset is being looked up.
        case starting
        case consuming
        /// Given up: its events are being committed before it is released.
        case revoking
    }

    var phase = Phase.away
    var table: Int32 = -1
    /// The shard of all its events, where the rule is `partition`.
    var shard: Int32 = 0
    /// Every event below this is placed; the next one has this offset or a greater one.
    var next: Int64 = 0
    /// Where the last cut ended: the `from` of the next.
    var cut: Int64 = 0
    /// Events placed since the last cut.
    var events: Int64 = 0
    /// Greatest event time seen; `Int64.min` for none.
    var watermark = Int64.min
    /// The watermark of the last cut.
    var watermarkCut = Int64.min
    /// In the catalog.
    var committed: Int64 = 0
    /// Where the partition ends at the broker, as last heard of; `Int64.min` for nothing heard.
    var end = Int64.min
    /// The catalog's watermark as of `TableWriter.watermarksVersion`; `Int64.min` for none.
    var watermarkCommitted = Int64.min
    /// Where the partition ended when the writer started, in `once` mode.
    var target = Int64.max
    /// When its committed offset moved last, or when it last had nothing to commit; zero where nobody has looked yet.
    var movedAt = Duration.zero
    /// When it was last found to have nothing more to read; nil while there is more.
    var idleSince: Duration?
    /// When its leader last said that nothing more is there; nil where it was not asked, or did not say so.
    var endConfirmedAt: Duration?

    /// Assigned and not started at the source yet; otherwise reading goes on with a seek.
    var needsStart = false
    /// Whether the broker will not hand its events over; see `IngestLoop.refusals`.
    var isRefused = false
    /// The furthest end of the partition that was reported.
    var endSeen = Int64.min

    /// Begins anew at an offset of the catalog; what was read beyond it is forgotten.
    mutating func begin(at offset: Int64, watermark: Timestamp?, target: Int64?) {
        (next, cut, committed) = (offset, offset, offset)
        (events, endSeen, idleSince, needsStart) = (0, .min, nil, false)
        (endConfirmedAt, isRefused) = (nil, false)
        end = .min
        movedAt = .zero
        self.watermark = watermark?.milliseconds ?? .min
        (watermarkCut, watermarkCommitted) = (self.watermark, self.watermark)
        if let target { self.target = target }
        phase = .consuming
    }

    /// Nothing that was placed since the last commit is there any more: until `begin` there is nothing to cut, whatever
    /// comes first, a revocation or a stop.
    mutating func forgetUncommitted() {
        (next, cut, events) = (committed, committed, 0)
        watermarkCut = watermark
    }

    /// Whether all that there was at the start is read, in `once` mode.
    var isDrained: Bool { next >= target || endSeen >= target }

    var isDirty: Bool { next > cut }

    /// Whether it is this writer's, and is not being given up.
    var isConsumed: Bool { phase == .starting || phase == .consuming }

    /// Whether it is in the hands of this writer.
    var isHeld: Bool { phase != .away }
}

/// The states of all sources, at fixed addresses until the table grows.
final class SourceStates {
    private(set) var count = 0
    private var capacity = 64
    private(set) var base: UnsafeMutablePointer<SourceState>
    /// Every index that has a name, in order.
    private(set) var indices: [Int32] = []
    private var names: [TopicPartition] = []
    private var byName: [TopicPartition: Int32] = [:]

    init() {
        base = .allocate(capacity: capacity)
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    /// Makes room so that `index` is valid, and remembers its name.
    func add(_ index: Int32, _ name: TopicPartition) {
        let needed = Int(index) + 1
        if needed > capacity {
            let grown = UnsafeMutablePointer<SourceState>.allocate(capacity: max(needed, capacity * 2))
            grown.moveInitialize(from: base, count: count)
            base.deallocate()
            (base, capacity) = (grown, max(needed, capacity * 2))
        }
        while count < needed {
            (base + count).initialize(to: SourceState())
            names.append(TopicPartition(topic: "", partition: -1))
            count += 1
        }
        guard byName.updateValue(index, forKey: name) == nil else { return }
        names[Int(index)] = name
        indices.append(index)
        indices.sort()
    }

    func contains(_ index: Int32) -> Bool { index >= 0 && Int(index) < count }

    subscript(_ index: Int32) -> SourceState {
        _read { yield base[Int(index)] }
        _modify { yield &base[Int(index)] }
    }

    func name(_ index: Int32) -> TopicPartition { names[Int(index)] }

    func index(of name: TopicPartition) -> Int32? { byName[name] }
}
