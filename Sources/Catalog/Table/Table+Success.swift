public import LakeModel
import ObjectStorage

extension Table {
    /// Puts an empty `_SUCCESS` into the folder of each hour, for engines and schedulers that wait for one. Call it
    /// after the commit that declared the hours; calling it again changes nothing.
    public func markComplete(_ hours: some Sequence<LakeHour> & Sendable) async throws(CatalogError) {
        for hour in hours {
            let folder = PartitionPath(date: hour.date, hour: hour.hour, shard: 0).hourPath
            let key = try keys.data("\(TableSide.main.folder)/\(folder)/_SUCCESS")
            do {
                _ = try await store.put([], to: key, when: .absent)
            } catch {
                guard error.kind == .conflict else { throw .store(error) }
            }
        }
    }
}
