import Catalog
import LakeModel
import ObjectStorage

extension Table {
    /// The store's own clock, from the answer to an empty put.
    nonisolated func storeTime() async throws -> Timestamp {
        guard let key = ObjectKey("\(name)/_varve/clock") else {
            throw MaintenanceError.invalid("the table's name makes no key: \(name)")
        }
        return try await store.put([], to: key).modifiedAt
    }
}
