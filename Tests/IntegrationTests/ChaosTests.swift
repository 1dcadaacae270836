import Foundation
import TestSupport
import Testing

@Suite(
    "Chaos: writers, broker and store with everything that goes wrong",
    .enabled(if: Servers.hasWriters, Comment(rawValue: Servers.writersReason)), .serialized)
struct ChaosTests {
    @Test("nothing is lost or doubled in a lake in a directory")
    func directory() async throws {
        try await run(place: "directory", seed: 11)
    }

    @Test(
        "nothing is lost or doubled in a lake on S3, behind a network that loses and refuses",
        .enabled(if: Servers.hasStore && Servers.mitmdump != nil, Comment(rawValue: Servers.proxyReason)))
    func s3() async throws {
        try await run(place: "s3", seed: 12)
    }

    /// A short run of what `make chaos` does at length; the script compares the lake with what was produced.
    private func run(place: String, seed: Int) async throws {
        try await runCommand(
            [
                try Servers.required(Servers.python), Servers.script("python/chaos.py"), "--seed", "\(seed)", "--kills",
                "6", "--place", place, "--varve", try Servers.required(Servers.varve),
            ], deadline: .seconds(240))
    }
}
