import LakeModel
import ObjectStorage

/// Who is told of everything that happens to a store, at once and in order.
protocol StoreWitness: Sendable {
    func didPut(_ key: String, _ bytes: [UInt8], at modified: Timestamp)
    func didDelete(_ keys: [String])
}

/// The store's truth: what reaches it happens at once, and is judged at once.
struct ObservedStore: ForwardingStore {
    let memory: MemoryObjectStore
    let witness: any StoreWitness

    var inner: any ObjectStore { memory }

    func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        let info = try await memory.put(body, to: key, options: options)
        witness.didPut(key.description, body.bytes, at: info.modifiedAt)
        return info
    }

    func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        let info = try await memory.copy(source, to: target, options: options)
        try await look(at: target, info)
        return info
    }

    func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        let info = try await memory.completeUpload(upload, of: key, parts: parts, options: options)
        try await look(at: key, info)
        return info
    }

    private func look(at key: ObjectKey, _ info: ObjectInfo) async throws(StoreError) {
        let content = try await memory.get(key, range: nil, bytesMax: 1 << 30)
        witness.didPut(key.description, content.bytes, at: info.modifiedAt)
    }

    func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        let failures = try await memory.delete(keys)
        let failed = Set(failures.map(\.key))
        witness.didDelete(keys.filter { !failed.contains($0) }.map(\.description))
        return failures
    }
}
