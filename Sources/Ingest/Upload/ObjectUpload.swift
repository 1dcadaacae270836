import LakeModel
import ObjectStorage
import Synchronization

/// Sends one data object to the store: as one PUT where it is small, as a multipart upload that streams while the
/// object grows where it is large. Runs in a task of its own; commands are carried out in order.
///
/// The store's own retries come first. Where they are used up the upload waits and tries again for as long as it is
/// not cancelled: no event is given up because a store is away.
final class ObjectUpload: Sendable {
    /// What the finished upload knows of its object.
    struct Outcome: Sendable {
        var info: ObjectInfo
        var bytes: Int64
        var checksum: Checksum
    }

    private enum Command: Sendable {
        case part(ObjectBody)
        case finish(ObjectBody)
    }

    private let commands: AsyncStream<Command>.Continuation
    private let task: Task<Void, Never>
    /// Bytes handed over so far; what the task has not reported when it ends it reports then.
    private let bytesTaken = ByteCount()

    init(object: Int, key: ObjectKey, means: UploadMeans) {
        let (stream, commands) = AsyncStream.makeStream(of: Command.self)
        self.commands = commands
        task = Task(executorPreference: means.executor) { [bytesTaken] in
            var sender = Sender(object: object, key: key, means: means)
            for await command in stream {
                let goesOn: Bool
                switch command {
                case .part(let body): goesOn = await sender.sendPart(body)
                case .finish(let body): goesOn = await sender.finish(body)
                }
                if !goesOn { break }
            }
            await sender.abandonIfUnfinished()
            means.mailbox.post(.bytesReleased(bytesTaken.value - Int(sender.bytes)))
        }
    }

    /// Sends bytes of a part; the object is a multipart upload from the first on.
    func send(part: ObjectBody) {
        bytesTaken.add(part.count)
        commands.yield(.part(part))
    }

    func finish(_ tail: ObjectBody) {
        bytesTaken.add(tail.count)
        commands.yield(.finish(tail))
        commands.finish()
    }

    /// Stops as soon as may be; parts already sent are removed.
    func cancel() {
        commands.finish()
        task.cancel()
    }

    func waitUntilEnded() async {
        await task.value
    }
}

/// A sum that two threads share.
private final class ByteCount: Sendable {
    private let sum = Mutex(0)

    var value: Int { sum.withLock { $0 } }

    func add(_ bytes: Int) {
        sum.withLock { $0 += bytes }
    }
}

/// What uploads need from outside.
struct UploadMeans: Sendable {
    var store: any ObjectStore
    var options: PutOptions
    var gate: UploadGate
    var clock: any LakeClock
    var mailbox: Mailbox
    /// Where tasks run; nil for the default.
    var executor: (any TaskExecutor)?
    var retryDelayMax: Duration = .seconds(10)
}

/// Carries out the commands of one upload.
private struct Sender {
    let object: Int
    let key: ObjectKey
    let means: UploadMeans
    private var upload: UploadID?
    private var parts: [UploadedPart] = []
    private var digest = CRC64NVME()
    private(set) var bytes: Int64 = 0
    private var begunAt: Duration?
    private var isFinished = false

    init(object: Int, key: ObjectKey, means: UploadMeans) {
        (self.object, self.key, self.means) = (object, key, means)
    }

    mutating func sendPart(_ body: ObjectBody) async -> Bool {
        defer { means.mailbox.post(.bytesReleased(body.count)) }
        add(body)
        if upload == nil {
            begunAt = means.clock.elapsed()
            guard
                let id = await untilDone({ () async throws(StoreError) in
                    try await means.store.createUpload(to: key, options: means.options)
                })
            else { return false }
            upload = id
        }
        guard let upload else { return false }
        let number = parts.count + 1
        guard
            let part = await untilDone(
                { () async throws(StoreError) in try await means.store.putPart(number, body, of: upload, to: key) },
                canBeLost: true)
        else { return false }
        parts.append(part)
        return true
    }

    mutating func finish(_ body: ObjectBody) async -> Bool {
        guard let upload else { return await putWhole(body) }
        guard await sendPart(body) else { return false }
        guard let info = await complete(upload) else { return false }
        return report(info, since: begunAt)
    }

    /// An outage may swallow the answer of a try that completed the upload; then the next finds none, but the object:
    /// nobody else makes this key.
    private func complete(_ upload: UploadID) async -> ObjectInfo? {
        let options = options()
        var wasAmbiguous = false
        let attempt = { () async throws(StoreError) -> ObjectInfo in
            do throws(StoreError) {
                return try await means.store.completeUpload(upload, of: key, parts: parts, options: options)
            } catch {
                if error.kind == .notFound, wasAmbiguous {
                    let found = try await means.store.head(key)
                    if found.bytes == bytes { return found }
                }
                wasAmbiguous = wasAmbiguous || error.mayHaveHappened
                throw error
            }
        }
        return await untilDone(attempt, canBeLost: true)
    }

    private mutating func putWhole(_ body: ObjectBody) async -> Bool {
        add(body)
        let begunAt = means.clock.elapsed()
        let options = options()
        defer { means.mailbox.post(.bytesReleased(body.count)) }
        guard
            let info = await untilDone({ () async throws(StoreError) in
                try await means.store.put(body, to: key, options: options)
            })
        else { return false }
        return report(info, since: begunAt)
    }

    /// The object's entry must not say that it is younger than a vacuum finds it: some stores date an object from the
    /// start of its upload, and a first request may have taken effect long before the one that was answered.
    private mutating func report(_ info: ObjectInfo, since begunAt: Duration?) -> Bool {
        isFinished = true
        var info = info
        let now = means.clock.elapsed()
        info.modifiedAt = info.modifiedAt.before(now - (begunAt ?? now))
        means.mailbox.post(
            .stored(object: object, ObjectUpload.Outcome(info: info, bytes: bytes, checksum: checksum)))
        return true
    }

    private mutating func add(_ body: ObjectBody) {
        for chunk in body.chunks { chunk.withUnsafeBytes { digest.update($0) } }
        bytes += Int64(body.count)
    }

    private var checksum: Checksum { Checksum(algorithm: .crc64nvme, value: hex(digest.value)) }

    private func options() -> PutOptions {
        var options = means.options
        options.checksum = checksum
        return options
    }

    /// Removes what an upload that will never be completed has left in the store.
    func abandonIfUnfinished() async {
        guard !isFinished, let upload else { return }
        // Best effort: what stays behind is found by the vacuum, by its age.
        // In a task of its own: a cancelled one, as this may be, sends nothing.
        let (store, key) = (means.store, key)
        await Task(executorPreference: means.executor) { try? await store.abortUpload(upload, of: key) }.value
    }

    /// Tries until it is done; nil where it was cancelled or can never be done (which is reported).
    ///
    /// - Parameter canBeLost: it needs a multipart upload, which a vacuum or a rule of the bucket may have removed.
    private func untilDone<Value: Sendable>(
        _ attempt: () async throws(StoreError) -> Value, canBeLost: Bool = false
    ) async -> Value? {
        var delay = Duration.milliseconds(200)
        var wasInTrouble = false
        while !Task.isCancelled {
            guard await means.gate.enter() else { return nil }
            let result: Result<Value, StoreError>
            do throws(StoreError) {
                result = .success(try await attempt())
            } catch {
                result = .failure(error)
            }
            await means.gate.leave()
            switch result {
            case .success(let value):
                if wasInTrouble { means.mailbox.post(.storeRecovered(.object(object))) }
                return value
            case .failure(let error) where error.canPass:
                wasInTrouble = true
                means.mailbox.post(.storeTrouble(.object(object), error))
                guard (try? await means.clock.sleep(for: delay)) != nil else { return nil }
                delay = min(delay * 2, means.retryDelayMax)
            case .failure(let error) where canBeLost && error.kind == .notFound:
                means.mailbox.post(.uploadLost(object: object, error))
                return nil
            case .failure(let error):
                means.mailbox.post(.uploadFailed(object: object, error))
                return nil
            }
        }
        return nil
    }
}

extension StoreError {
    /// Whether the same request may succeed later: an outage ends, credentials are renewed, a disk is emptied.
    var canPass: Bool {
        switch kind {
        case .unavailable, .throttled, .denied, .archived: true
        case .notFound, .conflict, .corrupt, .invalid: false
        }
    }
}

/// Lets a fixed number of requests through at a time.
actor UploadGate {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(limit: Int) {
        free = limit
    }

    /// False where the task was cancelled.
    func enter() async -> Bool {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
        return !Task.isCancelled || giveUp()
    }

    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }

    private func giveUp() -> Bool {
        leave()
        return false
    }
}
