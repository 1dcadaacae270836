public import LakeModel
import ObjectStorage

/// A log entry as the store lists it.
public struct ListedCommit: Hashable, Sendable {
    public var version: Int64
    /// The store's own clock when it took the entry: when the commit happened, whatever its writer's clock said.
    public var writtenAt: Timestamp

    public init(version: Int64, writtenAt: Timestamp) {
        (self.version, self.writtenAt) = (version, writtenAt)
    }
}

extension Table {
    /// The log entries that the store lists, ascending. A listing may miss the newest; what it shows is there.
    public nonisolated func listedCommits() async throws(CatalogError) -> [ListedCommit] {
        let keys = TableKeys(table: name)
        var commits: [ListedCommit] = []
        var request = ListRequest(prefix: keys.logPrefix)
        do {
            while true {
                let page = try await store.list(request)
                for entry in page.objects {
                    guard let version = keys.entryVersion(entry.key) else { continue }
                    commits.append(ListedCommit(version: version, writtenAt: entry.modifiedAt))
                }
                guard let next = page.next else { break }
                request.continuation = next
            }
        } catch {
            throw .store(error)
        }
        return commits.sorted { $0.version < $1.version }
    }
}

extension PartitionPath {
    /// The partition that a data object's path lies in, relative to its table's folder; nil where it is the path of
    /// no data object.
    public init?(dataPath path: some StringProtocol) {
        guard let partition = ObjectRules.partition(ofPath: path) else { return nil }
        self = partition
    }
}
