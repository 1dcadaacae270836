import Foundation
import TestSupport

/// Where test servers and tools are, from the environment that `Tests/servers/up` prints.
enum Servers {
    static let environment = ProcessInfo.processInfo.environment

    static let broker = environment["VARVE_TEST_MEMKAFKA"]
    static let python = environment["VARVE_TEST_PYTHON"]
    static let mitmdump = environment["VARVE_TEST_MITMDUMP"]
    static let hasWriters = broker != nil && python != nil && varve != nil
    static let hasStore = environment["VARVE_TEST_SEAWEED"] != nil

    static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The program under test, built beside these tests.
    static let varve = [environment["VARVE"] ?? "", repository + "/.build/debug/varve"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    static let writersReason = "needs VARVE_TEST_MEMKAFKA, VARVE_TEST_PYTHON and .build/debug/varve: run 'make test'"
    static let storeReason = "needs VARVE_TEST_SEAWEED: run 'make test'"
    static let proxyReason = "needs VARVE_TEST_MITMDUMP: run 'make test'"

    static func script(_ name: String) -> String { "\(repository)/Tests/\(name)" }

    static func required(_ value: String?) throws -> String {
        guard let value else { throw CheckFailure("a server is missing; the suite should have been skipped") }
        return value
    }
}
