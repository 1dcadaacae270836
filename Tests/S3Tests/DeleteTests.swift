import LakeModel
import ObjectStorage
import S3
import TestSupport
import Testing

@testable import S3

@Suite("Deletes")
struct DeleteTests {
    @Test("many keys go in one request with both kinds of checksum")
    func many() async throws {
        let fixture = try Fixture(ScriptedTransport(.answer(200, [], "<DeleteResult/>"))) { $0.checksum = .crc32c }
        let failures = try await fixture.store.delete([try key("a&b"), try key("<c>'\"")])
        #expect(failures.isEmpty)
        let request = fixture.requests[0]
        let body = String(decoding: request.body.bytes, as: UTF8.self)
        #expect(request.target.query == "delete" && request.method == "POST")
        #expect(body.contains("<Key>lake/a&amp;b</Key>") && body.contains("<Key>lake/&lt;c&gt;&apos;&quot;</Key>"))
        #expect(request.headers["Content-MD5"] == base64(md5(request.body.bytes)))
        #expect(request.headers["x-amz-checksum-crc32c"] != nil)
    }

    @Test("keys refused inside a 200 are named, missing ones are not, passing failures are tried again")
    func perKey() async throws {
        func refusal(_ key: String, _ code: String) -> String {
            "<Error><Key>\(key)</Key><Code>\(code)</Code><Message>m</Message></Error>"
        }
        let first =
            refusal("lake/denied", "AccessDenied") + refusal("lake/gone", "NoSuchKey")
            + refusal("lake/slow", "SlowDown")
        let fixture = try Fixture(
            .answer(200, [], "<DeleteResult>\(first)</DeleteResult>"), .answer(200, [], "<DeleteResult/>"))
        let failures = try await fixture.store.delete(try ["denied", "gone", "slow", "fine"].map { try key($0) })
        #expect(failures == [DeleteFailure(key: try key("denied"), reason: "AccessDenied: m")])
        let second = String(decoding: fixture.requests[1].body.bytes, as: UTF8.self)
        #expect(second.contains("lake/slow") && !second.contains("lake/fine"))
    }

    @Test("a refusal that does not say of which key leaves none that counts as deleted")
    func refusedWithoutKey() async throws {
        for place in ["", "<Key>elsewhere/a</Key>"] {
            let refusal = "<Error>\(place)<Code>AccessDenied</Code></Error>"
            let fixture = try Fixture(.answer(200, [], "<DeleteResult>\(refusal)</DeleteResult>"))
            let error = try await storeError { _ = try await fixture.store.delete([try key("a"), try key("b")]) }
            #expect(error.kind == .unavailable && error.mayHaveHappened && error.message.contains("AccessDenied"))
        }
    }

    @Test("one key is deleted plainly; a missing one is no failure, a missing bucket is")
    func one() async throws {
        let fixture = try Fixture(.answer(204), .error(404, "NoSuchKey"), .error(404, "NoSuchBucket"))
        #expect(try await fixture.store.delete([try key("k")]).isEmpty)
        #expect(try await fixture.store.delete([try key("k")]).isEmpty)
        let error = try await storeError { _ = try await fixture.store.delete([try key("k")]) }
        #expect(error.kind == .notFound)
        #expect(fixture.requests[0].method == "DELETE")
    }

    @Test("a store without DeleteObjects is asked key by key")
    func fallback() async throws {
        let fixture = try Fixture(.error(501, "NotImplemented"), .answer(204), .answer(204))
        #expect(try await fixture.store.delete([try key("a"), try key("b")]).isEmpty)
        #expect(fixture.requests.map(\.method) == ["POST", "DELETE", "DELETE"])
    }

    @Test("no keys need no request, more than a thousand are refused")
    func bounds() async throws {
        let fixture = try Fixture(ScriptedTransport())
        #expect(try await fixture.store.delete([]).isEmpty)
        let keys = try (0...1000).map { try key("\($0)") }
        let error = try await storeError { _ = try await fixture.store.delete(keys) }
        #expect(error.kind == .invalid && fixture.requests.isEmpty)
    }
}
