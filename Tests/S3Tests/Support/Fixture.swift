import LakeModel
import ObjectStorage
import S3
import Synchronization
import TestSupport
import Testing

/// A store over a script, with everything that a test may look at afterwards.
struct Fixture {
    let transport: ScriptedTransport
    let clock: ImpatientClock
    let store: S3Store
    private let log = RecordLog()

    init(
        _ transport: ScriptedTransport, clock: ImpatientClock = ImpatientClock(),
        credentials: any CredentialsProvider = StaticCredentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: "canary-secret"),
        _ change: (inout S3Settings) -> Void = { _ in }
    ) throws {
        (self.transport, self.clock) = (transport, clock)
        var settings = S3Settings(bucket: "bucket", prefix: "lake", endpoint: "http://store.test:9000")
        settings.checksum = nil
        change(&settings)
        store = try S3Store(
            settings, credentials: credentials, transport: transport, clock: clock, random: SeededGenerator(seed: 1),
            observer: { [log] in log.add($0) })
    }

    init(_ replies: ScriptedTransport.Reply...) throws {
        try self.init(ScriptedTransport(replies: replies))
    }

    var requests: [HTTPRequest] { transport.requests }
    var records: [S3RequestRecord] { log.all }

    func put(_ condition: PutCondition = .always, _ bytes: [UInt8] = [1, 2, 3]) async throws -> ObjectInfo {
        try await store.put(bytes, to: try key("k"), when: condition)
    }
}

private final class RecordLog: Sendable {
    private let records = Mutex<[S3RequestRecord]>([])

    var all: [S3RequestRecord] { records.withLock { $0 } }

    func add(_ record: S3RequestRecord) {
        records.withLock { $0.append(record) }
    }
}

func key(_ text: String) throws -> ObjectKey {
    try #require(ObjectKey(text))
}

/// The `StoreError` that `body` throws.
func storeError(_ body: () async throws -> Void) async throws -> StoreError {
    do {
        try await body()
    } catch let error as StoreError {
        return error
    }
    throw CheckFailure("it succeeded")
}
