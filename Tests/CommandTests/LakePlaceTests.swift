import Foundation
import TestSupport
import Testing

@testable import varve

@Suite("lakes that are apart")
struct LakePlaceTests {
    @Test(
        "two lakes overlap where one is the other, or lies within it",
        arguments: [
            ("s3://bkt/lake", "s3://bkt/lake/", true), ("s3://bkt", "s3://bkt/lake", true),
            ("s3://bkt/lake/orders", "s3://bkt/lake", true), ("s3://bkt/lake", "s3://bkt/lakes", false),
            ("s3://bkt/lake", "s3://other/lake", false), ("file:///l", "s3://lll/l", false),
            ("file:///l/a", "file:///l/a/", true), ("file:///l/a", "file:///l/a/../a/b", true),
            ("file:///l/a", "file:///l/ab", false), ("file:///l/a/../b", "file:///l/a", false),
        ])
    func overlap(first: String, second: String, overlaps: Bool) throws {
        let (a, b) = (LakePlace(try LakeURL(first), endpoint: nil), LakePlace(try LakeURL(second), endpoint: nil))
        #expect(a.overlaps(b) == overlaps && b.overlaps(a) == overlaps)
    }

    @Test(
        "a bucket of the same name at another endpoint is another lake",
        arguments: [
            ("https://minio-a", "https://minio-b", false), ("https://minio-a", "https://minio-a/", true),
            ("https://minio-a", nil, false), ("https://s3.eu-west-1.amazonaws.com", nil, true),
        ])
    func endpoints(first: String?, second: String?, overlaps: Bool) throws {
        let url = try LakeURL("s3://bucket/lake")
        #expect(LakePlace(url, endpoint: first).overlaps(LakePlace(url, endpoint: second)) == overlaps)
    }

    @Test("a link to a lake is that lake")
    func link() throws {
        let directory = try TemporaryDirectory("varve-places")
        let (lake, link) = (directory.path + "/lake", directory.path + "/link")
        try FileManager.default.createDirectory(atPath: lake, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: lake)
        let place = LakePlace(.directory(lake), endpoint: nil)
        #expect(place.overlaps(LakePlace(.directory(link), endpoint: nil)))
        #expect(!place.overlaps(LakePlace(.directory(directory.path + "/other"), endpoint: nil)))
    }
}
