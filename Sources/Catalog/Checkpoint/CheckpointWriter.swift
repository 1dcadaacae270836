import LakeModel
import ObjectStorage

/// Writes the checkpoint of one state: the manifests that changed, then the list that names them all.
struct CheckpointWriter {
    let state: TableState
    let store: any ObjectStore
    let reader: LogReader
    let loader: ManifestLoader
    private var planner: ManifestPlanner { ManifestPlanner(entriesMax: max(1, reader.options.manifestEntriesMax)) }

    /// Manifests written so far, for their numbers.
    private var written = 0

    init(state: TableState, store: any ObjectStore, reader: LogReader, loader: ManifestLoader) {
        (self.state, self.store, self.reader, self.loader) = (state, store, reader, loader)
    }

    /// Returns the checkpoint of the state's head as it stands in the store: ours, or one that another writer of the
    /// same version finished first.
    mutating func write() async throws(CatalogError) -> Checkpoint {
        let delta = TailDelta(state.tail)
        let leaves = state.base.manifests.filter { !$0.overflow }
        var waiting: [DataObject] = []
        for manifest in state.base.manifests where manifest.overflow {
            waiting += try await loader.objects(of: manifest).filter { !delta.removed.contains($0.path) }
        }
        let plan = planner.plan(
            leaves: leaves, added: waiting + delta.added.values,
            removedFrom: Set(delta.removed.compactMap { ObjectRules.partition(ofPath: $0) }))
        var manifests = try await rewrite(leaves, plan, removed: delta.removed)
        for piece in planner.cut(sorted(plan.appended), evenly: false) {
            manifests += try await put(piece, overflow: false)
        }
        for piece in planner.cut(sorted(plan.overflow), evenly: false) {
            manifests += try await put(piece, overflow: true)
        }
        return try await putList(Checkpoint(head: state.head, manifests: manifests))
    }

    /// Goes through the leaves in order, one in memory at a time.
    private mutating func rewrite(
        _ leaves: [ManifestSummary], _ plan: ManifestPlanner.Plan, removed: Set<String>
    ) async throws(CatalogError) -> [ManifestSummary] {
        var manifests: [ManifestSummary] = []
        var carried: [DataObject] = []
        for (index, leaf) in leaves.enumerated() {
            guard plan.rewritten.contains(index) else {
                manifests.append(leaf)
                continue
            }
            let stored = try await loader.objects(of: leaf)
            let kept = stored.filter { !removed.contains($0.path) }
            let additions = plan.additions[index] ?? []
            // By what happened, not by counts: as many carried as removed would look like no change.
            let isUnchanged = carried.isEmpty && additions.isEmpty && kept.count == stored.count
            let run = carried + kept + additions
            carried = []
            if run.count < planner.entriesMax / 2, plan.rewritten.contains(index + 1) {
                carried = run
            } else if isUnchanged {
                manifests.append(leaf)
            } else {
                for piece in planner.cut(sorted(run), evenly: index < leaves.count - 1) {
                    manifests += try await put(piece, overflow: false)
                }
            }
        }
        return manifests
    }

    private func sorted(_ objects: [DataObject]) -> [DataObject] {
        objects.sorted { ($0.partition, $0.path) < ($1.partition, $1.path) }
    }

    /// A manifest's name holds the checksum of its content, and no two writers share a file: one that is named by a
    /// list was put for that list.
    private mutating func put(
        _ objects: ArraySlice<DataObject>, overflow: Bool
    ) async throws(CatalogError) -> [ManifestSummary] {
        written += 1
        let bytes = ManifestCodec.encode(objects)
        let checksum = hex(CRC64NVME.checksum(of: bytes))
        let stem = "\(versionDigits(state.head.version))/manifest-\(padded(written, 4))-\(checksum)"
        let frame = try ManifestCodec.compress(bytes, level: reader.options.compressionLevel, place: stem)
        for attempt in 1...16 {
            let path = stem + (attempt == 1 ? "" : "-\(attempt)") + ".ndjson.zst"
            guard let summary = ManifestSummary(of: objects, path: path, checksum: checksum, overflow: overflow) else {
                return []
            }
            if try await putIfAbsent(frame, at: path) { return [summary] }
        }
        throw .contention(attempts: 16)
    }

    /// False where the store says that there is a file of this name already. It would have the same content, but may be
    /// one that a writer left behind without a list, and that a collector is about to delete; or there is none, as a
    /// store answers 409 also where it took nothing. Either way it is not ours to name.
    private func putIfAbsent(_ frame: [UInt8], at path: String) async throws(CatalogError) -> Bool {
        let key = try reader.keys.manifest(path)
        do {
            _ = try await store.put(frame, to: key, when: .absent)
            return true
        } catch {
            guard error.kind == .conflict else { throw .store(error) }
            return false
        }
    }

    private func putList(_ checkpoint: Checkpoint) async throws(CatalogError) -> Checkpoint {
        let version = checkpoint.head.version
        let key = try reader.keys.checkpointList(version)
        let bytes = try ManifestCodec.encode(checkpoint)
        let frame = try ManifestCodec.compress(bytes, level: reader.options.compressionLevel, place: "\(key)")
        do {
            _ = try await store.put(frame, to: key, when: .absent)
            return checkpoint
        } catch {
            guard error.kind == .conflict || error.mayHaveHappened else { throw .store(error) }
        }
        guard let existing = try await loader.checkpoint(version) else {
            throw .notFound("checkpoint \(version) was not written")
        }
        guard existing.head == checkpoint.head else {
            throw .corrupt(place: "checkpoint \(key)", reason: "its head is not that of version \(version)")
        }
        return existing
    }
}
