import Catalog
import LakeModel

/// Which paths the log says were removed, and whether their grace is over.
///
/// Holds 16 bytes of hash for each path, so that a table of many rewrites does not fill the memory.
struct Removals: Sendable {
    enum State: Hashable, Sendable {
        case unknown
        /// Removed so lately that readers of an older snapshot may still want it.
        case inGrace
        case over
    }

    private var inGrace: Set<PathHash> = []
    private var over: Set<PathHash> = []
    /// The first version that has to stay in the log, as it removed objects that are still in their grace.
    private(set) var keepLogFrom: Int64?

    /// Notes a commit that the store took at `writtenAt`; nil counts as just now.
    mutating func note(_ commit: Commit, writtenAt: Timestamp?, times: VacuumTimes) {
        guard !commit.remove.isEmpty else { return }
        let isOver = writtenAt.map { $0 < times.graceEnds(commit.kind) } ?? false
        for path in commit.remove {
            if isOver { over.insert(PathHash(path)) } else { inGrace.insert(PathHash(path)) }
        }
        if !isOver { keepLogFrom = min(keepLogFrom ?? commit.version, commit.version) }
    }

    func state(of path: String) -> State {
        let hash = PathHash(path)
        if inGrace.contains(hash) { return .inGrace }
        return over.contains(hash) ? .over : .unknown
    }
}
