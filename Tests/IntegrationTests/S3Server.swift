import Foundation
import LakeModel
import ObjectStorage
import S3
import Synchronization
import TestSupport

/// One of the real S3 servers of `Tests/servers`, as its environment variables describe it.
struct S3Server: Sendable {
    let endpoint: String
    let bucket: String
    let credentials: StaticCredentials
    var configure: @Sendable (inout S3Settings) -> Void = { _ in }

    /// Nil where the server does not run.
    init?(_ name: String) {
        let environment = ProcessInfo.processInfo.environment
        guard let endpoint = environment["VARVE_TEST_\(name)"],
            let key = environment["VARVE_TEST_\(name)_ACCESS_KEY"],
            let secret = environment["VARVE_TEST_\(name)_SECRET_KEY"]
        else { return nil }
        self.endpoint = endpoint
        bucket = environment["VARVE_TEST_BUCKET"] ?? "varve-test"
        credentials = StaticCredentials(accessKeyID: key, secretAccessKey: secret)
    }

    static let seaweed = S3Server("SEAWEED")
    static let juicefs = S3Server("JUICEFS")
    static let rgw = S3Server("RGW")

    private static let transport = CurlTransport()
    private static let made = Atomic(0)

    /// A store on a folder that no other test uses.
    func store(_ change: (inout S3Settings) -> Void = { _ in }) throws -> S3Store {
        let number = Self.made.add(1, ordering: .relaxed).newValue
        var settings = S3Settings(
            bucket: bucket, prefix: "t/\(ProcessInfo.processInfo.processIdentifier)/\(number)", endpoint: endpoint)
        configure(&settings)
        change(&settings)
        let needsOwn = settings.connection.caFile != nil
        return try S3Store(
            settings, credentials: credentials,
            transport: needsOwn ? CurlTransport(settings.connection) : Self.transport, clock: SystemClock(),
            random: SeededGenerator(seed: UInt64(number)))
    }
}
