import Foundation
import LakeModel
import Synchronization

/// The lake as the store really holds it, judged after every change by rules written down a second time.
///
/// Shares no code with the catalog: it reads the log's JSON by itself, and keeps the invariants of the design: no log
/// entry is won twice, offsets join without gap or overlap, what a commit adds is there and is new, nothing live is
/// deleted, nothing is deleted before its boundary, horizon or grace.
final class Truth: StoreWitness {
    struct Object: Decodable, Sendable {
        struct Span: Decodable, Sendable {
            var topic: String
            var partition: Int32
            var first: Int64
            var last: Int64
            var count: Int64
        }

        var path: String
        var side: String
        var bytes: Int64
        var records: Int64
        var offsets: [Span]
        var uploadedAt: String

        enum CodingKeys: String, CodingKey {
            case path, side, bytes, records, offsets
            case uploadedAt = "uploaded_at"
        }
    }

    struct Entry: Decodable, Sendable {
        struct Range: Decodable, Sendable {
            var topic: String
            var partition: Int32
            var from: Int64
            var to: Int64
            var events: Int64
        }

        var version: Int64
        var id: String
        var parent: String?
        var kind: String
        var offsets: [Range]
        var add: [Object]
        var remove: [String]
        var reason: String?
        var horizon: String?
    }

    private struct Boundary: Decodable {
        var version: Int64
        var checkpoint: Int64
    }

    struct State: Sendable {
        var newest: Int64 = 0
        var newestID: String?
        var boundary: Int64 = 0
        var boundaryCheckpoint: Int64 = 0
        var horizon = ""
        var next: [TopicPartition: Int64] = [:]
        var live: [String: Object] = [:]
        /// Paths that some commit has added, and when (virtual time) one took them out again.
        var added: Set<String> = []
        var removedAt: [String: Duration] = [:]
        /// Every key in the store, with its content and the store's time for it.
        var stored: [String: (bytes: [UInt8], at: String)] = [:]
        /// Entries written into the collected part of the log by a writer that slept: allowed, and void.
        var ghosts = 0
        var commits: [String: Int] = [:]
        /// Of live objects.
        var events: [String: Events] = [:]
        /// Events that an erasure or a retention rule took out, and which commit it was.
        var gone: [Place: String] = [:]
        var erasures: [String: Erasure] = [:]
        var certificates: [Certificate] = []
        /// Replaced by an erasure that deletes old bytes at once.
        var purgeable: Set<String> = []
        /// What each version was, for those who ask later.
        var nextAt: [Int64: [TopicPartition: Int64]] = [:]
        var liveAt: [Int64: Set<String>] = [:]
        /// Whatever was written, deleted or not: log entries, checkpoints and data objects are never written anew.
        var everStored: [String: [UInt8]] = [:]
        /// A request that comes late may bring such a key back, for the next vacuum.
        var everDeleted: Set<String> = []
        var violations: [String] = []
    }

    private let state = Mutex(State())
    let time: VirtualTime
    let folder: String
    /// Removed objects stay at least this long.
    private let grace: Duration
    /// The age by which events may be expired; nil where none may.
    let retention: Duration?
    /// How far the clocks of those who judge by age are ahead at most.
    let clockSkewMax: Duration

    init(table: String, time: VirtualTime, grace: Duration, retention: Duration?, clockSkewMax: Duration) {
        (folder, self.time, self.grace) = ("\(table)/", time, grace)
        (self.retention, self.clockSkewMax) = (retention, clockSkewMax)
    }

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    var now: State { state.withLock { $0 } }

    var firstViolation: String? { state.withLock { $0.violations.first } }

    func blame(_ text: String) { state.withLock { $0.violations.append(text) } }

    /// Nobody may believe that more is committed than is.
    func check(hints: [TopicPartition: Int64]) {
        state.withLock { state in
            for (name, offset) in hints where offset > state.next[name] ?? 0 {
                state.violations.append(
                    "a writer believes that \(name) is committed up to \(offset), the log says \(state.next[name] ?? 0)"
                )
            }
        }
    }

    // MARK: What happens to the store

    func didPut(_ key: String, _ bytes: [UInt8], at modified: Timestamp) {
        state.withLock { state in
            let path = String(key.dropFirst(folder.utf8.count))
            if state.live[path] != nil, state.stored[key]?.bytes != bytes {
                state.violations.append("\(key) is live and was overwritten")
            }
            // A put that was sent again may arrive late: what counts is when the key was taken first.
            state.stored[key] = (bytes, state.stored[key]?.at ?? modified.description)
            state.everStored[key] = bytes
            if key.hasPrefix(folder + "_varve/log/") {
                guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(bytes)) else {
                    return state.violations.append("\(key) is not a log entry")
                }
                append(entry, &state)
            } else if key == folder + "_varve/boundary.json" {
                guard let boundary = try? JSONDecoder().decode(Boundary.self, from: Data(bytes)) else {
                    return state.violations.append("\(key) is not a boundary")
                }
                advance(boundary, &state)
            }
        }
    }

    private func append(_ entry: Entry, _ state: inout State) {
        func blame(_ text: String) { state.violations.append("commit \(entry.version) (\(entry.kind)): \(text)") }
        guard entry.version > state.boundary else {
            state.ghosts += 1
            return
        }
        guard entry.version == state.newest + 1 else {
            return blame("follows \(state.newest); each version is won once, and without gaps")
        }
        if entry.parent != state.newestID { blame("its parent is not the commit before it") }
        for range in entry.offsets {
            let name = TopicPartition(topic: range.topic, partition: range.partition)
            let expected = state.next[name] ?? 0
            if range.from != expected { blame("\(name) begins at \(range.from), not at \(expected)") }
            if range.to < range.from { blame("\(name) goes back from \(range.from) to \(range.to)") }
            state.next[name] = range.to
        }
        checkCounts(entry, state, blame)
        for fault in eventFaults(entry, &state) { blame(fault) }
        for path in entry.remove {
            if state.live.removeValue(forKey: path) == nil { blame("removes \(path), which is not live") }
            state.removedAt[path] = time.elapsed
        }
        for object in entry.add {
            if !state.added.insert(object.path).inserted { blame("adds \(object.path) a second time") }
            guard let stored = state.stored[folder + object.path] else {
                blame("adds \(object.path), which the store does not have")
                continue
            }
            if stored.bytes.count != Int(object.bytes) {
                blame("\(object.path) has \(stored.bytes.count) bytes, not \(object.bytes)")
            }
            if object.uploadedAt < state.horizon { blame("adds \(object.path), which is dead") }
            state.live[object.path] = object
        }
        if let horizon = entry.horizon, horizon > state.horizon { state.horizon = horizon }
        (state.newest, state.newestID) = (entry.version, entry.id)
        (state.nextAt[entry.version], state.liveAt[entry.version]) = (state.next, Set(state.live.keys))
        state.commits[entry.kind, default: 0] += 1
    }

    /// An append adds as many events of each topic partition as its ranges say; what rewrites keeps every count.
    private func checkCounts(_ entry: Entry, _ state: State, _ blame: (String) -> Void) {
        func counts(_ objects: [Object]) -> [TopicPartition: Int64] {
            var counts: [TopicPartition: Int64] = [:]
            for span in objects.flatMap(\.offsets) {
                counts[TopicPartition(topic: span.topic, partition: span.partition), default: 0] += span.count
            }
            return counts
        }
        let added = counts(entry.add)
        switch entry.kind {
        case "append":
            var said: [TopicPartition: Int64] = [:]
            for range in entry.offsets where range.events > 0 {
                said[TopicPartition(topic: range.topic, partition: range.partition)] = range.events
            }
            if said != added { blame("says it adds \(said) events, its objects hold \(added)") }
        case "compact":
            let removed = counts(entry.remove.compactMap { state.live[$0] })
            if removed != added { blame("takes \(removed) events away and adds \(added)") }
        default: break
        }
    }

    private func advance(_ boundary: Boundary, _ state: inout State) {
        func blame(_ text: String) { state.violations.append("boundary \(boundary.version): \(text)") }
        if boundary.version < state.boundary { blame("goes back from \(state.boundary)") }
        if boundary.version >= state.newest { blame("is not below the newest entry, \(state.newest)") }
        if boundary.checkpoint < boundary.version { blame("its checkpoint \(boundary.checkpoint) is below it") }
        if state.stored[list(boundary.checkpoint)] == nil { blame("its checkpoint \(boundary.checkpoint) is missing") }
        (state.boundary, state.boundaryCheckpoint) = (boundary.version, boundary.checkpoint)
    }

    func list(_ version: Int64) -> String { "\(folder)_varve/checkpoint/\(padded(version))/list.ndjson.zst" }

    func entry(_ version: Int64) -> String { "\(folder)_varve/log/\(padded(version)).json" }

    private func padded(_ version: Int64) -> String {
        let digits = String(version)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }

    func didDelete(_ keys: [String]) {
        state.withLock { state in
            for key in keys {
                guard let stored = state.stored.removeValue(forKey: key) else { continue }
                state.everDeleted.insert(key)
                if let problem = problem(deleting: key, uploadedAt: stored.at, state) {
                    state.violations.append("deleted \(key): \(problem)")
                }
            }
        }
    }

    private func problem(deleting key: String, uploadedAt: String, _ state: State) -> String? {
        if key.hasPrefix(folder + "_varve/log/") {
            let version = Int64(key.dropFirst(folder.utf8.count + 11).prefix(20)) ?? 0
            return version > state.boundary ? "the boundary is at \(state.boundary)" : nil
        }
        if key == list(state.boundaryCheckpoint) { return "the boundary names it" }
        if key.hasPrefix(folder + "_varve/") { return nil }
        let path = String(key.dropFirst(folder.count))
        if state.live[path] != nil { return "it is live" }
        if let removed = state.removedAt[path] {
            if state.purgeable.contains(path) { return nil }
            return time.elapsed - removed < grace ? "it was removed \(time.elapsed - removed) ago" : nil
        }
        if path.hasSuffix("_SUCCESS") { return nil }
        // A compaction may take back its own output where it knows that it has not committed it.
        let isWriters = path.contains("-w")
        return !isWriters || uploadedAt < state.horizon ? nil : "no commit says that it is dead"
    }
}
