/// A store that hands on to another one whatever it does not answer itself.
///
/// For wrappers that look at one or two kinds of request. One that must see *every* request (`MeteredStore`,
/// `ReadOnlyStore`) conforms to `ObjectStore` itself, so that a new requirement stops the compiler.
public protocol ForwardingStore: ObjectStore {
    var inner: any ObjectStore { get }
}

extension ForwardingStore {
    public var location: String { inner.location }

    public func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        try await inner.put(body, to: key, options: options)
    }

    public func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        try await inner.get(key, range: range, bytesMax: bytesMax)
    }

    public func head(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo { try await inner.head(key) }

    public func list(_ request: ListRequest) async throws(StoreError) -> ListPage { try await inner.list(request) }

    public func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] { try await inner.delete(keys) }

    public func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError)
        -> ObjectInfo
    {
        try await inner.copy(source, to: target, options: options)
    }

    public func createUpload(to key: ObjectKey, options: PutOptions) async throws(StoreError) -> UploadID {
        try await inner.createUpload(to: key, options: options)
    }

    public func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey)
        async throws(StoreError) -> UploadedPart
    {
        try await inner.putPart(number, body, of: upload, to: key)
    }

    public func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        try await inner.completeUpload(upload, of: key, parts: parts, options: options)
    }

    public func abortUpload(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) {
        try await inner.abortUpload(upload, of: key)
    }

    public func listUploads(prefix: String) async throws(StoreError) -> [PendingUpload] {
        try await inner.listUploads(prefix: prefix)
    }

    public func listParts(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) -> [UploadedPart] {
        try await inner.listParts(upload, of: key)
    }
}
