/// A store that answers every change with `.denied`: for commands that must not change a lake.
public struct ReadOnlyStore: ObjectStore {
    private let inner: any ObjectStore

    public init(_ inner: any ObjectStore) {
        self.inner = inner
    }

    public var location: String { inner.location }

    private func refusal(_ operation: String, _ key: ObjectKey?) -> StoreError {
        StoreError(
            .denied, operation: operation, key: key?.description, message: "this command opened the lake read-only")
    }

    public func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        throw refusal("put", key)
    }

    public func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        try await inner.get(key, range: range, bytesMax: bytesMax)
    }

    public func head(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo {
        try await inner.head(key)
    }

    public func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
        try await inner.list(request)
    }

    public func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        throw refusal("delete", keys.first)
    }

    public func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError)
        -> ObjectInfo
    {
        throw refusal("copy", target)
    }

    public func createUpload(to key: ObjectKey, options: PutOptions) async throws(StoreError) -> UploadID {
        throw refusal("create upload", key)
    }

    public func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey)
        async throws(StoreError) -> UploadedPart
    {
        throw refusal("put part", key)
    }

    public func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        throw refusal("complete upload", key)
    }

    public func abortUpload(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) {
        throw refusal("abort upload", key)
    }

    public func listUploads(prefix: String) async throws(StoreError) -> [PendingUpload] {
        try await inner.listUploads(prefix: prefix)
    }

    public func listParts(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) -> [UploadedPart] {
        try await inner.listParts(upload, of: key)
    }
}
