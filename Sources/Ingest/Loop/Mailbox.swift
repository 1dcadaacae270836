import Catalog
import Compression
import Formats
import Glibc
import LakeModel
import ObjectStorage

/// What work outside of the ingest thread reports back to it.
enum Completion: Sendable {
    case compressed(object: Int, frame: Int, buffer: FrameBuffer, Result<[UInt8], CompressionError>)
    case rowsEncoded(object: Int, memoryBytes: Int, Result<RowJob.Outcome, ParquetError>)
    /// Bytes of an object that the store now has, or that nobody will send any more: their memory is free.
    case bytesReleased(Int)
    case stored(object: Int, ObjectUpload.Outcome)
    case uploadFailed(object: Int, StoreError)
    /// The store has no such multipart upload any more: somebody has removed what was sent.
    case uploadLost(object: Int, StoreError)
    /// The store does not take what it is sent; who sends it goes on trying.
    case storeTrouble(StoreUser, StoreError)
    /// It takes what this one sends again, and there is more to send.
    case storeRecovered(StoreUser)
    case refreshed(table: Int, epoch: Int, Result<TableHead, CatalogError>)
    case committed(table: Int, epoch: Int, took: Duration, Result<CommitReceipt, CatalogError>)
}

/// Who waits for an answer of the store.
enum StoreUser: Hashable, Sendable {
    case object(Int)
    /// A table's question to its catalog: its head, or a commit.
    case table(Int)
}

/// Brings completions from any thread to the ingest thread.
///
/// Waits by the clock that nobody can set: one by the wall clock would last for as long as that was set back meanwhile.
final class Mailbox: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Guarded by `mutex`.
    private var letters: [Completion] = []

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func post(_ letter: Completion) {
        pthread_mutex_lock(mutex)
        letters.append(letter)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// All that has come since the last call, in order of arrival.
    func take() -> [Completion] {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !letters.isEmpty else { return [] }
        let taken = letters
        letters = []
        return taken
    }

    /// Waits until there is something to take, or `timeout` is over.
    func wait(timeout: Duration) {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let (seconds, attoseconds) = timeout.components
        let nanoseconds = deadline.tv_nsec + Int(attoseconds / 1_000_000_000)
        deadline.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while letters.isEmpty, pthread_cond_timedwait(condition, mutex, &deadline) == 0 {}
    }
}
