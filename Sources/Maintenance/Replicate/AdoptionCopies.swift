import Catalog
import LakeModel
import ObjectStorage
import Synchronization

/// What is known of a copy's adoption records from earlier rounds, so that a round with nothing new lists them only.
///
/// Of one original and one copy; the tables may be many.
public final class ReplicationMemory: Sendable {
    fileprivate struct Record {
        /// Of the original's record when it was read.
        var tag: EntityTag
        /// The copy has it as it is, or lacks the commit of this version.
        var awaited: Int64?
    }

    fileprivate let records = Mutex<[ObjectKey: Record]>([:])

    public init() {}
}

/// Copies the adoption records of a table to its replica.
///
/// A record whose commit the replica does not have yet goes there without a version, before the entry: a question that
/// the replica's own log answers, however the run ends. Closed, it would say of a replica that never gets the commit
/// that it has the files; behind the entry, it might never come, and an import there would adopt them again.
struct AdoptionCopies {
    let table: TableName
    let source: any ObjectStore
    let target: any ObjectStore
    let memory: ReplicationMemory

    /// - `version`: the replica's.
    func bring(to version: Int64) async throws {
        let prefix = AdoptionLedger.prefix(table)
        let fresh = try await source.listAll(prefix: prefix).filter { isFresh($0, version) }
        guard !fresh.isEmpty else { return }
        let there = try await target.listAll(prefix: prefix)
        let sizes = Dictionary(there.map { ($0.key, $0.bytes) }) { first, _ in first }
        for listed in fresh {
            guard let found = try await source.getIfPresent(listed.key, bytesMax: 64 << 20) else { continue }
            var record = try AdoptionRecord.decode(found.bytes, place: "\(listed.key)")
            var (bytes, awaited) = (found.bytes, Int64?.none)
            if let commit = record.version, commit > version {
                (awaited, record.version) = (commit, nil)
                bytes = try record.encoded()
            }
            try await put(bytes, to: listed.key, bytesThere: sizes[listed.key])
            let note = ReplicationMemory.Record(tag: found.info.tag, awaited: awaited)
            memory.records.withLock { $0[listed.key] = note }
        }
    }

    private func isFresh(_ listed: ListedObject, _ version: Int64) -> Bool {
        memory.records.withLock { records in
            guard let known = records[listed.key], known.tag == listed.tag else { return true }
            return known.awaited.map { $0 <= version } ?? false
        }
    }

    private func put(_ bytes: [UInt8], to key: ObjectKey, bytesThere: Int64?) async throws(StoreError) {
        if bytesThere == Int64(bytes.count), try await target.getIfPresent(key, bytesMax: 64 << 20)?.bytes == bytes {
            return
        }
        _ = try await target.put(bytes, to: key)
    }
}
