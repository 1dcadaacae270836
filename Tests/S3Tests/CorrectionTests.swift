import LakeModel
import ObjectStorage
import S3
import Synchronization
import TestSupport
import Testing

/// What a client learns from a refusal: the clock, the region, new credentials, another host.
@Suite("Corrections")
struct CorrectionTests {
    @Test("a skewed clock is corrected once from the store's date, and stays corrected")
    func skew() async throws {
        let slow = ImpatientClock(now: Timestamp(milliseconds: 1_795_237_200_000 - 1_200_000))
        let fixture = try Fixture(ScriptedTransport(.error(403, "RequestTimeTooSkewed"), .stored, .stored), clock: slow)
        _ = try await fixture.put()
        #expect(fixture.requests.map { $0.headers["X-Amz-Date"] } == ["20261121T044000Z", "20261121T050000Z"])
        #expect(fixture.clock.sleeps.isEmpty)
        #expect(fixture.store.clockOffset == .seconds(1200))
        _ = try await fixture.put()
        #expect(fixture.requests[2].headers["X-Amz-Date"] == "20261121T050000Z")
    }

    @Test("a store that calls the corrected clock skewed as well is believed the second time")
    func skewForever() async throws {
        let fixture = try Fixture(ScriptedTransport(otherwise: { _ in .error(403, "RequestTimeTooSkewed") }))
        let error = try await storeError { _ = try await fixture.put() }
        #expect(error.kind == .denied && error.message.contains("clock"))
        #expect(fixture.requests.count == 2)
    }

    @Test("a HEAD refused without a reason is tried with the store's clock where that is far off")
    func skewedHead() async throws {
        let slow = ImpatientClock(now: Timestamp(milliseconds: 1_795_237_200_000 + 3_600_000))
        let head = ScriptedTransport.Reply.answer(200, [("ETag", "\"x\""), ("Content-Length", "5")])
        let fixture = try Fixture(ScriptedTransport(.answer(403), head), clock: slow)
        #expect(try await fixture.store.head(try key("k")).bytes == 5)

        let right = try Fixture(.answer(403))
        let error = try await storeError { _ = try await right.store.head(try key("k")) }
        #expect(error.kind == .denied)
        #expect(right.requests.count == 1)
    }

    @Test(
        "credentials that are refused as expired or unknown are renewed once",
        arguments: [
            (400, "ExpiredToken"), (403, "InvalidAccessKeyId"), (400, "InvalidToken"), (403, "InvalidTokenId"),
            (403, "SignatureDoesNotMatch"),
        ])
    func refusedKeys(status: Int, code: String) async throws {
        let provider = NumberedCredentials()
        let fixture = try Fixture(ScriptedTransport(.error(status, code), .stored), credentials: provider)
        _ = try await fixture.put()
        let used = fixture.requests.map { $0.headers["X-Amz-Security-Token"] }
        #expect(used == ["token-0", "token-1"])

        let never = try Fixture(
            ScriptedTransport(otherwise: { _ in .error(status, code) }), credentials: NumberedCredentials())
        let error = try await storeError { _ = try await never.put() }
        #expect(error.kind == .denied && !error.mayHaveHappened && never.requests.count == 2)
        #expect(error.message.contains("credentials"))
    }

    @Test("keys given once stay as they were given, and are not tried twice")
    func staticKeys() async throws {
        let fixture = try Fixture(.error(403, "InvalidAccessKeyId"), .stored)
        let error = try await storeError { _ = try await fixture.put() }
        #expect(error.kind == .denied)
        _ = try await fixture.put()
        #expect(fixture.requests.allSatisfy { $0.headers["Authorization"]?.contains("=AKIDEXAMPLE/") == true })
    }

    @Test(
        "another region is learned from header or body, and used from then on",
        arguments: [
            .error(301, "PermanentRedirect", headers: [("x-amz-bucket-region", "eu-west-3")]),
            .error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>"),
            .answer(301, [("x-amz-bucket-region", "eu-west-3")]), .answer(400, [("x-amz-bucket-region", "eu-west-3")]),
        ] as [ScriptedTransport.Reply])
    func region(reply: ScriptedTransport.Reply) async throws {
        let fixture = try Fixture(ScriptedTransport(reply, .stored, .stored)) { $0.endpoint = nil }
        _ = try await fixture.put()
        _ = try await fixture.put()
        #expect(
            fixture.requests.map(\.target.authority) == [
                "bucket.s3.us-east-1.amazonaws.com", "bucket.s3.eu-west-3.amazonaws.com",
                "bucket.s3.eu-west-3.amazonaws.com",
            ])
        #expect(fixture.requests[1].headers["Authorization"]?.contains("/eu-west-3/s3/aws4_request") == true)
        #expect(fixture.store.region == "eu-west-3")
    }

    @Test("a redirect within the endpoint's domain is signed anew for its host")
    func sameDomain() async throws {
        let moved = ScriptedTransport.Reply.error(
            307, "TemporaryRedirect", headers: [("Location", "http://node7.store.test:9000/bucket/lake/k?x=1")])
        let fixture = try Fixture(ScriptedTransport(moved, .stored, .stored))
        _ = try await fixture.put()
        let second = fixture.requests[1]
        #expect(second.target.url == "http://node7.store.test:9000/bucket/lake/k")
        #expect(second.headers["Host"] == "node7.store.test:9000")
        #expect(second.headers["Authorization"] != fixture.requests[0].headers["Authorization"])
        _ = try await fixture.put()
        #expect(fixture.requests[2].target.authority == "store.test:9000")
    }

    @Test("AWS's redirect to a regional host of the bucket is followed")
    func awsHost() async throws {
        let moved = ScriptedTransport.Reply.error(
            307, "TemporaryRedirect", "<Endpoint>bucket.s3-us-west-2.amazonaws.com</Endpoint>")
        let fixture = try Fixture(ScriptedTransport(moved, .stored)) {
            ($0.endpoint, $0.region) = (nil, "us-east-1")
        }
        _ = try await fixture.put()
        #expect(fixture.requests[1].target.url == "https://bucket.s3-us-west-2.amazonaws.com/lake/k")
    }

    @Test(
        "credentials never follow a redirect to another domain or port, or to plain http",
        arguments: [
            ("http://store.test:9000", "http://127.0.0.1:9999/bucket/k"),
            ("http://store.test:9000", "http://store.test:9001/bucket/k"),
            ("http://store.test:9000", "http://evilstore.test:9000/bucket/k"),
            ("http://store.test:9000", "http://store.test:9000@evil.test/bucket/k"),
            ("https://store.test", "http://store.test/bucket/k"),
            ("https://store.test", "https://store.test.evil.test/bucket/k"),
            ("https://s3.us-east-1.amazonaws.com", "https://amazonaws.com.evil.test/k"),
            ("https://s3.us-east-1.amazonaws.com", "https://bucket.s3.amazonaws.com.cn/k"),
        ])
    func refused(endpoint: String, location: String) async throws {
        let transport = ScriptedTransport(.error(307, "TemporaryRedirect", headers: [("Location", location)]))
        let fixture = try Fixture(transport) { $0.endpoint = endpoint }
        let error = try await storeError { _ = try await fixture.put() }
        #expect(error.kind == .invalid)
        #expect(fixture.requests.count == 1)
    }

    @Test("redirects that go round in a circle end")
    func circle() async throws {
        let moved = ScriptedTransport.Reply.error(
            307, "TemporaryRedirect", headers: [("Location", "http://a.store.test:9000/")])
        let fixture = try Fixture(ScriptedTransport(otherwise: { _ in moved }))
        let error = try await storeError { _ = try await fixture.put() }
        #expect(error.kind == .invalid && error.message.contains("too many redirects"))
        #expect(fixture.requests.count == 4)
    }

    @Test("missing credentials are a denial that says what to set")
    func none() async throws {
        let fixture = try Fixture(ScriptedTransport(), credentials: CredentialsChain([EnvironmentCredentials([:])]))
        let error = try await storeError { _ = try await fixture.put() }
        #expect(error.kind == .denied && error.message.contains("AWS_ACCESS_KEY_ID"))
        #expect(fixture.requests.isEmpty)
    }
}

/// Gives `token-0` until that is discarded, then `token-1`, and so on.
private final class NumberedCredentials: CredentialsProvider {
    private let number = Atomic(0)

    func credentials() async throws(CredentialsError) -> Credentials {
        let number = number.load(ordering: .relaxed)
        return Credentials(accessKeyID: "AKID", secretAccessKey: "secret", sessionToken: "token-\(number)")
    }

    func discard(_ credentials: Credentials) async {
        number.add(1, ordering: .relaxed)
    }
}
