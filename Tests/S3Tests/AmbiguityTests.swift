import ObjectStorage
import S3
import TestSupport
import Testing

/// Whether a request that failed may have taken effect: the catalog builds on these answers.
@Suite("Ambiguity")
struct AmbiguityTests {
    static let doubtful: [ScriptedTransport.Reply] = [
        .lost(sent: true), .lost(sent: true, .timeout), .lost(sent: true, .truncated), .error(500, "InternalError"),
        .answer(502), .answer(503), .answer(504), .error(409, "ConditionalRequestConflict"),
    ]
    /// What something between client and store answers in its place.
    static let pages: [ScriptedTransport.Reply] = [
        .answer(200), .answer(204), .answer(200, [("ETag", "\"\"")]), .answer(200, [], "<html>maintenance</html>"),
        .answer(200, [("ETag", "\"page\"")], "\n<!doctype html>"), .error(200, "InternalError"),
    ]

    @Test("a success that names no tag, or is a page, is neither believed nor taken for nothing", arguments: pages)
    func answersOfOthers(page: ScriptedTransport.Reply) async throws {
        let (id, k) = (UploadID("u"), try key("k"))
        let passing = try Fixture(page, .stored, page, .stored)
        #expect(try await passing.put().tag == EntityTag("abc"))
        #expect(try await passing.store.putPart(1, ObjectBody([1]), of: id, to: k).tag == EntityTag("abc"))
        #expect(passing.requests.count == 4)

        let own = try Fixture(page, .error(412, "PreconditionFailed"))
        var error = try await storeError { _ = try await own.put(.absent) }
        #expect(error.kind == .conflict && error.mayHaveHappened)

        let lasting = try Fixture(ScriptedTransport(otherwise: { _ in page }))
        error = try await storeError { _ = try await lasting.put() }
        #expect(error.kind == .unavailable && error.mayHaveHappened)
        #expect(error.message.contains("proxy") || error.message.contains("InternalError"))
    }

    @Test(
        "a page in place of an object is not taken for one",
        arguments: [200, 206], [[], [("ETag", "\"\""), ("Content-Range", "bytes 0-5/6")]])
    func readPage(status: Int, headers: [(String, String)]) async throws {
        let page = ScriptedTransport.Reply.answer(
            status, headers + [("Content-Length", "6"), ("Content-Type", "text/html")], "<html>")
        let object = ScriptedTransport.Reply.answer(200, [("ETag", "\"abc\""), ("Content-Length", "3")], "abc")
        let (passing, k) = (try Fixture(page, object, page, object, page, object), try key("k"))
        #expect(try await passing.store.get(k, range: nil, bytesMax: 100).bytes == Array("abc".utf8))
        #expect(try await passing.store.get(k, range: .from(0, count: 2), bytesMax: 100).bytes == Array("ab".utf8))
        #expect(try await passing.store.head(k).tag == EntityTag("abc"))

        let lasting = try Fixture(ScriptedTransport(otherwise: { _ in page }))
        for error in [
            try await storeError { _ = try await lasting.store.get(k, range: nil, bytesMax: 100) },
            try await storeError { _ = try await lasting.store.head(k) },
        ] {
            #expect(error.kind == .unavailable && !error.mayHaveHappened)
            #expect(error.message.contains("look for a proxy in between (5 attempts)"), "\(error.message)")
        }
    }

    @Test("a store that keeps no tags shows otherwise that an object is its own")
    func untagged() async throws {
        let fixture = try Fixture(
            ScriptedTransport(otherwise: { _ in
                .answer(200, [("X-Amz-Request-Id", "18EA"), ("Content-Length", "3")], "abc")
            }))
        #expect(try await fixture.store.get(try key("k"), range: nil, bytesMax: 100).bytes == Array("abc".utf8))
        #expect(try await fixture.store.head(try key("k")).bytes == 3)
        #expect(fixture.requests.count == 2)
    }

    @Test("a page is no answer to a deletion")
    func deletionPage() async throws {
        let page = ScriptedTransport.Reply.answer(200, [], "<html>maintenance</html>")
        let fixture = try Fixture(page, .answer(204), page, .answer(204))
        #expect(try await fixture.store.delete([try key("k")]).isEmpty)
        try await fixture.store.abortUpload(UploadID("u"), of: try key("k"))
        #expect(fixture.requests.count == 4)
    }

    @Test("a conflict met by a retry after a lost answer is reported as perhaps our own", arguments: doubtful)
    func ownWrite(first: ScriptedTransport.Reply) async throws {
        let fixture = try Fixture(first, .error(412, "PreconditionFailed"))
        let error = try await storeError { _ = try await fixture.put(.absent) }
        #expect(error.kind == .conflict)
        #expect(error.mayHaveHappened)
        #expect(fixture.requests.count == 2)
        #expect(fixture.requests.allSatisfy { $0.headers["If-None-Match"] == "*" })
    }

    @Test("a conflict at once, or after a request that never went out, is a plain one")
    func plainConflict() async throws {
        let atOnce = try Fixture(.error(412, "PreconditionFailed"))
        var error = try await storeError { _ = try await atOnce.put(.absent) }
        #expect(error.kind == .conflict && !error.mayHaveHappened)

        let unsent = try Fixture(.lost(sent: false, .connect), .error(412, "PreconditionFailed"))
        error = try await storeError { _ = try await unsent.put(.absent) }
        #expect(error.kind == .conflict && !error.mayHaveHappened)
    }

    @Test("a conflict is perhaps our own where the transport had to send the request twice")
    func resent() async throws {
        let fixture = try Fixture(.answer(412, resent: true))
        let error = try await storeError { _ = try await fixture.put(.absent) }
        #expect(error.kind == .conflict && error.mayHaveHappened)
    }

    @Test("409 is retried, and one that stays is a conflict")
    func conflictCode() async throws {
        let passes = try Fixture(.error(409, "ConditionalRequestConflict"), .stored)
        _ = try await passes.put(.absent)
        #expect(passes.requests.count == 2)

        let stays = try Fixture(ScriptedTransport(otherwise: { _ in .error(409, "ConditionalRequestConflict") }))
        let error = try await storeError { _ = try await stays.put(.absent) }
        #expect(error.kind == .conflict && error.mayHaveHappened)
        #expect(stays.requests.count == 5)
    }

    @Test("404 to If-Match is a conflict; the tag goes quoted, or bare where the store needs it")
    func matches() async throws {
        let fixture = try Fixture(.error(404, "NoSuchKey"))
        let error = try await storeError { _ = try await fixture.put(.matches(EntityTag("abc"))) }
        #expect(error.kind == .conflict && !error.mayHaveHappened)
        #expect(fixture.requests[0].headers["If-Match"] == "\"abc\"")

        let bare = try Fixture(ScriptedTransport(.stored)) { $0.ifMatchQuoted = false }
        _ = try await bare.put(.matches(EntityTag("abc")))
        #expect(bare.requests[0].headers["If-Match"] == "abc")
    }

    @Test("a put whose answer is lost for good may have happened; a read never has", arguments: doubtful)
    func forGood(reply: ScriptedTransport.Reply) async throws {
        let fixture = try Fixture(ScriptedTransport(otherwise: { _ in reply }))
        let put = try await storeError { _ = try await fixture.put() }
        #expect(put.mayHaveHappened)
        let head = try await storeError { _ = try await fixture.store.head(try key("k")) }
        #expect(!head.mayHaveHappened)
    }

    @Test("a put that never went out has not happened")
    func unsent() async throws {
        let fixture = try Fixture(ScriptedTransport(otherwise: { _ in .lost(sent: false, .connect) }))
        let error = try await storeError { _ = try await fixture.put(.absent) }
        #expect(error.kind == .unavailable && !error.mayHaveHappened)
    }

    @Test("a refusal after a doubtful attempt still says that the first may have happened")
    func deniedAfterDoubt() async throws {
        let fixture = try Fixture(.lost(sent: true), .error(403, "AccessDenied"))
        let error = try await storeError { _ = try await fixture.put(.absent) }
        #expect(error.kind == .denied && error.mayHaveHappened)
    }
}
