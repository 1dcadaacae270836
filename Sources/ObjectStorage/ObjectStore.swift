/// A flat namespace of immutable byte strings: S3, a directory, or memory.
///
/// Contract, the same for every member and checked by one conformance suite:
/// - A `put` is atomic: readers see the whole old object or the whole new one, never a part.
/// - `PutCondition` is enforced by the store itself, so that of several writers exactly one wins.
/// - A condition that does not hold throws `.conflict`, whatever the store calls it (412, 409 that persists, 404 on
///   If-Match, EEXIST). A missing key throws `.notFound`.
/// - **Ambiguity is reported, not guessed**: where a request may or may not have taken effect (connection lost after
///   the body, time-out, 5xx to a put), the error is `.unavailable` with `mayHaveHappened == true`. A conditional put
///   that was retried internally and then met a conflict is reported with `mayHaveHappened == true` too.
/// - Listings come in *any* order within a page and may miss an object written while listing; pages never repeat a key.
/// - `delete` of a missing key succeeds; so does `abortUpload` of an upload that is gone.
/// - A copy takes the metadata of its source, unless the options bring some; its condition is on the target.
/// - An upload takes its metadata and storage class from `createUpload`, its condition from `completeUpload`.
/// - A range with no byte in the object, metadata that could not stand in a header, and a middle part under
///   `partBytesMin` throw `.invalid`.
/// - Keys are relative to the store's root, which is the lake.
///
/// There are few defaults on purpose: a wrapper that forgets a method would silently lose the inner store's.
public protocol ObjectStore: Sendable {
    /// For people and logs: `s3://bucket/prefix`, `file:///dir`, `memory:`. Holds no secret.
    var location: String { get }

    func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo

    /// The object's bytes, or those of `range`. `bytesMax` bounds what may come back (`.invalid` beyond it).
    func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent

    func head(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo

    /// One page of the keys that start with `prefix` (a plain string prefix), strictly after `after` where given.
    /// A page can be empty and still have a `next`.
    func list(_ request: ListRequest) async throws(StoreError) -> ListPage

    /// Deletes up to 1,000 keys; the answer names those that failed, the others are gone.
    func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure]

    func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo

    // Multipart uploads: invisible until completed.
    func createUpload(to key: ObjectKey, options: PutOptions) async throws(StoreError) -> UploadID
    /// Parts are numbered from 1; a part put again replaces the earlier one. All but the last need `partBytesMin`.
    func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey)
        async throws(StoreError) -> UploadedPart
    func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    func abortUpload(_ upload: UploadID, of key: ObjectKey) async throws(StoreError)
    /// Unfinished uploads whose key starts with `prefix`.
    func listUploads(prefix: String) async throws(StoreError) -> [PendingUpload]
    func listParts(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) -> [UploadedPart]
}

extension ObjectStore {
    public func put(_ bytes: [UInt8], to key: ObjectKey, when condition: PutCondition = .always)
        async throws(StoreError) -> ObjectInfo
    {
        try await put(ObjectBody(bytes), to: key, options: PutOptions(condition: condition))
    }

    /// The whole object, or nil where there is none.
    public func getIfPresent(_ key: ObjectKey, bytesMax: Int = 1 << 30) async throws(StoreError) -> ObjectContent? {
        do {
            return try await get(key, range: nil, bytesMax: bytesMax)
        } catch  where error.kind == .notFound {
            return nil
        }
    }

    /// The first page that holds anything: pages can be empty and still go on, as where all that they had is left out.
    public func firstPage(_ request: ListRequest) async throws(StoreError) -> [ListedObject] {
        var request = request
        for _ in 0..<10_000 {
            let page = try await list(request)
            guard page.objects.isEmpty, let next = page.next else { return page.objects }
            request.continuation = next
        }
        return []
    }

    /// Whether there is any object under `prefix`.
    public func isAnythingListed(prefix: String) async throws(StoreError) -> Bool {
        try await !firstPage(ListRequest(prefix: prefix, keysMax: 1)).isEmpty
    }

    /// Every object under `prefix`, all pages, sorted by key.
    public func listAll(prefix: String, after: String? = nil) async throws(StoreError) -> [ListedObject] {
        var all: [ListedObject] = []
        var request = ListRequest(prefix: prefix, after: after)
        while true {
            let page = try await list(request)
            all += page.objects
            guard let next = page.next else { break }
            request.continuation = next
        }
        return all.sorted { $0.key < $1.key }
    }
}
