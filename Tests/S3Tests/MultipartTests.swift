import LakeModel
import ObjectStorage
import S3
import TestSupport
import Testing

@testable import S3

@Suite("Multipart uploads and copies")
struct MultipartTests {
    /// MD5s of the bytes `a` and `b`; the object's tag is the MD5 of both, and how many there are.
    static let parts = [
        UploadedPart(number: 1, tag: EntityTag("0cc175b9c0f1b6a831c399e269772661"), bytes: 6 << 20),
        UploadedPart(number: 2, tag: EntityTag("92eb5ffee6ae2fec3ad71c777531578f"), bytes: 7),
    ]
    static let wholeTag: String = {
        let digests = parts.compactMap { bytes(fromHex: $0.tag.description) }.flatMap { $0 }
        return "\(hexText(md5(digests)))-2"
    }()
    static let completed = ScriptedTransport.Reply.answer(
        200, [],
        "\n  \n<?xml version=\"1.0\"?><CompleteMultipartUploadResult><ETag>\"\(wholeTag)\"</ETag>"
            + "</CompleteMultipartUploadResult>")

    private func complete(_ fixture: Fixture, _ options: PutOptions = PutOptions()) async throws -> ObjectInfo {
        try await fixture.store.completeUpload(UploadID("u"), of: try key("k"), parts: Self.parts, options: options)
    }

    @Test("an upload is created, filled, completed")
    func whole() async throws {
        let created = ScriptedTransport.Reply.answer(
            200, [], "<InitiateMultipartUploadResult><UploadId>u&amp;1</UploadId></InitiateMultipartUploadResult>")
        let fixture = try Fixture(ScriptedTransport(created, .stored, Self.completed)) { $0.checksum = .crc64nvme }
        let (store, k) = (fixture.store, try key("k"))
        let upload = try await store.createUpload(to: k, options: PutOptions())
        #expect(upload == UploadID("u&1"))
        #expect(fixture.requests[0].headers["x-amz-checksum-algorithm"] == "CRC64NVME")
        #expect(fixture.requests[0].headers["x-amz-checksum-type"] == "FULL_OBJECT")
        let part = try await store.putPart(1, ObjectBody(Array("123456789".utf8)), of: upload, to: k)
        #expect(part.tag == EntityTag("abc") && part.bytes == 9)
        #expect(fixture.requests[1].target.query == "partNumber=1&uploadId=u%261")
        #expect(fixture.requests[1].headers["x-amz-checksum-crc64nvme"] == "rosUhgp5mIg=")
        var options = PutOptions(condition: .absent)
        options.checksum = Checksum(.crc64nvme, of: [1])
        let info = try await store.completeUpload(upload, of: k, parts: Self.parts, options: options)
        #expect(info.tag.description == Self.wholeTag && info.bytes == (6 << 20) + 7)
        #expect(fixture.requests[2].headers["If-None-Match"] == "*")
        #expect(fixture.requests[2].headers["x-amz-checksum-type"] == "FULL_OBJECT")
    }

    @Test("an error inside a 200 is a failed attempt, never a success")
    func errorInside() async throws {
        let inside = ScriptedTransport.Reply.answer(
            200, [], "   \n<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>")
        let fixture = try Fixture(inside, .answer(200, [], ""), .answer(200, [], "  \n"), Self.completed)
        _ = try await complete(fixture)
        #expect(fixture.requests.count == 4)

        let forever = try Fixture(ScriptedTransport(otherwise: { _ in inside }))
        let error = try await storeError { _ = try await complete(forever) }
        #expect(error.kind == .unavailable && error.mayHaveHappened)
        #expect(forever.requests.count == 5)

        let copied = try Fixture(ScriptedTransport(otherwise: { _ in inside }))
        let copyError = try await storeError {
            _ = try await copied.store.copy(try key("a"), to: try key("b"), options: PutOptions())
        }
        #expect(copyError.kind == .unavailable && copyError.mayHaveHappened)
    }

    @Test("a completion whose answer was lost is settled by looking at the object")
    func lostAnswer() async throws {
        let head = ScriptedTransport.Reply.answer(
            200, [("ETag", "\"\(Self.wholeTag)\""), ("Content-Length", String((6 << 20) + 7))])
        let fixture = try Fixture(.lost(sent: true), .error(404, "NoSuchUpload"), head)
        #expect(try await complete(fixture).tag.description == Self.wholeTag)
        #expect(fixture.requests.map(\.method) == ["POST", "POST", "HEAD"])
    }

    @Test(
        "another object under the key does not pass for the lost completion",
        arguments: [
            ("0123456789abcdef0123456789abcdef-2", 6_291_463), (wholeTag, 5),
            ("0cc175b9c0f1b6a831c399e269772661", 6_291_463),
        ])
    func anotherObject(tag: String, bytes: Int) async throws {
        let head = ScriptedTransport.Reply.answer(200, [("ETag", "\"\(tag)\""), ("Content-Length", String(bytes))])
        let fixture = try Fixture(.lost(sent: true), .error(404, "NoSuchUpload"), head)
        let error = try await storeError { _ = try await complete(fixture) }
        #expect(error.kind == .notFound && error.mayHaveHappened)
    }

    @Test("a completion that somebody asks for again, long after its answer was lost, is settled in the same way")
    func askedAgain() async throws {
        let head = ScriptedTransport.Reply.answer(
            200, [("ETag", "\"\(Self.wholeTag)\""), ("Content-Length", String((6 << 20) + 7))])
        let fixture = try Fixture(.error(404, "NoSuchUpload"), head)
        #expect(try await complete(fixture).tag.description == Self.wholeTag)
    }

    @Test("an object is as old as its upload, by which AWS lists it")
    func age() async throws {
        let begun = try #require(Timestamp("2026-11-21T03:59:00Z"))
        let fixture = try Fixture(Self.completed)
        let info = try await fixture.store.completeUpload(
            UploadID("u", begunAt: begun), of: try key("k"), parts: Self.parts, options: PutOptions())
        #expect(info.modifiedAt == begun)
    }

    @Test("a copy that cannot be looked at afterwards may have happened")
    func unseenCopy() async throws {
        let copied = ScriptedTransport.Reply.answer(200, [], "<CopyObjectResult><ETag>\"x\"</ETag></CopyObjectResult>")
        let fixture = try Fixture(copied, .error(403, "AccessDenied"))
        let error = try await storeError {
            _ = try await fixture.store.copy(try key("a"), to: try key("b"), options: PutOptions())
        }
        #expect(error.mayHaveHappened)
    }

    @Test("an unknown upload without an object is not found, and aborting it succeeds")
    func unknown() async throws {
        let fixture = try Fixture(
            .error(404, "NoSuchUpload"), .error(404, "NoSuchKey"), .error(404, "NoSuchUpload"))
        let error = try await storeError { _ = try await complete(fixture) }
        #expect(error.kind == .notFound && !error.mayHaveHappened)
        try await fixture.store.abortUpload(UploadID("u"), of: try key("k"))
    }

    @Test("a conditional completion met by a conflict says so, and whether it may be our own")
    func conflict() async throws {
        let options = PutOptions(condition: .absent)
        let plain = try Fixture(.error(412, "PreconditionFailed"))
        var error = try await storeError { _ = try await complete(plain, options) }
        #expect(error.kind == .conflict && !error.mayHaveHappened)
        let doubtful = try Fixture(.lost(sent: true), .error(412, "PreconditionFailed"))
        error = try await storeError { _ = try await complete(doubtful, options) }
        #expect(error.kind == .conflict && error.mayHaveHappened)
    }

    @Test("a part is sent again from its first byte")
    func partAgain() async throws {
        let fixture = try Fixture(.lost(sent: true), .error(503, "SlowDown"), .stored)
        let body = ObjectBody(chunks: [[1, 2], [], [3]])
        _ = try await fixture.store.putPart(10_000, body, of: UploadID("u"), to: try key("k"))
        #expect(fixture.requests.map(\.body.bytes) == [[1, 2, 3], [1, 2, 3], [1, 2, 3]])
        for number in [0, 10_001, -1] {
            let error = try await storeError {
                _ = try await fixture.store.putPart(number, body, of: UploadID("u"), to: try key("k"))
            }
            #expect(error.kind == .invalid)
        }
    }

    @Test("a copy names its source encoded, and replaces metadata only where it brings some")
    func copy() async throws {
        let copied = ScriptedTransport.Reply.answer(200, [], "<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")
        let head = ScriptedTransport.Reply.answer(200, [("ETag", "\"x\""), ("Content-Length", "3")])
        let fixture = try Fixture(copied, head, copied, head)
        let (from, to) = (try key("date=1/a b+ü"), try key("to"))
        _ = try await fixture.store.copy(from, to: to, options: PutOptions(condition: .absent))
        #expect(fixture.requests[0].headers["x-amz-copy-source"] == "/bucket/lake/date%3D1/a%20b%2B%C3%BC")
        #expect(fixture.requests[0].headers["If-None-Match"] == "*")
        #expect(fixture.requests[0].headers["x-amz-metadata-directive"] == nil)
        _ = try await fixture.store.copy(from, to: to, options: PutOptions(metadata: ["a": "1"], tags: ["t": "1"]))
        #expect(fixture.requests[2].headers["x-amz-metadata-directive"] == "REPLACE")
        #expect(fixture.requests[2].headers["x-amz-tagging-directive"] == "REPLACE")
    }
}
