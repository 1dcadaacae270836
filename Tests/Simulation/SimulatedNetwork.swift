import LakeModel
import ObjectStorage
import Synchronization

/// What happens to requests on their way to the store, and to answers on their way back.
final class SimulatedNetwork: Sendable {
    enum Fault: Sendable {
        case none
        /// Nothing happens, and the client knows.
        case refused(StoreError.Kind)
        /// Nothing happens, and the client cannot know.
        case lostRequest
        /// The client gives up waiting; the request arrives later.
        case lateRequest(Duration)
        /// It happens, and the client cannot know.
        case lostAnswer
        /// It happens, and the client's own retry meets it: 412 for what succeeded. Conditional puts only.
        case ownConflict
        /// A 409 that stayed. Conditional puts only.
        case conflict
        /// A listing without the newest objects.
        case staleListing
    }

    struct Plan: Sendable {
        var before: Duration
        var after: Duration
        var fault: Fault
    }

    struct Weather: Sendable {
        /// Of a request to meet a fault.
        var faults: Double
        var latencyMillisecondsMax: Int64
        /// The store answers nobody.
        var isOut = false
        /// Credentials are refused.
        var isDenied = false
    }

    let time: VirtualTime
    /// Requests under way: they go on while their process is stopped.
    let queue = JobQueue()
    private let random: Mutex<SplitMix>
    private let weather: Mutex<Weather>
    private let faultsMet = Mutex(0)

    init(time: VirtualTime, random: SplitMix, weather: Weather) {
        self.time = time
        self.random = Mutex(random)
        self.weather = Mutex(weather)
    }

    func change(_ body: (inout Weather) -> Void) { weather.withLock { body(&$0) } }

    var faultCount: Int { faultsMet.withLock { $0 } }

    func plan(isConditional: Bool, isListing: Bool) -> Plan {
        let weather = weather.withLock { $0 }
        let plan = random.withLock { random in
            func latency() -> Duration {
                .milliseconds(Int64.random(in: 0...weather.latencyMillisecondsMax, using: &random))
            }
            var plan = Plan(before: latency(), after: latency(), fault: .none)
            if weather.isOut {
                plan.fault = .refused(.unavailable)
            } else if weather.isDenied {
                plan.fault = .refused(.denied)
            } else if Double.random(in: 0..<1, using: &random) < weather.faults {
                plan.fault = Self.fault(isConditional: isConditional, isListing: isListing, &random)
            }
            return plan
        }
        if case .none = plan.fault {} else { faultsMet.withLock { $0 += 1 } }
        return plan
    }

    private static func fault(isConditional: Bool, isListing: Bool, _ random: inout SplitMix) -> Fault {
        if isListing, Bool.random(using: &random) { return .staleListing }
        switch Int.random(in: 0..<(isConditional ? 9 : 6), using: &random) {
        case 0: return .refused(.unavailable)
        case 1: return .refused(.throttled)
        case 2: return .lostRequest
        case 3: return .lateRequest(.milliseconds(Int64.random(in: 1...30_000, using: &random)))
        case 4, 5, 6: return .lostAnswer
        case 7: return .ownConflict
        default: return .conflict
        }
    }
}

/// The store as one process sees it, through the network.
struct NetworkStore: ObjectStore {
    let inner: any ObjectStore
    let network: SimulatedNetwork
    let life: ProcessLife

    var location: String { inner.location }

    private final class Answer<Value: Sendable>: Sendable {
        let result: Result<Value, StoreError>

        init(_ result: Result<Value, StoreError>) {
            self.result = result
        }
    }

    private func send<Value: Sendable>(
        _ operation: String, _ key: String, isConditional: Bool = false, isListing: Bool = false,
        _ effect: @escaping @Sendable (_ isStale: Bool) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        @Sendable func failure(_ kind: StoreError.Kind, _ message: String, mayHaveHappened: Bool = false) -> Answer<
            Value
        > {
            Answer(
                .failure(
                    StoreError(
                        kind, operation: operation, key: key, message: "\(message) (simulated)",
                        mayHaveHappened: mayHaveHappened)))
        }
        guard life.isAlive else { return try failure(.unavailable, "this process is dead").result.get() }
        let plan = network.plan(isConditional: isConditional, isListing: isListing)
        let network = network
        let answer = await Task(executorPreference: network.queue) { () -> Answer<Value> in
            await network.time.sleep(for: plan.before)
            switch plan.fault {
            case .refused(let kind): return failure(kind, "no")
            case .lostRequest: return failure(.unavailable, "connection reset", mayHaveHappened: true)
            case .conflict: return failure(.conflict, "409")
            case .lateRequest(let delay):
                Task(executorPreference: network.queue) {
                    await network.time.sleep(for: delay)
                    _ = try? await effect(false)
                }
                return failure(.unavailable, "timed out", mayHaveHappened: true)
            case .none, .lostAnswer, .ownConflict, .staleListing: break
            }
            var isStale = false
            if case .staleListing = plan.fault { isStale = true }
            let result: Result<Value, StoreError>
            do throws(StoreError) { result = .success(try await effect(isStale)) } catch { result = .failure(error) }
            await network.time.sleep(for: plan.after)
            switch plan.fault {
            case .lostAnswer: return failure(.unavailable, "connection reset", mayHaveHappened: true)
            case .ownConflict: return failure(.conflict, "412", mayHaveHappened: true)
            default: return Answer(result)
            }
        }.value
        return try answer.result.get()
    }
}

extension NetworkStore {
    func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        try await send("PutObject", "\(key)", isConditional: options.condition != .always) {
            (_) async throws(StoreError) in try await inner.put(body, to: key, options: options)
        }
    }

    func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        try await send("GetObject", "\(key)") { (_) async throws(StoreError) in
            try await inner.get(key, range: range, bytesMax: bytesMax)
        }
    }

    func head(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo {
        try await send("HeadObject", "\(key)") { (_) async throws(StoreError) in try await inner.head(key) }
    }

    func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
        try await send("ListObjectsV2", request.prefix, isListing: true) { (isStale) async throws(StoreError) in
            var page = try await inner.list(request)
            if isStale, let newest = page.objects.max(by: { $0.modifiedAt < $1.modifiedAt }) {
                page.objects.removeAll { $0.key == newest.key }
            }
            return page
        }
    }

    func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        try await send("DeleteObjects", keys.first?.description ?? "") { (_) async throws(StoreError) in
            try await inner.delete(keys)
        }
    }

    func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        try await send("CopyObject", "\(target)", isConditional: options.condition != .always) {
            (_) async throws(StoreError) in try await inner.copy(source, to: target, options: options)
        }
    }

    func createUpload(to key: ObjectKey, options: PutOptions) async throws(StoreError) -> UploadID {
        try await send("CreateMultipartUpload", "\(key)") { (_) async throws(StoreError) in
            try await inner.createUpload(to: key, options: options)
        }
    }

    func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey)
        async throws(StoreError) -> UploadedPart
    {
        try await send("UploadPart", "\(key)") { (_) async throws(StoreError) in
            try await inner.putPart(number, body, of: upload, to: key)
        }
    }

    func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        try await send("CompleteMultipartUpload", "\(key)", isConditional: options.condition != .always) {
            (_) async throws(StoreError) in
            try await inner.completeUpload(upload, of: key, parts: parts, options: options)
        }
    }

    func abortUpload(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) {
        try await send("AbortMultipartUpload", "\(key)") { (_) async throws(StoreError) in
            try await inner.abortUpload(upload, of: key)
        }
    }

    func listUploads(prefix: String) async throws(StoreError) -> [PendingUpload] {
        try await send("ListMultipartUploads", prefix) { (_) async throws(StoreError) in
            try await inner.listUploads(prefix: prefix)
        }
    }

    func listParts(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) -> [UploadedPart] {
        try await send("ListParts", "\(key)") { (_) async throws(StoreError) in
            try await inner.listParts(upload, of: key)
        }
    }
}
