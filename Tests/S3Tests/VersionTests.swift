import LakeModel
import ObjectStorage
import S3
import TestSupport
import Testing

@testable import S3

@Suite("Deletes in buckets that keep versions")
struct VersionTests {
    private static let listing = """
        <ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>
        <Version><Key>lake/a%2Bb</Key><VersionId>v1</VersionId></Version>
        <Version><Key>lake/a%2Bbc</Key><VersionId>other</VersionId></Version>
        <DeleteMarker><Key>lake/a%2Bb</Key><VersionId>m1</VersionId></DeleteMarker></ListVersionsResult>
        """

    @Test("every version and marker of the key goes, none of a longer key")
    func all() async throws {
        let fixture = try Fixture(
            ScriptedTransport(.answer(200, [], Self.listing), .answer(200, [], "<DeleteResult/>"))
        ) { $0.deletesVersions = true }
        #expect(try await fixture.store.delete([try key("a+b")]).isEmpty)
        #expect(fixture.requests[0].target.query.contains("prefix=lake%2Fa%2Bb"))
        #expect(fixture.requests[0].target.query.contains("versions"))
        let body = String(decoding: fixture.requests[1].body.bytes, as: UTF8.self)
        #expect(body.contains("<Key>lake/a+b</Key><VersionId>v1</VersionId>"))
        #expect(body.contains("<VersionId>m1</VersionId>") && !body.contains("other"))
    }

    @Test("a key without versions needs no second request; pages are followed")
    func pages() async throws {
        let empty = "<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>"
        let first = """
            <ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>lake/k</NextKeyMarker>
            <NextVersionIdMarker>v1</NextVersionIdMarker>
            <Version><Key>lake/k</Key><VersionId>v1</VersionId></Version></ListVersionsResult>
            """
        let fixture = try Fixture(
            ScriptedTransport(
                .answer(200, [], empty), .answer(200, [], first), .answer(200, [], empty),
                .answer(200, [], "<DeleteResult/>"))
        ) { $0.deletesVersions = true }
        #expect(try await fixture.store.delete([try key("k")]).isEmpty)
        #expect(fixture.requests.count == 1)
        #expect(try await fixture.store.delete([try key("k")]).isEmpty)
        #expect(fixture.requests[2].target.query.contains("version-id-marker=v1"))
        #expect(fixture.requests.count == 4)
    }
}
