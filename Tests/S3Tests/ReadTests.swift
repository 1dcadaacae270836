import LakeModel
import ObjectStorage
import S3
import TestSupport
import Testing

@testable import S3

@Suite("Reads")
struct ReadTests {
    private let tag = ("ETag", "\"x\"")

    @Test("a body shorter than announced is fetched again, and never returned")
    func short() async throws {
        let short = ScriptedTransport.Reply.answer(200, [("ETag", "\"x\""), ("Content-Length", "5")], "abc")
        let whole = ScriptedTransport.Reply.answer(200, [("ETag", "\"x\""), ("Content-Length", "5")], "abcde")
        let fixture = try Fixture(short, .lost(sent: true, .truncated), whole)
        let content = try await fixture.store.get(try key("k"), range: nil, bytesMax: 100)
        #expect(content.bytes == Array("abcde".utf8))

        let always = try Fixture(ScriptedTransport(otherwise: { _ in short }))
        let error = try await storeError { _ = try await always.store.get(try key("k"), range: nil, bytesMax: 100) }
        #expect(error.kind == .corrupt)
    }

    @Test("bytes that do not match the store's checksum are fetched again", arguments: Checksum.Algorithm.allCases)
    func checksum(algorithm: Checksum.Algorithm) async throws {
        let good = Array("123456789".utf8)
        let value = base64(try #require(Checksum(algorithm, of: good).bytes))
        let headers = [("ETag", "\"x\""), ("x-amz-checksum-\(algorithm.rawValue)", value)]
        let fixture = try Fixture(.answer(200, headers, "123456780"), .answer(200, headers, "123456789"))
        let content = try await fixture.store.get(try key("k"), range: nil, bytesMax: 100)
        #expect(content.bytes == good)
        #expect(fixture.requests[0].headers["x-amz-checksum-mode"] == "ENABLED")

        let always = try Fixture(ScriptedTransport(otherwise: { _ in .answer(200, headers, "flipped!!") }))
        let error = try await storeError { _ = try await always.store.get(try key("k"), range: nil, bytesMax: 100) }
        #expect(error.kind == .corrupt && error.message.contains(algorithm.rawValue))
    }

    @Test("an object in an archive is said to be there, not forbidden")
    func archived() async throws {
        let fixture = try Fixture(.error(403, "InvalidObjectState"), .error(403, "AccessDenied"))
        var error = try await storeError { _ = try await fixture.store.get(try key("k"), range: nil, bytesMax: 100) }
        #expect(error.kind == .archived && error.message.hasSuffix("restore it from its storage class first"))
        error = try await storeError { _ = try await fixture.store.get(try key("k"), range: nil, bytesMax: 100) }
        #expect(error.kind == .denied)
    }

    @Test("a checksum of parts is not taken for one of the bytes")
    func composite() async throws {
        let wrong = base64([UInt8](repeating: 1, count: 32))
        let fixture = try Fixture(
            .answer(200, [tag, ("x-amz-checksum-sha256", "\(wrong)-2")], "abc"),
            .answer(200, [tag, ("x-amz-checksum-sha256", wrong), ("x-amz-checksum-type", "COMPOSITE")], "abc"))
        for _ in 0..<2 { _ = try await fixture.store.get(try key("k"), range: nil, bytesMax: 100) }
        #expect(fixture.requests.count == 2)
    }

    @Test("ranges are asked for exactly, and cut out where the store ignores them")
    func ranges() async throws {
        let part = ScriptedTransport.Reply.answer(206, [tag, ("Content-Range", "bytes 2-3/10")], "23")
        let all = ScriptedTransport.Reply.answer(200, [tag], "0123456789")
        let fixture = try Fixture(part, all, all, .error(416, "InvalidRange"))
        let store = fixture.store
        let content = try await store.get(try key("k"), range: .from(2, count: 2), bytesMax: 100)
        #expect(content.bytes == Array("23".utf8) && content.info.bytes == 10)
        #expect(try await store.get(try key("k"), range: .from(2, count: 2), bytesMax: 100).bytes == Array("23".utf8))
        #expect(try await store.get(try key("k"), range: .suffix(3), bytesMax: 100).bytes == Array("789".utf8))
        let error = try await storeError {
            _ = try await store.get(try key("k"), range: .from(10, count: 1), bytesMax: 100)
        }
        #expect(error.kind == .invalid)
        #expect(fixture.requests.map { $0.headers["Range"] } == ["bytes=2-3", "bytes=2-3", "bytes=-3", "bytes=10-10"])
    }

    @Test("an object's description is read from the headers; the tag loses its quotes")
    func info() async throws {
        let fixture = try Fixture(
            .answer(
                200,
                [
                    ("ETag", "\"abc-2\""), ("Content-Length", "7"), ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
                    ("X-Amz-Meta-Writer", "w1"), ("x-amz-storage-class", "GLACIER_IR"),
                ]))
        let info = try await fixture.store.head(try key("k"))
        #expect(info.tag == EntityTag("abc-2") && info.bytes == 7 && info.storageClass == "GLACIER_IR")
        #expect(info.modifiedAt == Timestamp("1994-11-06T08:49:37Z"))
        #expect(info.metadata == ["writer": "w1"])
    }

    @Test("a put's time is the store's, not this machine's")
    func storeClock() async throws {
        let wrong = ImpatientClock(now: Timestamp(milliseconds: 0))
        let fixture = try Fixture(ScriptedTransport(.stored), clock: wrong)
        #expect(try await fixture.put().modifiedAt == Timestamp("2026-11-21T05:00:00Z"))
    }
}
