/// A part of a store as a store of its own: every key stands under one folder.
public struct PrefixedStore: ObjectStore {
    private let inner: any ObjectStore
    /// Ends with a slash.
    private let prefix: String

    public init(_ inner: any ObjectStore, folder: ObjectKey) {
        self.inner = inner
        prefix = "\(folder)/"
    }

    public var location: String {
        inner.location.hasSuffix("/") ? inner.location + prefix.dropLast() : "\(inner.location)/\(prefix.dropLast())"
    }

    private func outer(_ key: ObjectKey) throws(StoreError) -> ObjectKey {
        guard let outer = ObjectKey(prefix + key.description) else {
            throw StoreError(
                .invalid, operation: "key", key: key.description,
                message: "under \(prefix) the key is longer than \(ObjectKey.bytesMax) bytes; choose a shorter one")
        }
        return outer
    }

    private func inside(_ key: ObjectKey) -> ObjectKey? {
        guard key.hasPrefix(prefix) else { return nil }
        return ObjectKey(String(Substring(key.description.utf8.dropFirst(prefix.utf8.count))))
    }

    public func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        try await inner.put(body, to: try outer(key), options: options)
    }

    public func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        try await inner.get(try outer(key), range: range, bytesMax: bytesMax)
    }

    public func head(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo {
        try await inner.head(try outer(key))
    }

    public func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
        var outerRequest = request
        outerRequest.prefix = prefix + request.prefix
        outerRequest.after = request.after.map { prefix + $0 }
        var page = try await inner.list(outerRequest)
        page.objects = page.objects.compactMap { object in
            inside(object.key).map {
                ListedObject(key: $0, bytes: object.bytes, modifiedAt: object.modifiedAt, tag: object.tag)
            }
        }
        return page
    }

    public func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        var outerKeys: [ObjectKey] = []
        for key in keys { outerKeys.append(try outer(key)) }
        return try await inner.delete(outerKeys).map { failure in
            DeleteFailure(key: inside(failure.key) ?? failure.key, reason: failure.reason)
        }
    }

    public func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError)
        -> ObjectInfo
    {
        try await inner.copy(try outer(source), to: try outer(target), options: options)
    }

    public func createUpload(to key: ObjectKey, options: PutOptions) async throws(StoreError) -> UploadID {
        try await inner.createUpload(to: try outer(key), options: options)
    }

    public func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey)
        async throws(StoreError) -> UploadedPart
    {
        try await inner.putPart(number, body, of: upload, to: try outer(key))
    }

    public func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        try await inner.completeUpload(upload, of: try outer(key), parts: parts, options: options)
    }

    public func abortUpload(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) {
        try await inner.abortUpload(upload, of: try outer(key))
    }

    public func listUploads(prefix: String) async throws(StoreError) -> [PendingUpload] {
        try await inner.listUploads(prefix: self.prefix + prefix).compactMap { pending in
            inside(pending.key).map { PendingUpload(key: $0, upload: pending.upload, startedAt: pending.startedAt) }
        }
    }

    public func listParts(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) -> [UploadedPart] {
        try await inner.listParts(upload, of: try outer(key))
    }
}
