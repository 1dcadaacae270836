import Foundation
import LakeModel
import ObjectStorage
import S3
import TestSupport
import Testing

@Suite(
    "Buckets that keep versions",
    .enabled(if: S3Server.seaweed != nil && Servers.python != nil, Comment(rawValue: Servers.storeReason)), .serialized)
struct VersionedBucketTests {
    /// Asks the server by another client, so that the one under test does not judge itself.
    private func ask(
        _ server: S3Server, _ method: String, _ bucket: String, _ query: String = "", body: String = ""
    ) async throws -> String {
        let environment = Servers.environment
        return try await runCommand(
            [
                try Servers.required(Servers.python), Servers.script("python/s3_request.py"), method, server.endpoint,
                bucket, query, body,
            ],
            environment: [
                "AWS_ACCESS_KEY_ID": environment["VARVE_TEST_SEAWEED_ACCESS_KEY"] ?? "",
                "AWS_SECRET_ACCESS_KEY": environment["VARVE_TEST_SEAWEED_SECRET_KEY"] ?? "",
            ])
    }

    @Test("a delete leaves the old bytes, unless it is told to delete versions")
    func deletes() async throws {
        let server = try #require(S3Server.seaweed)
        let bucket = "versions-\(ProcessInfo.processInfo.processIdentifier)"
        _ = try await ask(server, "PUT", bucket)
        _ = try await ask(
            server, "PUT", bucket, "versioning",
            body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        let plain = try server.store { ($0.bucket, $0.prefix) = (bucket, "lake") }
        let thorough = try server.store { ($0.bucket, $0.prefix, $0.deletesVersions) = (bucket, "lake", true) }
        let names = ["t/data/date=2026-11-21/a b+é.zst", "t/data/date=2026-11-21/a", "t/data/date=2026-11-21/ab"]
        let keys = names.compactMap { ObjectKey($0) }
        for _ in 0..<3 {
            for key in keys { _ = try await plain.put([1, 2, 3], to: key) }
        }
        #expect(try await plain.delete(keys).isEmpty)
        let kept = try await ask(server, "GET", bucket, "versions")
        #expect(kept.components(separatedBy: "<Version>").count == 10, "\(kept)")
        // The last one stays: its key begins with another's.
        #expect(try await thorough.delete(Array(keys.dropLast())).isEmpty)
        let left = try await ask(server, "GET", bucket, "versions")
        #expect(left.components(separatedBy: "<Version>").count == 4, "\(left)")
        #expect(left.components(separatedBy: "<DeleteMarker>").count == 2, "\(left)")
        #expect(try await thorough.delete(keys).isEmpty)
        let nothing = try await ask(server, "GET", bucket, "versions")
        #expect(!nothing.contains("<Version>") && !nothing.contains("<DeleteMarker>"), "\(nothing)")
    }
}
