import Catalog
import Compression
import Formats
import Foundation
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
final class Mailbox: @unchecked Sendable {
    private let condition = NSCondition()
    /// Guarded by `condition`.
    private var letters: [Completion] = []

    func post(_ letter: Completion) {
        condition.lock()
        letters.append(letter)
        condition.signal()
        condition.unlock()
    }

    /// All that has come since the last call, in order of arrival.
    func take() -> [Completion] {
        condition.lock()
        defer { condition.unlock() }
        guard !letters.isEmpty else { return [] }
        let taken = letters
        letters = []
        return taken
    }

    /// Waits until there is something to take, or `timeout` is over.
    func wait(timeout: Duration) {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Date(timeIntervalSinceNow: timeout / .seconds(1))
        while letters.isEmpty, condition.wait(until: deadline) {}
    }
}
