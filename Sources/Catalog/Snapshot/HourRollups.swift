public import LakeModel
import Synchronization

/// One hour's live objects of one side, summed up.
public struct HourRollup: Hashable, Sendable {
    public var hour: LakeHour
    public var totals: SideTotals
    /// Objects smaller than the limit of the `RollupCache`, and their bytes.
    public var smallObjects: Int64
    public var smallBytes: Int64
    public var eventTime: TimeSpan?
    /// When its newest object was uploaded, by the store's clock.
    public var newestUpload: Timestamp

    public init(
        hour: LakeHour, totals: SideTotals, smallObjects: Int64, smallBytes: Int64, eventTime: TimeSpan?,
        newestUpload: Timestamp
    ) {
        (self.hour, self.totals, self.eventTime, self.newestUpload) = (hour, totals, eventTime, newestUpload)
        (self.smallObjects, self.smallBytes) = (smallObjects, smallBytes)
    }
}

/// Hourly sums, and how much of the table they cover.
public struct KnownHours: Hashable, Sendable {
    public var hours: [HourRollup] = []
    /// Manifests that touch the range, and those of them that are summed up.
    public var manifests = 0
    public var manifestsKnown = 0

    public init() {}

    public var isWhole: Bool { manifestsKnown == manifests }
}

/// Keeps the hourly sums of a table's manifests, so that a later snapshot reads only manifests that are new.
///
/// A manifest never changes, so what was summed once stays true. Memory is bounded by `rollupsMax` sums of about 150
/// bytes; beyond it the manifests that were asked for least recently are forgotten, and read again when a range of
/// hours wants them. Summing up a whole table stops there.
public final class RollupCache: Sendable {
    /// What counts as small, in bytes.
    public let smallBytesMax: Int64
    private let rollupsMax: Int
    private let state = Mutex(State())

    private struct State {
        var sums: [String: (rollups: [HourRollup], usedAt: UInt64)] = [:]
        var count = 0
        var clock: UInt64 = 0
        /// Something had no room since the last `forget`.
        var isFull = false
    }

    public init(smallBytesMax: Int64 = 32 << 20, rollupsMax: Int = 200_000) {
        (self.smallBytesMax, self.rollupsMax) = (smallBytesMax, max(1, rollupsMax))
    }

    /// How many sums are kept at the moment.
    public var count: Int { state.withLock { $0.count } }

    func sums(of key: String) -> [HourRollup]? {
        state.withLock { state in
            state.clock += 1
            state.sums[key]?.usedAt = state.clock
            return state.sums[key]?.rollups
        }
    }

    func has(_ key: String) -> Bool { state.withLock { $0.sums[key] != nil } }

    var isFull: Bool { state.withLock { $0.isFull } }

    /// - Parameter evicting: whether others may have to go for it.
    func keep(_ rollups: [HourRollup], of key: String, evicting: Bool) {
        state.withLock { state in
            let room = evicting ? rollupsMax : rollupsMax - state.count
            guard rollups.count <= room else {
                state.isFull = true
                return
            }
            state.clock += 1
            if let old = state.sums.updateValue((rollups, state.clock), forKey: key) {
                state.count -= old.rollups.count
            }
            state.count += rollups.count
            while state.count > rollupsMax, let oldest = state.sums.min(by: { $0.value.usedAt < $1.value.usedAt }) {
                state.sums[oldest.key] = nil
                state.count -= oldest.value.rollups.count
            }
        }
    }

    /// Forgets manifests that no snapshot of now names.
    func forget(except keys: Set<String>) {
        state.withLock { state in
            for (key, sum) in state.sums where !keys.contains(key) {
                state.sums[key] = nil
                state.count -= sum.rollups.count
                state.isFull = false
            }
        }
    }
}

extension Snapshot {
    /// Sums per hour and side, in order of the hour, as far as `cache` knows the manifests that touch `range`.
    public func knownHours(
        _ range: ClosedRange<LakeHour>? = nil, sides: Set<TableSide> = [.main], cache: RollupCache
    ) -> KnownHours {
        var sums = HourSums(smallBytesMax: cache.smallBytesMax)
        let touched = partitionsRemovedFrom
        var known = KnownHours()
        for manifest in manifests(touching: range) {
            known.manifests += 1
            guard let rollups = cache.sums(of: key(of: manifest, touched)) else { continue }
            known.manifestsKnown += 1
            for rollup in rollups { sums.add(rollup) }
        }
        for object in tail.added.values { sums.add(object) }
        known.hours = sums.sorted.filter { sides.contains($0.totals.side) && range?.contains($0.hour) ?? true }
        return known
    }

    /// Reads and sums one manifest that touches `range` and that `cache` does not know yet, the newest hours first;
    /// false where there is none, or where the cache is too small to keep it.
    public func sumOneMore(
        _ range: ClosedRange<LakeHour>? = nil, cache: RollupCache
    ) async throws(CatalogError) -> Bool {
        if range == nil, cache.isFull { return false }
        let touched = partitionsRemovedFrom
        let unknown = manifests(touching: range).filter { !cache.has(key(of: $0, touched)) }
        guard let next = unknown.max(by: { $0.last < $1.last }) else { return false }
        var sums = HourSums(smallBytesMax: cache.smallBytesMax)
        for object in try await objects(of: next) where !tail.removed.contains(object.path) { sums.add(object) }
        let name = key(of: next, touched)
        // For the sake of the whole table nothing is dropped: it would be wanted next, for ever.
        cache.keep(sums.sorted, of: name, evicting: range != nil)
        return cache.has(name)
    }

    /// Makes `cache` forget what this snapshot does not name.
    public func forgetOthers(in cache: RollupCache) {
        let touched = partitionsRemovedFrom
        cache.forget(except: Set(manifests.map { key(of: $0, touched) }))
    }

    private func manifests(touching range: ClosedRange<LakeHour>?) -> [ManifestSummary] {
        let query = ObjectQuery(sides: Set(TableSide.allCases), hours: range)
        return manifests.filter { query.mayMatch($0) }
    }

    /// Partitions in which the commits since the checkpoint removed objects, ascending.
    private var partitionsRemovedFrom: [PartitionPath] {
        Set(tail.removed.compactMap { ObjectRules.partition(ofPath: $0) }).sorted()
    }

    /// A manifest from which objects were removed since counts anew with each version.
    private func key(of manifest: ManifestSummary, _ touched: [PartitionPath]) -> String {
        guard let first = touched.first(where: { $0 >= manifest.first }), first <= manifest.last else {
            return manifest.path
        }
        return "\(manifest.path)@\(version)"
    }
}

/// Adds objects and sums up, by hour and side.
private struct HourSums {
    private struct Key: Hashable {
        var hour: LakeHour
        var side: TableSide
    }

    let smallBytesMax: Int64
    private var sums: [Key: HourRollup] = [:]

    init(smallBytesMax: Int64) {
        self.smallBytesMax = smallBytesMax
    }

    var sorted: [HourRollup] {
        sums.values.sorted { ($0.hour, $0.totals.side.rawValue) < ($1.hour, $1.totals.side.rawValue) }
    }

    mutating func add(_ object: DataObject) {
        let isSmall = object.bytes < smallBytesMax
        add(
            HourRollup(
                hour: LakeHour(object.partition), totals: SideTotals(object), smallObjects: isSmall ? 1 : 0,
                smallBytes: isSmall ? object.bytes : 0, eventTime: object.eventTime, newestUpload: object.uploadedAt))
    }

    mutating func add(_ other: HourRollup) {
        let key = Key(hour: other.hour, side: other.totals.side)
        guard var sum = sums.removeValue(forKey: key) else {
            sums[key] = other
            return
        }
        _ = sum.totals.add(other.totals)
        sum.smallObjects &+= other.smallObjects
        sum.smallBytes &+= other.smallBytes
        sum.newestUpload = max(sum.newestUpload, other.newestUpload)
        if let span = other.eventTime {
            let known = sum.eventTime ?? span
            sum.eventTime = TimeSpan(min: min(known.min, span.min), max: max(known.max, span.max))
        }
        sums[key] = sum
    }
}
