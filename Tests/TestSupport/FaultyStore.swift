public import LakeModel
public import ObjectStorage
import Synchronization

/// What `FaultyStore` does to a call.
public enum StoreFault: Sendable, Equatable {
    /// The call waits on the clock first, then goes on.
    case latency(Duration)
    /// Nothing happens, `.throttled`.
    case throttled
    /// Nothing happens, `.unavailable`, and the error says so.
    case unavailableBefore
    /// Nothing happens, but the client cannot know: `.unavailable` with `mayHaveHappened`.
    case lostRequest
    /// It happens, but the answer is lost: `.unavailable` with `mayHaveHappened`.
    case lostAnswer
    /// It happens, and the client's own retry then meets it: `.conflict` with `mayHaveHappened`. Conditional puts only.
    case ownConflict
    /// Nothing happens, `.conflict` (a 409 that stayed).
    case conflict
    /// Nothing happens, `.denied` (expired credentials).
    case denied
    /// Nothing happens, `.archived`.
    case archived
    /// `get` answers with one bit flipped, and does not notice.
    case corruptRead
    /// `get` answers with the first half of the bytes, and does not notice.
    case truncatedRead
    /// `get` notices bad bytes: `.corrupt`.
    case detectedCorruption
    /// `list` leaves out the newest object of its page.
    case missingNewest
}

public enum StoreOperation: String, Sendable, CaseIterable {
    case put, get, head, list, delete, copy
    case createUpload, putPart, completeUpload, abortUpload, listUploads, listParts
}

/// When a fault strikes: every filter has to match.
public struct FaultRule: Sendable {
    public var fault: StoreFault
    /// Empty for all.
    public var operations: Set<StoreOperation>
    /// What the key (or list prefix) contains; empty for all.
    public var keyContains: String
    /// 0 to 1; drawn from the store's seed.
    public var probability: Double
    /// The 1-based numbers of the calls that this rule counts (those that match operation and key); nil for all.
    public var calls: Set<Int>?

    public init(
        _ fault: StoreFault, on operations: Set<StoreOperation> = [], keyContains: String = "",
        probability: Double = 1, calls: Set<Int>? = nil
    ) {
        (self.fault, self.operations, self.keyContains) = (fault, operations, keyContains)
        (self.probability, self.calls) = (probability, calls)
    }
}

/// A store that fails as real ones do, by seed and by script, and otherwise is the store that it wraps.
public final class FaultyStore: ObjectStore {
    private struct State {
        var random: SeededGenerator
        var rules: [FaultRule]
        var matches: [Int]
        var journal: [String] = []
        var calls: [StoreOperation: Int] = [:]
    }

    private let inner: any ObjectStore
    private let clock: any LakeClock
    private let state: Mutex<State>

    public init(_ inner: any ObjectStore, seed: UInt64, clock: any LakeClock, rules: [FaultRule] = []) {
        (self.inner, self.clock) = (inner, clock)
        state = Mutex(State(random: SeededGenerator(seed: seed), rules: rules, matches: rules.map { _ in 0 }))
    }

    public var location: String { inner.location }

    /// Replaces the rules; their call counts start anew. Empty to heal the store.
    public func setRules(_ rules: [FaultRule]) {
        state.withLock { ($0.rules, $0.matches) = (rules, rules.map { _ in 0 }) }
    }

    /// The faults so far, in order: `lostAnswer put a/b`.
    public var journal: [String] { state.withLock { $0.journal } }

    /// How often each operation was called, faults included.
    public func calls(_ operation: StoreOperation) -> Int { state.withLock { $0.calls[operation] ?? 0 } }

    private func faults(_ operation: StoreOperation, _ key: String) -> [StoreFault] {
        state.withLock { state in
            state.calls[operation, default: 0] += 1
            var struck: [StoreFault] = []
            for (index, rule) in state.rules.enumerated() {
                guard rule.operations.isEmpty || rule.operations.contains(operation) else { continue }
                guard rule.keyContains.isEmpty || key.contains(rule.keyContains) else { continue }
                state.matches[index] += 1
                guard rule.calls?.contains(state.matches[index]) ?? true else { continue }
                guard rule.probability >= 1 || state.random.chance(rule.probability) else { continue }
                struck.append(rule.fault)
                state.journal.append("\(rule.fault) \(operation.rawValue) \(key)")
            }
            return struck
        }
    }

    /// Runs `body` unless a fault prevents it, and answers with the faults that concern what was read.
    private func run<Value>(
        _ operation: StoreOperation, _ key: String, when condition: PutCondition = .always,
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> (Value, [StoreFault]) {
        let faults = faults(operation, key)
        func fail(_ kind: StoreError.Kind, _ message: String, mayHaveHappened: Bool = false) -> StoreError {
            StoreError(
                kind, operation: operation.rawValue, key: key, message: "\(message) (injected)",
                mayHaveHappened: mayHaveHappened)
        }
        for fault in faults {
            switch fault {
            case .latency(let duration): try? await clock.sleep(for: duration)
            case .throttled: throw fail(.throttled, "slow down")
            case .unavailableBefore: throw fail(.unavailable, "connection refused")
            case .lostRequest: throw fail(.unavailable, "connection reset", mayHaveHappened: true)
            case .conflict: throw fail(.conflict, "a condition did not hold")
            case .denied: throw fail(.denied, "expired token")
            case .archived: throw fail(.archived, "restore it first")
            case .detectedCorruption where operation == .get: throw fail(.corrupt, "checksum mismatch")
            default: continue
            }
        }
        let value = try await body()
        if faults.contains(.lostAnswer) { throw fail(.unavailable, "connection reset", mayHaveHappened: true) }
        if faults.contains(.ownConflict), condition != .always {
            throw fail(.conflict, "precondition failed", mayHaveHappened: true)
        }
        return (value, faults)
    }
}

// MARK: - The store's members

extension FaultyStore {
    public func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        try await run(.put, key.description, when: options.condition) { () async throws(StoreError) in
            try await inner.put(body, to: key, options: options)
        }.0
    }

    public func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        var (content, faults) = try await run(.get, key.description) { () async throws(StoreError) in
            try await inner.get(key, range: range, bytesMax: bytesMax)
        }
        if faults.contains(.truncatedRead) { content.bytes.removeLast((content.bytes.count + 1) / 2) }
        if faults.contains(.corruptRead), !content.bytes.isEmpty {
            let index = state.withLock { Int($0.random.next() % UInt64(content.bytes.count)) }
            content.bytes[index] ^= 1
        }
        return content
    }

    public func head(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo {
        try await run(.head, key.description) { () async throws(StoreError) in try await inner.head(key) }.0
    }

    public func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
        var (page, faults) = try await run(.list, request.prefix) { () async throws(StoreError) in
            try await inner.list(request)
        }
        let newest = page.objects.max { ($0.modifiedAt, $0.key) < ($1.modifiedAt, $1.key) }
        if faults.contains(.missingNewest) { page.objects.removeAll { $0.key == newest?.key } }
        return page
    }

    public func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        try await run(.delete, keys.first?.description ?? "") { () async throws(StoreError) in
            try await inner.delete(keys)
        }.0
    }

    public func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError)
        -> ObjectInfo
    {
        try await run(.copy, target.description, when: options.condition) { () async throws(StoreError) in
            try await inner.copy(source, to: target, options: options)
        }.0
    }

    public func createUpload(to key: ObjectKey, options: PutOptions) async throws(StoreError) -> UploadID {
        try await run(.createUpload, key.description) { () async throws(StoreError) in
            try await inner.createUpload(to: key, options: options)
        }.0
    }

    public func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey)
        async throws(StoreError) -> UploadedPart
    {
        try await run(.putPart, key.description) { () async throws(StoreError) in
            try await inner.putPart(number, body, of: upload, to: key)
        }.0
    }

    public func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        try await run(.completeUpload, key.description, when: options.condition) { () async throws(StoreError) in
            try await inner.completeUpload(upload, of: key, parts: parts, options: options)
        }.0
    }

    public func abortUpload(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) {
        try await run(.abortUpload, key.description) { () async throws(StoreError) in
            try await inner.abortUpload(upload, of: key)
        }.0
    }

    public func listUploads(prefix: String) async throws(StoreError) -> [PendingUpload] {
        try await run(.listUploads, prefix) { () async throws(StoreError) in
            try await inner.listUploads(prefix: prefix)
        }.0
    }

    public func listParts(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) -> [UploadedPart] {
        try await run(.listParts, key.description) { () async throws(StoreError) in
            try await inner.listParts(upload, of: key)
        }.0
    }
}
