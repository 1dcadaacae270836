import LakeModel
import ObjectStorage
import Synchronization
import TestSupport
import Testing

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
final class TinyStore: ForwardingStore {
    typealias Interception = @Sendable (Call, ObjectKey) async -> Fault?

    private struct State {
        var calls: [Call: Int] = [:]
        var interception: Interception?
    }

    private let memory: MemoryObjectStore
    private let storeClock = ManualClock(now: Timestamp(milliseconds: 1_795_000_000_000))
    private let state = Mutex(State())
    var inner: any ObjectStore { memory }

    init() {
        memory = MemoryObjectStore(clock: storeClock)
    }

    // MARK: The test's side

    func intercept(_ interception: Interception?) { state.withLock { $0.interception = interception } }

    var calls: [Call: Int] { state.withLock { $0.calls } }
    var callCount: Int { calls.values.reduce(0, +) }
    func resetCalls() { state.withLock { $0.calls = [:] } }

    /// The store's own clock.
    var now: Timestamp { storeClock.now() }
    func advance(milliseconds: Int64) { storeClock.advance(by: .milliseconds(milliseconds)) }

    var keys: [String] {
        get async throws { try await memory.listAll(prefix: "").map(\.key.description) }
    }

    func bytes(_ key: String) async throws -> [UInt8]? {
        try await memory.getIfPresent(#require(ObjectKey(key)))?.bytes
    }

    func set(_ key: String, _ bytes: [UInt8]?) async throws {
        let key = try #require(ObjectKey(key))
        if let bytes { _ = try await memory.put(bytes, to: key) } else { _ = try await memory.delete([key]) }
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
        var options = options
        if case .ignoresCondition = fault { options.condition = .always }
        let info = try await memory.put(body, to: key, options: options)
        if case .isLost(let error) = fault { throw error }
        return info
    }

    func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        let fault = await enter(.get, key)
        if case .fails(let error) = fault { throw error }
        if case .hides = fault { throw StoreError(.notFound, operation: "get", key: "\(key)", message: "404") }
        return try await memory.get(key, range: range, bytesMax: bytesMax)
    }

    /// Each page comes in reverse: callers must not rely on an order within it.
    func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
        if let key = ObjectKey("list"), case .fails(let error) = await enter(.list, key) { throw error }
        var page = try await memory.list(request)
        page.objects.reverse()
        return page
    }

    func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        for key in keys {
            if case .fails(let error) = await enter(.delete, key) { throw error }
            _ = try await memory.delete([key])
        }
        return []
    }
}
