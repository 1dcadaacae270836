import Foundation
import LakeModel
import ObjectStorage
import S3
import Synchronization
import TestSupport
import Testing

/// What only a real server can say: signatures, TLS, clocks, checksums.
@Suite("S3 servers and the client's settings")
struct S3ConformanceBehaviourTests {
    private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    private func key(_ text: String) throws -> ObjectKey { try #require(ObjectKey(text)) }

    private func error(_ body: () async throws -> Void) async throws -> StoreError {
        do {
            try await body()
        } catch let error as StoreError {
            return error
        }
        throw CheckFailure("it succeeded")
    }

    @Test(
        "a wrong secret, an unknown key and a clock that cannot be corrected are denied at once",
        arguments: S3Server.running)
    func denied(server: S3Server) async throws {
        for (id, secret) in [("AKIDNOBODY", "x"), ("AKIDSEAWEED1", "wrong")] {
            let attempts = Mutex(0)
            let store = try server.store(
                credentials: StaticCredentials(accessKeyID: id, secretAccessKey: secret),
                observer: { _ in attempts.withLock { $0 += 1 } })
            let refusal = try await error { _ = try await store.put([1], to: key("k")) }
            #expect(refusal.kind == .denied && !refusal.mayHaveHappened)
            #expect(attempts.withLock { $0 } == 1)
        }
    }

    @Test(
        "a clock twenty minutes off is corrected from the store's answer", arguments: S3Server.running, [-1200, 1200])
    func skew(server: S3Server, seconds: Int64) async throws {
        let store = try server.store(clock: SkewedClock(seconds: seconds))
        let info = try await store.put([1, 2, 3], to: key("k"), when: .absent)
        let offset = store.clockOffset.components.seconds
        #expect(abs(offset + seconds) < 120)
        #expect(abs(info.modifiedAt.milliseconds - SystemClock().now().milliseconds) < 60_000)
        #expect(try await store.head(key("k")).bytes == 3)
        let fresh = try server.store(clock: SkewedClock(seconds: seconds))
        let refusal = try await error { _ = try await fresh.head(key("none")) }
        #expect(refusal.kind == .notFound)
    }

    @Test("every payload mode and checksum is taken, for puts, parts and deletes", arguments: S3Server.running)
    func payloads(server: S3Server) async throws {
        let body = ObjectBody(chunks: (0..<3).map { [UInt8](repeating: UInt8($0), count: 700_000) })
        for algorithm in [nil] + Checksum.Algorithm.allCases.map(Optional.some) {
            let store = try server.store { $0.checksum = algorithm }
            _ = try await store.put(body, to: key("a"), options: PutOptions())
            #expect(try await store.get(key("a"), range: nil, bytesMax: 1 << 22).bytes == body.bytes)
            let upload = try await store.createUpload(to: key("m"), options: PutOptions())
            let first = ObjectBody([UInt8](repeating: 9, count: partBytesMin))
            let parts = [
                try await store.putPart(1, first, of: upload, to: key("m")),
                try await store.putPart(2, body, of: upload, to: key("m")),
            ]
            var options = PutOptions()
            options.checksum = algorithm.map { Checksum($0, of: first.chunks + body.chunks) }
            let info = try await store.completeUpload(upload, of: key("m"), parts: parts, options: options)
            let read = try await store.get(key("m"), range: nil, bytesMax: 1 << 24)
            #expect(read.bytes == first.bytes + body.bytes)
            #expect(read.info.tag == info.tag)
            #expect(try await store.delete([key("a"), key("m")]).isEmpty)
        }
    }

    @Test(
        "a body that does not match its checksum is refused and reported as corrupt",
        .enabled(if: S3Server.seaweed != nil, "no SeaweedFS runs"))
    func corrupt() async throws {
        let store = try #require(S3Server.seaweed).store { $0.attemptsMax = 2 }
        for algorithm in Checksum.Algorithm.allCases {
            let wrong = PutOptions(checksum: Checksum(algorithm, of: [9, 9]))
            let refusal = try await error { _ = try await store.put(ObjectBody([1]), to: key("k"), options: wrong) }
            #expect(refusal.kind == .corrupt, "\(refusal)")
        }
        #expect(try await store.getIfPresent(key("k")) == nil)
    }

    @Test(
        "2,500 objects are listed over pages, each once",
        arguments: [S3Server.seaweed, S3Server.rgw].compactMap(\.self))
    func manyObjects(server: S3Server) async throws {
        let store = try server.store()
        let keys = try (0..<2500).map { try key("hour=\($0 % 24)/\($0) +&") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, key) in keys.enumerated() {
                if index >= 16 { try await group.next() }
                group.addTask { _ = try await store.put([1], to: key) }
            }
            try await group.waitForAll()
        }
        #expect(try await store.listAll(prefix: "").map(\.key) == keys.sorted())
        for start in stride(from: 0, to: keys.count, by: 1000) {
            #expect(try await store.delete(Array(keys[start..<min(start + 1000, keys.count)])).isEmpty)
        }
        #expect(try await store.listAll(prefix: "").isEmpty)
    }

    @Test("a bucket that does not exist is named", arguments: [S3Server.juicefs, S3Server.rgw].compactMap(\.self))
    func missingBucket(server: S3Server) async throws {
        let store = try server.store { $0.bucket = "no-such-bucket-here" }
        for refusal in [
            try await error { _ = try await store.put([1], to: key("k")) },
            try await error { _ = try await store.listAll(prefix: "") },
        ] {
            #expect(refusal.kind == .notFound && refusal.message.contains("no-such-bucket-here"), "\(refusal)")
        }
    }

    @Test("a presigned address works until it is changed", arguments: S3Server.running)
    func presigned(server: S3Server) async throws {
        let store = try server.store()
        _ = try await store.put(Array("shared".utf8), to: key("a b+ü"))
        let url = try await store.presignedURL("GET", key("a b+ü"), life: .seconds(60))
        #expect(try await fetch(url) == (200, "shared"))
        #expect(try await fetch(url.replacingOccurrences(of: "X-Amz-Expires=60", with: "X-Amz-Expires=61")).0 == 403)
    }

    private func fetch(_ url: String) async throws -> (Int, String) {
        let parts = url.split(separator: "/", maxSplits: 2)
        let (path, query) = (parts[2].prefix { $0 != "?" }, parts[2].drop { $0 != "?" }.dropFirst())
        let target = HTTPTarget(
            scheme: "http", authority: String(parts[1]), path: "/" + path, query: String(query))
        let response = try await CurlTransport().send(HTTPRequest("GET", target))
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    @Test(
        "a user who may only read is denied a put, without a storm of retries",
        .enabled(if: S3Server.seaweed != nil, "no SeaweedFS runs"))
    func readOnly() async throws {
        let server = try #require(S3Server.seaweed)
        let reader = StaticCredentials(
            accessKeyID: Self.variable("VARVE_TEST_SEAWEED_READER_ACCESS_KEY") ?? "",
            secretAccessKey: Self.variable("VARVE_TEST_SEAWEED_READER_SECRET_KEY") ?? "")
        let attempts = Mutex(0)
        let store = try server.store(credentials: reader, observer: { _ in attempts.withLock { $0 += 1 } })
        #expect(try await store.listAll(prefix: "").isEmpty)
        let refusal = try await error { _ = try await store.put([1], to: key("k")) }
        #expect(refusal.kind == .denied && attempts.withLock { $0 } == 2)
    }

    @Test("a bucket can stand before the host's name", .enabled(if: S3Server.seaweed != nil, "no SeaweedFS runs"))
    func virtualHost() async throws {
        let server = try #require(S3Server.seaweed)
        let store = try server.store {
            $0.endpoint = server.endpoint.replacingOccurrences(of: "127.0.0.1", with: "localhost")
            $0.addressing = .virtualHost
        }
        _ = try await store.put([1, 2, 3], to: key("a=b/c d"), when: .absent)
        #expect(try await store.listAll(prefix: "").map(\.bytes) == [3])
    }

    @Test(
        "TLS is verified: a private authority is taken where it is named, refused where it is not",
        .enabled(if: variable("VARVE_TEST_SEAWEED_TLS") != nil, "no SeaweedFS with TLS runs"))
    func tls() async throws {
        let server = try #require(S3Server.seaweed)
        let endpoint = Self.variable("VARVE_TEST_SEAWEED_TLS")
        let trusting = try server.store {
            ($0.endpoint, $0.connection.caFile) = (endpoint, Self.variable("VARVE_TEST_CA"))
        }
        _ = try await trusting.put([1, 2], to: key("k"), when: .absent)
        #expect(try await trusting.head(key("k")).bytes == 2)
        let careless = try server.store { ($0.endpoint, $0.connection.insecureTLS) = (endpoint, true) }
        _ = try await careless.put([1], to: key("k"))
        let strict = try server.store { $0.endpoint = endpoint }
        let refusal = try await error { _ = try await strict.put([1], to: key("k")) }
        #expect(refusal.kind == .unavailable && !refusal.mayHaveHappened && refusal.message.contains("ca_file"))
        let noFile = try server.store { ($0.endpoint, $0.connection.caFile) = (endpoint, "/no/such/file") }
        let complaint = try await error { _ = try await noFile.put([1], to: key("k")) }
        #expect(complaint.kind == .invalid && !complaint.mayHaveHappened)
    }
}

/// The machine's clock, wrong by some seconds.
private struct SkewedClock: LakeClock {
    let seconds: Int64

    func now() -> Timestamp { SystemClock().now().advanced(byMilliseconds: seconds * 1000) }
    func elapsed() -> Duration { SystemClock().elapsed() }
    func sleep(for duration: Duration) async throws { try await SystemClock().sleep(for: duration) }
}
