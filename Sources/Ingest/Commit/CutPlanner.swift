/// Finds what has to be sealed and committed together (decision 0001). Pure.
///
/// Two topic partitions belong to one group where some object that is not cut yet holds events of both: committing one
/// up to its last event then needs that object, which holds events of the other too.
enum CutPlanner {
    struct Group: Equatable {
        var sources: Set<Int32>
        /// Indices into the objects that were given.
        var objects: [Int]
    }

    /// The group of each source in `seeds`, joined where they touch.
    static func group(of seeds: some Sequence<Int32>, objects: [[Int32]]) -> Group {
        var group = Group(sources: Set(seeds), objects: [])
        var rest = Array(objects.indices)
        var grew = true
        while grew {
            grew = false
            rest.removeAll { index in
                guard objects[index].contains(where: group.sources.contains) else { return false }
                group.objects.append(index)
                let before = group.sources.count
                group.sources.formUnion(objects[index])
                grew = grew || group.sources.count > before
                return true
            }
        }
        group.objects.sort()
        return group
    }

    /// Whether a full object should take its whole group along at once: only where no other open object of the group
    /// would end up small by it.
    static func shouldCutNow(othersOpenBytes: [Int64], rotateBytes: Int64) -> Bool {
        othersOpenBytes.allSatisfy { $0 * 2 >= rotateBytes }
    }
}

/// A consistent cut: every event of each source up to `to` is in one of the objects. Committed whole or not at all.
struct Cut {
    struct Range {
        var source: Int32
        var from: Int64
        var to: Int64
        var events: Int64
        /// `Int64.min` for none.
        var watermark: Int64
    }

    var ranges: [Range]
    var objects: [OpenObject]
    var reason: RotationReason
    var madeAt: Duration
    /// Its place among all cuts of the table, from 1; the queue gives it.
    var number = 0

    var isStored: Bool { objects.allSatisfy { $0.stored != nil } }
    var sources: [Int32] { ranges.map(\.source) }
    /// What it takes in a log entry, about.
    var entryBytes: Int { objects.reduce(128 * ranges.count) { $0 + $1.entryBytes } }
}

/// Cuts in the order in which they were made, and which of them can be committed now.
struct CutQueue {
    private(set) var cuts: [Cut] = []
    /// How many there ever were.
    private(set) var made = 0

    var isEmpty: Bool { cuts.isEmpty }
    var count: Int { cuts.count }

    /// The oldest.
    var first: Cut? { cuts.first }

    mutating func append(_ cut: Cut) {
        made += 1
        cuts.append(cut)
        cuts[cuts.count - 1].number = made
    }

    /// Indices of the cuts that are wholly stored and wait for no earlier cut of one of their sources.
    func ready() -> [Int] {
        var blocked: Set<Int32> = []
        var ready: [Int] = []
        for (index, cut) in cuts.enumerated() {
            if cut.isStored, !cut.sources.contains(where: blocked.contains) {
                ready.append(index)
            } else {
                blocked.formUnion(cut.sources)
            }
        }
        return ready
    }

    /// The first of them, as many as one commit should take: one, or more that take no more than `bytesMax` together.
    func ready(bytesMax: Int) -> [Int] {
        var bytes = 0
        let ready = ready()
        let fitting = ready.prefix { index in
            bytes += cuts[index].entryBytes
            return bytes <= bytesMax
        }
        return fitting.isEmpty ? Array(ready.prefix(1)) : Array(fitting)
    }

    /// Objects of the cuts that can be committed now.
    var objectsReady: Int { ready().reduce(0) { $0 + cuts[$1].objects.count } }

    subscript(index: Int) -> Cut { cuts[index] }

    mutating func remove(_ indices: [Int]) {
        let gone = Set(indices)
        cuts = cuts.enumerated().filter { !gone.contains($0.offset) }.map(\.element)
    }

    mutating func removeAll() {
        cuts = []
    }

    /// Whether an uncommitted cut moves this source.
    func holds(_ source: Int32) -> Bool {
        cuts.contains { $0.ranges.contains { $0.source == source } }
    }

    /// The ranges of several cuts joined: per source the first `from` and the last `to`.
    static func joined(_ cuts: [Cut]) -> [Cut.Range] {
        var ranges: [Int32: Cut.Range] = [:]
        for range in cuts.lazy.flatMap(\.ranges) {
            if var earlier = ranges[range.source] {
                earlier.to = range.to
                earlier.events += range.events
                earlier.watermark = max(earlier.watermark, range.watermark)
                ranges[range.source] = earlier
            } else {
                ranges[range.source] = range
            }
        }
        return ranges.values.sorted { $0.source < $1.source }
    }
}
