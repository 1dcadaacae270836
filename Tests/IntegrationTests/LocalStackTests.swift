import Foundation
import Testing
import TestSupport

@Suite("The stack of minio/ runs without containers")
struct LocalStackTests {
    @Test(
        "minio/local.sh writes, shows and verifies a lake",
        .enabled(if: Servers.hasWriters && Servers.hasStore, Comment(rawValue: Servers.writersReason)))
    func local() async throws {
        let output = try await runCommand(
            ["\(Servers.repository)/minio/local.sh", "--among-servers"],
            environment: ["EVENTS": "3000", "VARVE": try Servers.required(Servers.varve)], deadline: .seconds(180))
        #expect(output.contains("refused, as it should be"))
        #expect(output.contains("\"findings_count\": 0"))
    }
}
