import LakeModel
import Logging
import ObjectStorage

/// Reads the control files of one table.
struct LogReader: Sendable {
    let store: any ObjectStore
    let keys: TableKeys
    let options: CatalogOptions

    /// The log entry of one version; nil where there is none.
    func entry(_ version: Int64) async throws(CatalogError) -> Commit? {
        let key = try keys.entry(version)
        guard let bytes = try await bytes(of: key, bytesMax: options.entryBytesMax) else { return nil }
        let commit = try CatalogJSON.decode(
            Commit.self, from: bytes, format: Commit.currentFormat, place: "log entry \(key)")
        guard commit.version == version else {
            throw .corrupt(place: "log entry \(key)", reason: "it says version \(commit.version)")
        }
        return commit
    }

    /// The boundary; `.none` where nothing was ever collected.
    func boundary() async throws(CatalogError) -> Boundary {
        try boundary(in: try await bytes(of: try keys.boundary(), bytesMax: 1 << 20))
    }

    /// Reads the boundary from its file's content; nil is that of a missing file.
    func boundary(in bytes: [UInt8]?) throws(CatalogError) -> Boundary {
        guard let bytes else { return .none }
        let key = try keys.boundary()
        let boundary = try CatalogJSON.decode(
            Boundary.self, from: bytes, format: Boundary.currentFormat, place: key.description)
        guard boundary.version >= 0, boundary.checkpoint >= boundary.version else {
            throw .corrupt(
                place: key.description,
                reason: "checkpoint \(boundary.checkpoint) does not cover version \(boundary.version)")
        }
        return boundary
    }

    /// The checkpoint that the hint names; 0 where there is no hint or where it cannot be read.
    func latest(logger: Logger) async throws(CatalogError) -> Int64 {
        try latest(in: try await bytes(of: try keys.latest(), bytesMax: 1 << 20), logger: logger)
    }

    /// Reads the hint from its file's content; nil is that of a missing file.
    func latest(in bytes: [UInt8]?, logger: Logger) throws(CatalogError) -> Int64 {
        guard let bytes else { return 0 }
        let key = try keys.latest()
        do throws(CatalogError) {
            let hint = try CatalogJSON.decode(
                LatestHint.self, from: bytes, format: LatestHint.currentFormat, place: key.description)
            return max(0, hint.checkpoint)
        } catch .corrupt(let place, let reason) {
            logger.warning("the hint is unreadable and was ignored", metadata: ["key": "\(place)", "why": "\(reason)"])
            return 0
        }
    }

    func bytes(of key: ObjectKey, bytesMax: Int) async throws(CatalogError) -> [UInt8]? {
        do {
            return try await store.getIfPresent(key, bytesMax: bytesMax)?.bytes
        } catch {
            throw .store(error)
        }
    }

    /// The entries from `first` on, `count` of them at most, fetched at once; nil where there is none.
    func window(from first: Int64, count: Int) async throws(CatalogError) -> [Commit?] {
        guard count > 1 else { return [try await entry(first)] }
        let fetched = await withTaskGroup(of: Fetched.self) { group in
            for index in 0..<count {
                group.addTask { await fetch(first + Int64(index)) }
            }
            return await group.reduce(into: [Int64: Fetched]()) { $0[$1.version] = $1 }
        }
        return try firstGap(in: (0..<count).map { fetched[first + Int64($0)]?.result ?? .success(nil) })
    }

    /// One fetched entry. A class on purpose: with the large value itself as a task's result, Swift 6.3's optimizer
    /// mixed up the results of a group (seen in release builds only).
    private final class Fetched: Sendable {
        let version: Int64
        let result: Result<Commit?, CatalogError>

        init(version: Int64, result: Result<Commit?, CatalogError>) {
            (self.version, self.result) = (version, result)
        }
    }

    private func fetch(_ version: Int64) async -> Fetched {
        do {
            return Fetched(version: version, result: .success(try await entry(version)))
        } catch {
            return Fetched(version: version, result: .failure(error))
        }
    }

    /// Everything before the first gap counts: an error behind a gap belongs to an entry that nobody asked for.
    private func firstGap(in results: [Result<Commit?, CatalogError>]) throws(CatalogError) -> [Commit?] {
        var commits: [Commit?] = []
        for result in results {
            switch result {
            case .success(let commit): commits.append(commit)
            case .failure(let error):
                if commits.contains(nil) { return commits }
                throw error
            }
        }
        return commits
    }
}

/// Where a replay stopped.
enum ReplayEnd: Hashable {
    /// At the log's end, or at the version asked for.
    case end
    /// At an entry that cannot follow the one before it. Whether that is damage, or only an entry written into the
    /// collected part of the log, the boundary tells.
    case broken(version: Int64, reason: String)
}

extension LogReader {
    /// Replays the entries that follow `state` and moves it along, up to `last` and up to a commit that `stop` picks
    /// (and leaves out), where given.
    ///
    /// Probes versions upwards until one is missing; a listing could hide the newest entry.
    func replay(
        _ state: inout TableState, through last: Int64? = nil, window first: Int = 1,
        stop: (Commit) -> Bool = { _ in false }
    ) async throws(CatalogError) -> ReplayEnd {
        var width = first
        while last.map({ state.head.version < $0 }) ?? true {
            let next = state.head.version + 1
            let count = Int(min(Int64(width), last.map { $0 - next + 1 } ?? .max))
            let commits = try await window(from: next, count: count)
            let found = commits.prefix { $0 != nil }.compactMap(\.self)
            for commit in found {
                guard !stop(commit) else { return .end }
                do {
                    try state.append(commit)
                } catch {
                    return .broken(version: commit.version, reason: error.reason)
                }
            }
            width = min(width * 2, options.replayWindowMax)
            guard found.count < commits.count else { continue }
            guard commits[found.count...].contains(where: { $0 != nil }) else { return .end }
            // A later entry was seen beyond a missing one: it was written meanwhile, or it is lost.
            let missing = state.head.version + 1
            guard try await entry(missing) != nil else {
                return .broken(version: missing, reason: "it is missing, but later entries exist")
            }
            width = 1
        }
        return .end
    }
}
