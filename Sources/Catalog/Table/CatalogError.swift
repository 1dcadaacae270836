public import LakeModel
public import ObjectStorage

/// Why the catalog did not do what it was asked; one case for each way that a caller reacts.
public enum CatalogError: Error, Sendable {
    /// Another writer moved these topic partitions: seek to the catalog's offsets and write the events again.
    case offsetsMoved([MovedOffset])
    /// These objects were uploaded before the vacuum horizon and may be gone: write their events again.
    case staleObjects(horizon: Timestamp, paths: [String])
    /// These objects are not live any more, another commit removed them: plan again on a fresh snapshot.
    case removedObjects([String])
    /// The lake was written by a newer program: upgrade this one.
    case newerFormat(place: String, format: Int)
    /// Bytes in the catalog that break its rules: stop and let a person look.
    case corrupt(place: String, reason: String)
    /// No such version, table or checkpoint, or it was collected.
    case notFound(String)
    /// The commit may or may not have happened and the store did not answer in time: open the table again, it
    /// shows the truth.
    case unsettled(version: Int64, reason: String)
    /// Other writers won every attempt; nothing was committed.
    case contention(attempts: Int)
    /// The change, the name or the query itself is wrong.
    case invalid(String)
    /// The task was cancelled before anything was sent.
    case cancelled
    case store(StoreError)
}

/// A topic partition whose commit starts at another offset than the catalog's next one.
public struct MovedOffset: Hashable, Sendable {
    public var topicPartition: TopicPartition
    /// What the refused commit said.
    public var from: Int64
    /// Where the catalog stands.
    public var next: Int64

    public init(topicPartition: TopicPartition, from: Int64, next: Int64) {
        (self.topicPartition, self.from, self.next) = (topicPartition, from, next)
    }
}

extension CatalogError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .offsetsMoved(let moved):
            let first = moved.first.map { "\($0.topicPartition) is at \($0.next), not \($0.from)" } ?? ""
            return "another writer moved the offsets of \(moved.count) topic partitions (\(first)); seek and retry"
        case .staleObjects(let horizon, let paths):
            return "\(paths.count) objects were uploaded before the vacuum horizon \(horizon)\(example(paths)); "
                + "write them again"
        case .removedObjects(let paths):
            return "\(paths.count) objects are not live any more\(example(paths)); plan again on a fresh snapshot"
        case .newerFormat(let place, let format):
            return "\(place) has format \(format), which is newer than this program; upgrade varve"
        case .corrupt(let place, let reason):
            return "\(place) is corrupt: \(reason)"
        case .notFound(let what):
            return what
        case .unsettled(let version, let reason):
            return "commit \(version) is not settled: \(reason); open the table again to see whether it happened"
        case .contention(let attempts):
            return "other writers won all \(attempts) attempts to commit; retry later"
        case .invalid(let what):
            return what
        case .cancelled:
            return "cancelled before anything was committed"
        case .store(let error):
            return error.description
        }
    }

    private func example(_ paths: [String]) -> String {
        paths.first.map { " (\($0))" } ?? ""
    }
}
