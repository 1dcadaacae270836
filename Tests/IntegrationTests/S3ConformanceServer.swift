import Foundation
import LakeModel
import ObjectStorage
import S3
import Synchronization
import TestSupport
import Testing

/// One of the real S3 servers of `Tests/servers`, as its environment variables describe it.
struct S3Server: Sendable, CustomTestStringConvertible {
    let name: String
    let endpoint: String
    let bucket: String
    let credentials: StaticCredentials

    /// Nil where the server does not run.
    init?(_ name: String) {
        let environment = ProcessInfo.processInfo.environment
        guard let endpoint = environment["VARVE_TEST_\(name)"],
            let key = environment["VARVE_TEST_\(name)_ACCESS_KEY"],
            let secret = environment["VARVE_TEST_\(name)_SECRET_KEY"]
        else { return nil }
        (self.name, self.endpoint) = (name, endpoint)
        bucket = environment["VARVE_TEST_BUCKET"] ?? "varve-test"
        credentials = StaticCredentials(accessKeyID: key, secretAccessKey: secret)
    }

    static let seaweed = S3Server("SEAWEED")
    static let juicefs = S3Server("JUICEFS")
    static let rgw = S3Server("RGW")
    static let running = [seaweed, juicefs, rgw].compactMap(\.self)

    var testDescription: String { name }

    private static let transport = CurlTransport()
    private static let made = Atomic(0)

    /// A store on a folder that no other test uses.
    func store(
        _ change: (inout S3Settings) -> Void = { _ in }, credentials: (any CredentialsProvider)? = nil,
        clock: any LakeClock = SystemClock(), observer: (@Sendable (S3RequestRecord) -> Void)? = nil
    ) throws -> S3Store {
        let number = Self.made.add(1, ordering: .relaxed).newValue
        var settings = S3Settings(
            bucket: bucket, prefix: "t/\(ProcessInfo.processInfo.processIdentifier)/\(number)", endpoint: endpoint)
        // Ceph RGW 16 compares If-Match literally.
        settings.ifMatchQuoted = name != "RGW"
        change(&settings)
        let isSpecial = settings.connection.caFile != nil || settings.connection.insecureTLS
        return try S3Store(
            settings, credentials: credentials ?? self.credentials,
            transport: isSpecial ? CurlTransport(settings.connection) : Self.transport, clock: clock,
            random: SeededGenerator(seed: UInt64(number)), observer: observer)
    }
}
