import Glibc
import LakeModel
import ObjectStorage
import Synchronization

/// Kills this process at a chosen step, as a power cut would: for tests of what a crash may leave behind.
///
/// `VARVE_FAILPOINT=after_data_put:3` sends SIGKILL to the process right after the third data object was stored.
final class Failpoints: Sendable {
    enum Step: String, CaseIterable {
        case afterPoll = "after_poll"
        case beforeDataPut = "before_data_put"
        case afterDataPut = "after_data_put"
        case afterPart = "after_part"
        case beforeComplete = "before_complete"
        case afterComplete = "after_complete"
        case beforeCommit = "before_commit"
        case afterCommit = "after_commit"
        /// Of a manifest or the list of them.
        case beforeCheckpoint = "before_checkpoint"
        case afterCheckpoint = "after_checkpoint"
        /// Of data objects and of the log, by maintenance.
        case beforeDelete = "before_delete"
        case afterDelete = "after_delete"
        /// Right before the offsets go to Kafka.
        case beforeHint = "before_hint"
        case afterRestoreSend = "after_restore_send"
        case beforeRestoreSave = "before_restore_save"
        case afterRestoreSave = "after_restore_save"
    }

    private let step: Step
    private let times: Int
    private let passed = Mutex(0)

    /// Nil where the environment names none.
    init?(_ environment: [String: String]) {
        let parts = (environment["VARVE_FAILPOINT"] ?? "").split(separator: ":")
        guard let name = parts.first, let step = Step(rawValue: String(name)) else { return nil }
        self.step = step
        times = parts.count > 1 ? Int(parts[1]) ?? 1 : 1
    }

    func pass(_ reached: Step) {
        guard reached == step else { return }
        let count = passed.withLock { passed in
            passed += 1
            return passed
        }
        if count >= times { kill(getpid(), SIGKILL) }
    }
}

/// Passes the store's steps of a `Failpoints`.
struct FailpointStore: ForwardingStore {
    let inner: any ObjectStore
    private let points: Failpoints

    init(_ inner: any ObjectStore, _ points: Failpoints) {
        (self.inner, self.points) = (inner, points)
    }

    func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        if let step = Self.step(key, isBefore: true) { points.pass(step) }
        let info = try await inner.put(body, to: key, options: options)
        if let step = Self.step(key, isBefore: false) { points.pass(step) }
        return info
    }

    func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        points.pass(.beforeDataPut)
        let info = try await inner.copy(source, to: target, options: options)
        points.pass(.afterDataPut)
        return info
    }

    func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        points.pass(.beforeDelete)
        let failures = try await inner.delete(keys)
        points.pass(.afterDelete)
        return failures
    }

    private static func step(_ key: ObjectKey, isBefore: Bool) -> Failpoints.Step? {
        if key.description.contains("/_varve/log/") { return isBefore ? .beforeCommit : .afterCommit }
        if key.description.contains("/_varve/checkpoint/") { return isBefore ? .beforeCheckpoint : .afterCheckpoint }
        // The boundary, the hint, the marks of the store probe.
        if key.description.contains("_varve") { return nil }
        return isBefore ? .beforeDataPut : .afterDataPut
    }

    func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey)
        async throws(StoreError) -> UploadedPart
    {
        let part = try await inner.putPart(number, body, of: upload, to: key)
        points.pass(.afterPart)
        return part
    }

    func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        points.pass(.beforeComplete)
        let info = try await inner.completeUpload(upload, of: key, parts: parts, options: options)
        points.pass(.afterComplete)
        return info
    }
}
