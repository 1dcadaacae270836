import LakeModel
import ObjectStorage
import S3
import TestSupport
import Testing

@Suite("Listings")
struct ListTests {
    static func page(_ keys: [String], next: String? = nil, encoded: Bool = true) -> ScriptedTransport.Reply {
        let entries = keys.map {
            "<Contents><Key>\($0)</Key><Size>\($0.hasSuffix("/") ? 0 : 3)</Size>"
                + "<LastModified>2026-11-21T05:00:00.000Z</LastModified><ETag>&#34;t&#34;</ETag></Contents>"
        }
        let more = next.map { "<IsTruncated>true</IsTruncated><NextContinuationToken>\($0)</NextContinuationToken>" }
        return .answer(
            200, [],
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + (encoded ? "<EncodingType>url</EncodingType>" : "") + (more ?? "<IsTruncated>false</IsTruncated>")
                + entries.joined() + "</ListBucketResult>")
    }

    @Test("pages are followed to the end, an empty one too")
    func pages() async throws {
        let fixture = try Fixture(
            Self.page(["lake/b", "lake/a"], next: "t=1"), Self.page([], next: "t2"), Self.page(["lake/c"]))
        let listed = try await fixture.store.listAll(prefix: "")
        #expect(listed.map(\.key.description) == ["a", "b", "c"])
        #expect(listed[0].tag == EntityTag("t") && listed[0].bytes == 3)
        #expect(fixture.requests[0].target.query == "encoding-type=url&list-type=2&max-keys=1000&prefix=lake%2F")
        #expect(fixture.requests[1].target.query.contains("continuation-token=t%3D1"))
    }

    @Test("keys are decoded where the store says that it encoded them, and only there")
    func encoding() async throws {
        let names = ["lake/a+b%2Bc%25%C3%BC", "lake/x%0Ay"]
        let fixture = try Fixture(Self.page(names), Self.page(["lake/a+b%2Bc &amp; &lt;&#xE9;"], encoded: false))
        #expect(try await fixture.store.listAll(prefix: "").map(\.key.description) == ["a b+c%ü"])
        #expect(try await fixture.store.listAll(prefix: "").map(\.key.description) == ["a+b%2Bc & <é"])
    }

    @Test("keys outside the prefix, folder markers and keys up to the start are left out")
    func foreign() async throws {
        let fixture = try Fixture(
            Self.page(["lake/", "lakes/x", "lake/a/", "lake//b", "lake/p1", "lake/p2", "lake/p3", "other"]))
        let page = try await fixture.store.list(ListRequest(prefix: "p", after: "p1"))
        #expect(page.objects.map(\.key.description) == ["p2", "p3"])
        #expect(fixture.requests[0].target.query.contains("start-after=lake%2Fp1"))
    }

    @Test("keys with an empty segment are counted, folder markers are not")
    func leftOut() async throws {
        let keys = ["lake/a/", "lake/a//b", "lake/a//c", "lake/a/d", "lake/b//e", "lake//a/f"]
        let page = try await Fixture(Self.page(keys)).store.list(ListRequest(prefix: "a/"))
        #expect(page.objects.map(\.key.description) == ["a/d"])
        #expect(page.leftOut == 2)
    }

    @Test("a listing that goes on without saying where, or in a circle, is corrupt")
    func circle() async throws {
        let endless = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"
        let fixture = try Fixture(.answer(200, [], endless), Self.page([], next: "same"), Self.page([], next: "same"))
        var error = try await storeError { _ = try await fixture.store.listAll(prefix: "") }
        #expect(error.kind == .corrupt)
        error = try await storeError { _ = try await fixture.store.listAll(prefix: "") }
        #expect(error.kind == .corrupt)
    }

    @Test("a prefix that no key can have is not asked for")
    func impossible() async throws {
        let fixture = try Fixture(ScriptedTransport())
        for prefix in ["/", "a//b", "../", "a/./b", "a//"] {
            #expect(try await fixture.store.listAll(prefix: prefix).isEmpty)
        }
    }

    @Test("a store without start-after is listed from the start")
    func noStartAfter() async throws {
        let fixture = try Fixture(.error(501, "NotImplemented"), Self.page(["lake/a", "lake/b"]))
        let page = try await fixture.store.list(ListRequest(prefix: "", after: "a"))
        #expect(page.objects.map(\.key.description) == ["b"])
        #expect(!fixture.requests[1].target.query.contains("start-after"))
    }

    @Test("a document that is cut off or is no listing is asked for again, then reported")
    func malformed() async throws {
        let fixture = try Fixture(.answer(200, [], "<ListBucketResult><Contents>"), Self.page(["lake/a"]))
        #expect(try await fixture.store.listAll(prefix: "").count == 1)
        let never = try Fixture(ScriptedTransport(otherwise: { _ in .answer(200, [], "<html>proxy</html>") }))
        let error = try await storeError { _ = try await never.store.listAll(prefix: "") }
        #expect(error.kind == .unavailable && !error.mayHaveHappened)
    }

    @Test("uploads are listed with the prefix, and without it where that finds none")
    func uploads() async throws {
        let none = ScriptedTransport.Reply.answer(200, [], "<ListMultipartUploadsResult/>")
        let some = ScriptedTransport.Reply.answer(
            200, [],
            "<ListMultipartUploadsResult><EncodingType>url</EncodingType>"
                + ["lake/t/a%2Bb", "lake/other", "foreign/t/x"].map {
                    "<Upload><Key>\($0)</Key><UploadId>u1</UploadId>"
                        + "<Initiated>2026-11-21T05:00:00Z</Initiated></Upload>"
                }.joined() + "</ListMultipartUploadsResult>")
        let fixture = try Fixture(none, some)
        let uploads = try await fixture.store.listUploads(prefix: "t/")
        #expect(uploads.map(\.key.description) == ["t/a+b"] && uploads[0].upload == UploadID("u1"))
        #expect(fixture.requests[0].target.query == "uploads&encoding-type=url&max-uploads=1000&prefix=lake%2Ft%2F")
        #expect(!fixture.requests[1].target.query.contains("prefix"))
    }

    @Test("parts are paged and sorted")
    func parts() async throws {
        func page(_ number: Int, more: Bool) -> ScriptedTransport.Reply {
            .answer(
                200, [],
                "<ListPartsResult><IsTruncated>\(more)</IsTruncated>"
                    + "<NextPartNumberMarker>\(number)</NextPartNumberMarker>"
                    + "<Part><PartNumber>\(number)</PartNumber><Size>9</Size><ETag>\"e\(number)\"</ETag>"
                    + "<ChecksumCRC32C>4waSgw==</ChecksumCRC32C></Part></ListPartsResult>")
        }
        let fixture = try Fixture(page(1, more: true), page(2, more: false))
        let parts = try await fixture.store.listParts(UploadID("u/1"), of: try key("k"))
        #expect(parts.map(\.number) == [1, 2] && parts[0].checksum?.value == "e3069283")
        #expect(fixture.requests[1].target.query == "max-parts=1000&uploadId=u%2F1&part-number-marker=1")
    }
}
