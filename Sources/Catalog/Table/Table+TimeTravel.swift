public import LakeModel
import ObjectStorage

/// Which state of a table a reader wants.
public enum SnapshotPoint: Hashable, Sendable {
    /// The newest, as far as the store knows it now.
    case newest
    case version(Int64)
    /// The state at a time, by the clocks of the writers as they stand in the commits.
    case time(Timestamp)
}

extension Table {
    /// A snapshot of the newest version, or of an earlier one.
    ///
    /// An earlier one is rebuilt from the checkpoint at or below it; where the log between the two was collected, the
    /// error is `.notFound` and says where the log begins.
    public func snapshot(at point: SnapshotPoint = .newest) async throws(CatalogError) -> Snapshot {
        try await exclusively { table throws(CatalogError) in
            try await table.catchUp()
            let state =
                switch point {
                case .newest: table.state
                case .version(let version): try await table.past(version: version)
                case .time(let time): try await table.past(time: time)
                }
            return Snapshot(table: table.name, state: state, loader: table.manifests)
        }
    }

    /// A snapshot of the head as this table last saw it; costs nothing.
    public func currentSnapshot() -> Snapshot { Snapshot(table: name, state: state, loader: manifests) }

    private func past(version: Int64) async throws(CatalogError) -> TableState {
        guard version != state.head.version else { return state }
        guard version > 0, version < state.head.version else {
            throw .notFound("table \(name) has no version \(version); its newest is \(state.head.version)")
        }
        var base = Checkpoint.empty
        if state.base.head.version <= version {
            base = state.base
        } else {
            for candidate in try await checkpointVersions().reversed() where candidate <= version {
                guard let checkpoint = try await manifests.checkpoint(candidate) else { continue }
                base = checkpoint
                break
            }
        }
        return try await rebuild(from: base, through: version, until: { _ in false })
    }

    private func past(time: Timestamp) async throws(CatalogError) -> TableState {
        if let at = state.head.at, at <= time { return state }
        var base = Checkpoint.empty
        if let at = state.base.head.at, at <= time {
            base = state.base
        } else {
            // Times of heads never go back, so the checkpoints can be halved.
            let versions = try await checkpointVersions()
            var (low, high) = (0, versions.count)
            while low < high {
                let middle = (low + high) / 2
                if let found = try await manifests.checkpoint(versions[middle]), let at = found.head.at, at <= time {
                    (base, low) = (found, middle + 1)
                } else {
                    high = middle
                }
            }
        }
        let past = try await rebuild(from: base, through: state.head.version) { $0.at > time }
        guard past.head.version > 0 else { throw .notFound("table \(name) has no commit at or before \(time)") }
        return past
    }

    /// Replays from a checkpoint, and says so where the entries are gone.
    private func rebuild(
        from base: Checkpoint, through version: Int64, until stop: (Commit) -> Bool
    ) async throws(CatalogError) -> TableState {
        var past = TableState(base: base)
        let end = try await reader.replay(&past, through: version, window: 4, stop: stop)
        let boundary = try await reader.boundary()
        guard past.head.version == base.head.version || boundary.version <= base.head.version else {
            throw collected(boundary)
        }
        if case .broken(let broken, let reason) = end {
            guard boundary.version <= base.head.version else { throw collected(boundary) }
            throw .corrupt(place: "log entry \(try keys.entry(broken))", reason: reason)
        }
        // A replay that ends early without reaching `stop` ran into entries that are gone.
        if past.head.version < version, past.head.version < boundary.version { throw collected(boundary) }
        return past
    }

    private func collected(_ boundary: Boundary) -> CatalogError {
        .notFound(
            "this version of table \(name) was collected; the log begins at version \(boundary.version + 1), and "
                + "earlier versions exist only where a checkpoint was kept")
    }

    /// Checkpoints that can be seen, ascending. Only a shortcut: one that a listing hides costs a longer replay.
    func checkpointVersions() async throws(CatalogError) -> [Int64] {
        do {
            let listed = try await store.listAll(prefix: keys.checkpointPrefix)
            return listed.compactMap { keys.checkpointVersion($0.key) }.sorted()
        } catch {
            throw .store(error)
        }
    }

    /// The commits of these versions, oldest first; those that were collected are left out.
    public func commits(_ versions: ClosedRange<Int64>) async throws(CatalogError) -> [Commit] {
        try await exclusively { table throws(CatalogError) in
            try await table.catchUp()
            let boundary = try await table.reader.boundary()
            let first = max(versions.lowerBound, boundary.version + 1, 1)
            let last = min(versions.upperBound, table.state.head.version)
            var commits: [Commit] = []
            var next = first
            while next <= last {
                let count = Int(min(Int64(max(1, table.options.replayWindowMax)), last - next + 1))
                commits += try await table.reader.window(from: next, count: count).compactMap(\.self)
                next += Int64(count)
            }
            return commits
        }
    }
}
