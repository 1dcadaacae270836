import LakeModel
import ObjectStorage
import Synchronization

/// What a test does to one call of a store.
enum Fault: Sendable {
    /// The call fails and nothing happens.
    case fails(StoreError)
    /// The call takes effect and its answer is lost.
    case isLost(StoreError)
    /// The object is reported missing.
    case hides
    /// A conditional put overwrites, as stores without conditions do.
    case ignoresCondition

    static func lost(_ key: ObjectKey) -> Fault {
        .isLost(StoreError(.unavailable, operation: "put", key: "\(key)", message: "time-out", mayHaveHappened: true))
    }

    static func ambiguous(_ key: ObjectKey) -> Fault {
        .fails(StoreError(.unavailable, operation: "put", key: "\(key)", message: "time-out", mayHaveHappened: true))
    }

    static func down(_ key: ObjectKey) -> Fault {
        .fails(StoreError(.unavailable, operation: "any", key: "\(key)", message: "no route to host"))
    }

    static func conflict(_ key: ObjectKey) -> Fault {
        .fails(StoreError(.conflict, operation: "put", key: "\(key)", message: "409"))
    }
}

enum Call: Hashable, Sendable {
    case put, get, list, delete
}

/// A store in memory that counts its calls and asks the test before each of them.
final class TinyStore: ObjectStore {
    typealias Interception = @Sendable (Call, ObjectKey) async -> Fault?

    private struct Item {
        var bytes: [UInt8]
        var info: ObjectInfo
    }

    private struct State {
        var items: [String: Item] = [:]
        var generation = 0
        var now = Timestamp(milliseconds: 1_795_000_000_000)
        var calls: [Call: Int] = [:]
        var interception: Interception?
    }

    private let state = Mutex(State())
    let location = "memory:"

    // MARK: The test's side

    func intercept(_ interception: Interception?) { state.withLock { $0.interception = interception } }

    var calls: [Call: Int] { state.withLock { $0.calls } }
    var callCount: Int { calls.values.reduce(0, +) }
    func resetCalls() { state.withLock { $0.calls = [:] } }

    var now: Timestamp { state.withLock { $0.now } }
    func advance(milliseconds: Int64) { state.withLock { $0.now = $0.now.advanced(byMilliseconds: milliseconds) } }

    var keys: [String] { state.withLock { $0.items.keys.sorted() } }
    func bytes(_ key: String) -> [UInt8]? { state.withLock { $0.items[key]?.bytes } }

    func set(_ key: String, _ bytes: [UInt8]?) {
        state.withLock { state in
            state.generation += 1
            let info = ObjectInfo(
                tag: EntityTag("t\(state.generation)"), bytes: Int64(bytes?.count ?? 0), modifiedAt: state.now)
            state.items[key] = bytes.map { Item(bytes: $0, info: info) }
        }
    }

    private func enter(_ call: Call, _ key: ObjectKey) async -> Fault? {
        let interception = state.withLock { state in
            state.calls[call, default: 0] += 1
            return state.interception
        }
        return await interception?(call, key)
    }

    // MARK: The store's side

    func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        let fault = await enter(.put, key)
        if case .fails(let error) = fault { throw error }
        var condition = options.condition
        if case .ignoresCondition = fault { condition = .always }
        let info = try write(body, to: key, condition)
        if case .isLost(let error) = fault { throw error }
        return info
    }

    private func write(_ body: ObjectBody, to key: ObjectKey, _ condition: PutCondition) throws(StoreError)
        -> ObjectInfo
    {
        let info: ObjectInfo? = state.withLock { state in
            let old = state.items[key.description]
            switch condition {
            case .always: break
            case .absent: if old != nil { return nil }
            case .matches(let tag): if old?.info.tag != tag { return nil }
            }
            state.generation += 1
            let info = ObjectInfo(
                tag: EntityTag("t\(state.generation)"), bytes: Int64(body.count), modifiedAt: state.now)
            state.items[key.description] = Item(bytes: body.bytes, info: info)
            return info
        }
        guard let info else { throw StoreError(.conflict, operation: "put", key: "\(key)", message: "412") }
        return info
    }

    func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        let fault = await enter(.get, key)
        if case .fails(let error) = fault { throw error }
        let item = state.withLock { $0.items[key.description] }
        if case .hides = fault { throw StoreError(.notFound, operation: "get", key: "\(key)", message: "404") }
        guard let item else { throw StoreError(.notFound, operation: "get", key: "\(key)", message: "404") }
        guard item.bytes.count <= bytesMax else {
            throw StoreError(.invalid, operation: "get", key: "\(key)", message: "larger than \(bytesMax) bytes")
        }
        return ObjectContent(bytes: item.bytes, info: item.info)
    }

    func head(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo {
        try await get(key, range: nil, bytesMax: .max).info
    }

    /// Pages in byte order, each page in reverse: callers must not rely on it.
    func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
        guard let key = ObjectKey("list") else { return ListPage(objects: [], next: nil) }
        if case .fails(let error) = await enter(.list, key) { throw error }
        let matching = state.withLock { state in
            state.items.filter { entry in
                entry.key.utf8.starts(with: request.prefix.utf8) && isAfter(entry.key, request.after)
                    && isAfter(entry.key, request.continuation)
            }
        }
        let sorted = matching.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let page = sorted.prefix(request.keysMax)
        let objects = page.reversed().compactMap { entry in
            ObjectKey(entry.key).map {
                ListedObject(
                    key: $0, bytes: entry.value.info.bytes, modifiedAt: entry.value.info.modifiedAt,
                    tag: entry.value.info.tag)
            }
        }
        return ListPage(objects: objects, next: sorted.count > page.count ? page.last?.key : nil)
    }

    private func isAfter(_ key: String, _ bound: String?) -> Bool {
        bound.map { $0.utf8.lexicographicallyPrecedes(key.utf8) } ?? true
    }

    func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        for key in keys {
            if case .fails(let error) = await enter(.delete, key) { throw error }
            state.withLock { $0.items[key.description] = nil }
        }
        return []
    }

    func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        throw unsupported("copy")
    }

    func createUpload(to key: ObjectKey, options: PutOptions) async throws(StoreError) -> UploadID {
        throw unsupported("createUpload")
    }

    func putPart(
        _ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey
    ) async throws(StoreError) -> UploadedPart {
        throw unsupported("putPart")
    }

    func completeUpload(
        _ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions
    ) async throws(StoreError) -> ObjectInfo {
        throw unsupported("completeUpload")
    }

    func abortUpload(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) {
        throw unsupported("abortUpload")
    }

    func listUploads(prefix: String) async throws(StoreError) -> [PendingUpload] { [] }

    func listParts(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) -> [UploadedPart] { [] }

    private func unsupported(_ operation: String) -> StoreError {
        StoreError(.invalid, operation: operation, message: "not in this store")
    }
}
