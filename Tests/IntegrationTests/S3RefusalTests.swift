import LakeModel
import ObjectStorage
import TestSupport
import Testing

@Suite("A server is believed only after it has shown its conditional writes")
struct S3RefusalTests {
    private static let liars = [S3Server("RCLONE"), S3Server.juicefs].compactMap(\.self)
    private static let honest = [S3Server.seaweed, S3Server.rgw].compactMap(\.self)

    @Test(
        "one that ignores preconditions is refused, with a reason", .enabled(if: !liars.isEmpty, "no such server runs"),
        arguments: liars)
    func refused(_ server: S3Server) async throws {
        let report = try await probe(server)
        #expect(!report.supportsExactlyOnce)
        #expect(report["put_if_absent"]?.outcome == .failed)
        #expect(report.verdict.contains("use a store with conditional writes"))
    }

    @Test(
        "one that keeps them is taken", .enabled(if: !honest.isEmpty, "no such server runs"), arguments: honest)
    func taken(_ server: S3Server) async throws {
        let report = try await probe(server)
        #expect(report.supportsExactlyOnce, "\(report.verdict)")
    }

    private func probe(_ server: S3Server) async throws -> ProbeReport {
        var random = SeededGenerator(seed: 5)
        let store = try server.store()
        return await StoreProbe(store: store, clock: SystemClock(), id: CommitID(using: &random))
            .run(onlyRequired: true)
    }
}
