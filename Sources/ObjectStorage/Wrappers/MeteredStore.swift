public import LakeModel
public import Metrics
import Synchronization

/// Counts and times every request to the store that it wraps.
///
/// - `varve_store_requests_total{operation,outcome}`: outcome is `ok` or the raw value of the error's kind.
/// - `varve_store_request_seconds{operation}`: from call to answer, the inner store's retries included.
/// - `varve_store_bytes_total{direction}`: object bytes `sent` by successful puts and `received` by gets.
public final class MeteredStore: ObjectStore {
    private struct Series: Hashable {
        var operation: String
        var outcome: String
    }

    private let inner: any ObjectStore
    private let clock: any LakeClock
    private let factory: any MetricsFactory
    private let counters = Mutex<[Series: Counter]>([:])
    private let timers = Mutex<[String: Metrics.Timer]>([:])
    private let sent: Counter
    private let received: Counter

    public init(_ inner: any ObjectStore, clock: any LakeClock, factory: any MetricsFactory = MetricsSystem.factory) {
        (self.inner, self.clock, self.factory) = (inner, clock, factory)
        sent = Counter(label: "varve_store_bytes_total", dimensions: [("direction", "sent")], factory: factory)
        received = Counter(label: "varve_store_bytes_total", dimensions: [("direction", "received")], factory: factory)
    }

    public var location: String { inner.location }

    private func measure<Value>(
        _ operation: String, _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let start = clock.elapsed()
        do {
            let value = try await body()
            record(operation, "ok", since: start)
            return value
        } catch {
            record(operation, error.kind.rawValue, since: start)
            throw error
        }
    }

    private func record(_ operation: String, _ outcome: String, since start: Duration) {
        let counter = counters.withLock { counters in
            let series = Series(operation: operation, outcome: outcome)
            if let counter = counters[series] { return counter }
            let dimensions = [("operation", operation), ("outcome", outcome)]
            let counter = Counter(label: "varve_store_requests_total", dimensions: dimensions, factory: factory)
            counters[series] = counter
            return counter
        }
        let timer = timers.withLock { timers in
            if let timer = timers[operation] { return timer }
            let timer = Metrics.Timer(
                label: "varve_store_request_seconds", dimensions: [("operation", operation)], factory: factory)
            timers[operation] = timer
            return timer
        }
        counter.increment()
        let (seconds, attoseconds) = (clock.elapsed() - start).components
        timer.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

extension MeteredStore {
    public func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        let info = try await measure("put") { () async throws(StoreError) in
            try await inner.put(body, to: key, options: options)
        }
        sent.increment(by: body.count)
        return info
    }

    public func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        let content = try await measure("get") { () async throws(StoreError) in
            try await inner.get(key, range: range, bytesMax: bytesMax)
        }
        received.increment(by: content.bytes.count)
        return content
    }

    public func head(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo {
        try await measure("head") { () async throws(StoreError) in try await inner.head(key) }
    }

    public func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
        try await measure("list") { () async throws(StoreError) in try await inner.list(request) }
    }

    public func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        try await measure("delete") { () async throws(StoreError) in try await inner.delete(keys) }
    }

    public func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError)
        -> ObjectInfo
    {
        try await measure("copy") { () async throws(StoreError) in
            try await inner.copy(source, to: target, options: options)
        }
    }

    public func createUpload(to key: ObjectKey, options: PutOptions) async throws(StoreError) -> UploadID {
        try await measure("create_upload") { () async throws(StoreError) in
            try await inner.createUpload(to: key, options: options)
        }
    }

    public func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey)
        async throws(StoreError) -> UploadedPart
    {
        let part = try await measure("put_part") { () async throws(StoreError) in
            try await inner.putPart(number, body, of: upload, to: key)
        }
        sent.increment(by: body.count)
        return part
    }

    public func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        try await measure("complete_upload") { () async throws(StoreError) in
            try await inner.completeUpload(upload, of: key, parts: parts, options: options)
        }
    }

    public func abortUpload(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) {
        try await measure("abort_upload") { () async throws(StoreError) in
            try await inner.abortUpload(upload, of: key)
        }
    }

    public func listUploads(prefix: String) async throws(StoreError) -> [PendingUpload] {
        try await measure("list_uploads") { () async throws(StoreError) in
            try await inner.listUploads(prefix: prefix)
        }
    }

    public func listParts(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) -> [UploadedPart] {
        try await measure("list_parts") { () async throws(StoreError) in
            try await inner.listParts(upload, of: key)
        }
    }
}
