import LakeModel
import Logging
import ObjectStorage

extension Table {
    /// Saves a checkpoint of the newest version and points the hint at it; returns its version. Costs in proportion to
    /// what changed since the last one.
    @discardableResult
    public func checkpoint() async throws(CatalogError) -> Int64 {
        try await exclusively { table throws(CatalogError) in
            try await table.catchUp()
            return try await table.writeCheckpoint()
        }
    }

    /// After how many commits behind the newest checkpoint a table looks for a newer one.
    var rebaseAfter: Int64 { 2 * max(options.checkpointEvery, 32) }

    /// The writer of every `checkpointEvery`-th version saves a checkpoint. Where nobody did for twice as long, so
    /// does whoever commits next. A failure costs later readers a longer replay and is only logged.
    func checkpointIfDue() async {
        guard options.checkpointEvery > 0, state.head.version > 0 else { return }
        let behind = state.head.version - state.base.head.version
        let isTurn = state.head.version % options.checkpointEvery == 0
        guard isTurn || behind >= 2 * options.checkpointEvery else { return }
        do {
            if !isTurn {
                try await adoptNewerCheckpoint()
                guard state.head.version - state.base.head.version >= 2 * options.checkpointEvery else { return }
            }
            _ = try await writeCheckpoint()
        } catch {
            logger.warning(
                "no checkpoint was written; a later commit tries again",
                metadata: ["version": "\(state.head.version)", "why": "\(error)"])
        }
    }

    /// Refuses to let the tail grow for ever where checkpoints keep failing.
    func checkpointIfOverdue() async throws(CatalogError) {
        guard options.checkpointEvery > 0 else { return }
        guard state.head.version - state.base.head.version >= Int64(options.tailCommitsMax) else { return }
        try await adoptNewerCheckpoint()
        guard state.head.version - state.base.head.version >= Int64(options.tailCommitsMax) else { return }
        _ = try await writeCheckpoint()
    }

    /// Lets snapshots stand on the newest checkpoint that is known, as those of a table that is opened anew do.
    public func adoptNewestCheckpoint() async throws(CatalogError) {
        try await exclusively { table throws(CatalogError) in
            try await table.catchUp()
            try await table.adoptNewerCheckpoint()
        }
    }

    /// Takes the checkpoint that the hint names as the new base, where it is newer than ours.
    func adoptNewerCheckpoint() async throws(CatalogError) {
        let hint = try await reader.latest(logger: logger)
        guard hint > state.base.head.version, hint <= state.head.version else { return }
        guard let checkpoint = try await manifests.checkpoint(hint) else { return }
        state.rebase(on: checkpoint)
    }

    /// Writes a checkpoint of the head, unless there is one. The caller has seen to it that the head is true.
    func writeCheckpoint() async throws(CatalogError) -> Int64 {
        let version = state.head.version
        guard version > state.base.head.version else { return version }
        try await adoptNewerCheckpoint()
        guard version > state.base.head.version else { return version }
        var writer = CheckpointWriter(state: state, store: store, reader: reader, loader: manifests)
        let checkpoint = try await writer.write()
        guard try await willLast(checkpoint) else { throw .contention(attempts: 1) }
        state.rebase(on: checkpoint)
        await pointHint(at: version)
        return version
    }

    /// Whether no collector can have what this checkpoint names on its list of what is to go.
    ///
    /// A checkpoint names manifests of an older one again. Those of our base are safe where the boundary's checkpoint
    /// is not newer than it: a collector that comes later sees both lists and spares what they name. Where the boundary
    /// overtook our base meanwhile, a collector may have looked before the new list was there, and only manifests that
    /// the boundary's checkpoint names too are safe. A list that fails stays where it is, without a hint: another
    /// writer, who found it safe, may rely on it.
    private func willLast(_ checkpoint: Checkpoint) async throws(CatalogError) -> Bool {
        let version = checkpoint.head.version
        let boundary = try await reader.boundary()
        guard boundary.checkpoint != version else { return true }
        var anchor = state.base
        if boundary.checkpoint > anchor.head.version {
            guard let newer = try await manifests.checkpoint(boundary.checkpoint) else { return false }
            anchor = newer
        }
        let spared = Set(anchor.manifests.map(\.path))
        let own = "\(versionDigits(version))/"
        if checkpoint.manifests.allSatisfy({ $0.path.hasPrefix(own) || spared.contains($0.path) }) { return true }
        state.rebase(on: anchor)
        return false
    }

    /// Moves the hint up; never down, and never with an error: it is a hint.
    func pointHint(at version: Int64) async {
        do {
            let key = try keys.latest()
            let old = try await store.getIfPresent(key, bytesMax: 1 << 20)
            guard try reader.latest(in: old?.bytes, logger: logger) < version else { return }
            let body = try CatalogJSON.encode(LatestHint(checkpoint: version))
            _ = try await store.put(body, to: key, when: old.map { .matches($0.info.tag) } ?? .absent)
        } catch {
            logger.debug("the hint was not moved", metadata: ["version": "\(version)", "why": "\(error)"])
        }
    }
}
