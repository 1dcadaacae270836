public import LakeModel
import Synchronization

/// A store in memory, for tests and simulations: a full member that keeps every rule of the contract.
///
/// Its listings are in byte order and its answers come without suspending, so that a simulation is deterministic.
public final class MemoryObjectStore: ObjectStore {
    struct Stored {
        var bytes: [UInt8]
        var info: ObjectInfo
    }

    struct Upload {
        var key: ObjectKey
        var options: PutOptions
        var startedAt: Timestamp
        var parts: [Int: Stored] = [:]
    }

    struct State {
        var objects: [ObjectKey: Stored] = [:]
        /// The keys of `objects` in byte order.
        var sortedKeys: [ObjectKey] = []
        var uploads: [UploadID: Upload] = [:]
        var changes: UInt64 = 0
    }

    public let location: String
    private let clock: any LakeClock
    private let partBytesLeast: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - clock: says when an object was put; the store's own clock.
    ///   - partBytesLeast: what all parts but the last need; less than in S3 lets small uploads have many.
    public init(clock: any LakeClock, location: String = "memory:", partBytesLeast: Int = partBytesMin) {
        self.clock = clock
        (self.location, self.partBytesLeast) = (location, partBytesLeast)
    }

    public func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        try options.validate(operation: "PutObject", key: key)
        try options.verifyChecksum(of: body, operation: "PutObject", key: key)
        return try state.withLock { (state) throws(StoreError) in
            try state.put(body.bytes, to: key, options: options, at: clock.now(), operation: "PutObject")
        }
    }

    public func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        let stored = try state.withLock { (state) throws(StoreError) in try state.find(key, operation: "GetObject") }
        var bytes = stored.bytes
        if let range {
            let part = try range.resolve(objectBytes: stored.info.bytes, operation: "GetObject", key: key)
            bytes = Array(bytes[Int(part.lowerBound)..<Int(part.upperBound)])
        }
        guard bytes.count <= bytesMax else { throw .tooLarge(bytes.count, bytesMax: bytesMax, key: key) }
        return ObjectContent(bytes: bytes, info: stored.info)
    }

    public func head(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo {
        try state.withLock { (state) throws(StoreError) in try state.find(key, operation: "HeadObject").info }
    }

    public func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
        state.withLock { $0.list(request) }
    }

    public func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        guard keys.count <= keysPerRequestMax else { throw .tooManyKeys(keys.count) }
        state.withLock { state in
            for key in keys where state.objects.removeValue(forKey: key) != nil {
                state.sortedKeys.remove(at: state.index(of: key))
            }
        }
        return []
    }

    public func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError)
        -> ObjectInfo
    {
        try options.validate(operation: "CopyObject", key: target)
        return try state.withLock { (state) throws(StoreError) in
            let from = try state.find(source, operation: "CopyObject")
            var options = options
            if options.metadata.isEmpty { options.metadata = from.info.metadata }
            return try state.put(from.bytes, to: target, options: options, at: clock.now(), operation: "CopyObject")
        }
    }
}

// MARK: - Multipart uploads

extension MemoryObjectStore {
    public func createUpload(to key: ObjectKey, options: PutOptions) async throws(StoreError) -> UploadID {
        try options.validate(operation: "CreateMultipartUpload", key: key)
        return state.withLock { state in
            state.changes += 1
            let id = UploadID("upload-\(state.changes)")
            state.uploads[id] = Upload(key: key, options: options, startedAt: clock.now())
            return id
        }
    }

    public func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey)
        async throws(StoreError) -> UploadedPart
    {
        guard (1...partNumberMax).contains(number) else { throw .badPartNumber(number, key: key) }
        return try state.withLock { (state) throws(StoreError) in
            var found = try state.find(upload, of: key, operation: "UploadPart")
            // As S3 has it: the same bytes, put again by a request that was late, have the same tag.
            let tag = EntityTag("part-\(Checksum(.crc64nvme, of: body.bytes).value)")
            let info = ObjectInfo(tag: tag, bytes: Int64(body.count), modifiedAt: clock.now())
            found.parts[number] = Stored(bytes: body.bytes, info: info)
            state.uploads[upload] = found
            return UploadedPart(number: number, tag: tag, bytes: info.bytes)
        }
    }

    public func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        try state.withLock { (state) throws(StoreError) in
            let found = try state.find(upload, of: key, operation: "CompleteMultipartUpload")
            let matched = try matchParts(
                parts, with: found.parts, tag: { $0.info.tag }, bytes: { $0.info.bytes }, bytesLeast: partBytesLeast,
                operation: "CompleteMultipartUpload", key: key)
            var merged = found.options
            merged.condition = options.condition
            let info = try state.put(
                ObjectBody(chunks: matched.map(\.bytes)).bytes, to: key, options: merged, at: clock.now(),
                operation: "CompleteMultipartUpload")
            state.uploads[upload] = nil
            return info
        }
    }

    public func abortUpload(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) {
        state.withLock { state in
            if state.uploads[upload]?.key == key { state.uploads[upload] = nil }
        }
    }

    public func listUploads(prefix: String) async throws(StoreError) -> [PendingUpload] {
        state.withLock { state in
            state.uploads.filter { $0.value.key.hasPrefix(prefix) }
                .map { PendingUpload(key: $0.value.key, upload: $0.key, startedAt: $0.value.startedAt) }
                .sorted { ($0.key, $0.upload.description) < ($1.key, $1.upload.description) }
        }
    }

    public func listParts(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) -> [UploadedPart] {
        try state.withLock { (state) throws(StoreError) in
            try state.find(upload, of: key, operation: "ListParts").parts
                .map { UploadedPart(number: $0.key, tag: $0.value.info.tag, bytes: $0.value.info.bytes) }
                .sorted { $0.number < $1.number }
        }
    }
}

// MARK: - State

extension MemoryObjectStore.State {
    /// Where `key` is in `sortedKeys`, or would be.
    func index(of key: ObjectKey) -> Int {
        lowerBound(key.description)
    }

    private func lowerBound(_ text: String) -> Int {
        var (low, high) = (0, sortedKeys.count)
        while low < high {
            let middle = (low + high) / 2
            if sortedKeys[middle].description.utf8.lexicographicallyPrecedes(text.utf8) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    func find(_ key: ObjectKey, operation: String) throws(StoreError) -> MemoryObjectStore.Stored {
        guard let stored = objects[key] else { throw .noSuchKey(key, operation: operation) }
        return stored
    }

    func find(_ upload: UploadID, of key: ObjectKey, operation: String) throws(StoreError) -> MemoryObjectStore.Upload {
        guard let found = uploads[upload], found.key == key else { throw .noSuchUpload(key, operation: operation) }
        return found
    }

    mutating func put(
        _ bytes: [UInt8], to key: ObjectKey, options: PutOptions, at now: Timestamp, operation: String
    ) throws(StoreError) -> ObjectInfo {
        let current = objects[key]
        switch options.condition {
        case .always: break
        case .absent where current == nil: break
        case .matches(let tag) where current?.info.tag == tag: break
        default: throw .conditionFailed(options.condition, key: key, operation: operation)
        }
        changes += 1
        let info = ObjectInfo(
            tag: EntityTag("memory-\(changes)"), bytes: Int64(bytes.count), modifiedAt: now,
            metadata: options.metadata, storageClass: options.storageClass)
        if current == nil { sortedKeys.insert(key, at: index(of: key)) }
        objects[key] = MemoryObjectStore.Stored(bytes: bytes, info: info)
        return info
    }

    func list(_ request: ListRequest) -> ListPage {
        let start =
            [request.prefix, request.after ?? "", request.continuation ?? ""]
            .max { $0.utf8.lexicographicallyPrecedes($1.utf8) } ?? ""
        var index = lowerBound(start)
        let isExclusive = [request.after, request.continuation].compactMap(\.self).contains {
            $0.utf8.elementsEqual(start.utf8)
        }
        if isExclusive, index < sortedKeys.count, sortedKeys[index].description.utf8.elementsEqual(start.utf8) {
            index += 1
        }
        let keysMax = min(max(1, request.keysMax), keysPerRequestMax)
        var page: [ListedObject] = []
        while index < sortedKeys.count, sortedKeys[index].hasPrefix(request.prefix) {
            guard page.count < keysMax else {
                return ListPage(objects: page, next: page.last?.key.description)
            }
            let key = sortedKeys[index]
            if let info = objects[key]?.info {
                page.append(ListedObject(key: key, bytes: info.bytes, modifiedAt: info.modifiedAt, tag: info.tag))
            }
            index += 1
        }
        return ListPage(objects: page, next: nil)
    }
}
