import Foundation
import LakeModel
import Synchronization

/// The copy of the lake in another store, judged after every change against the original's truth.
///
/// It is a prefix of the original at every moment: the same entries, the same objects, up to some version that only
/// grows. At that version it is whole, but for what the original has deleted itself; and whole without exception where
/// a run of `replicate` says that it has brought it there.
final class ReplicaTruth: StoreWitness {
    private struct Pointer: Decodable {
        var version: Int64?
        var checkpoint: Int64
    }

    struct State: Sendable {
        /// The version that a reader finds.
        var head: Int64 = 0
        var stored: [String: [UInt8]] = [:]
        /// Where readers begin.
        var base: Int64 = 0
    }

    private let state = Mutex(State())
    private let original: Truth
    private let folder: String

    init(original: Truth) {
        (self.original, folder) = (original, original.folder)
    }

    var now: State { state.withLock { $0 } }

    func didPut(_ key: String, _ bytes: [UInt8], at modified: Timestamp) {
        let blames = state.withLock { state in
            state.stored[key] = bytes
            let name = key.dropFirst(folder.utf8.count)
            guard name == "_varve/boundary.json" || name == "_varve/latest.json" else {
                let isSame = original.now.everStored[key] == bytes
                return (isSame ? [] : ["\(key) is not what the original has"]) + advance(&state)
            }
            guard let pointer = try? JSONDecoder().decode(Pointer.self, from: Data(bytes)) else {
                return ["\(key) cannot be read"]
            }
            guard let version = pointer.version else { return advance(&state) }
            guard pointer.checkpoint >= state.base else {
                return ["the boundary goes back from checkpoint \(state.base) to \(pointer.checkpoint)"]
            }
            guard state.stored[original.list(pointer.checkpoint)] != nil else {
                return ["boundary \(version) names checkpoint \(pointer.checkpoint), which is missing"]
            }
            state.base = pointer.checkpoint
            return advance(&state)
        }
        blame(blames)
    }

    /// Follows the log as a reader would: from where it begins to the first entry that is missing.
    private func advance(_ state: inout State) -> [String] {
        let before = state.head
        state.head = max(state.head, state.base)
        while state.stored[original.entry(state.head + 1)] != nil { state.head += 1 }
        guard state.head > before else { return [] }
        return missing(at: state.head, state).filter { !original.now.everDeleted.contains($0) }.map {
            "version \(state.head) is there before \($0)"
        }
    }

    private func missing(at version: Int64, _ state: State) -> [String] {
        let live = original.now.liveAt[version] ?? []
        return live.map { folder + $0 }.filter { state.stored[$0] == nil }.sorted()
    }

    func didDelete(_ keys: [String]) {
        let blames = state.withLock { state in
            let live = original.now.liveAt[state.head] ?? []
            return keys.filter { state.stored.removeValue(forKey: $0) != nil }.compactMap { key -> String? in
                guard key.hasPrefix(folder + "_varve/") || live.contains(String(key.dropFirst(folder.utf8.count)))
                else {
                    return nil
                }
                return "deleted \(key), which version \(state.head) needs"
            }
        }
        blame(blames)
    }

    /// A run says that the copy is at this version, and whole.
    func certify(version: Int64) {
        let state = now
        guard state.head >= version else { return blame(["is at \(state.head), a run says \(version)"]) }
        guard state.head == version else { return }
        blame(missing(at: version, state).map { "a run says that \(version) is whole, but \($0) is missing" })
    }

    private func blame(_ texts: [String]) { for text in texts { original.blame("the copy: \(text)") } }
}
