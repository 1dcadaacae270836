import Foundation
import Kafka
import TestSupport
import Testing

@testable import varve

/// A whole writer in a process of its own, as its log goes to the process's standard error.
@Suite("A writer keeps secrets", .enabled(if: builtProgram != nil, "needs .build/debug/varve"))
struct WriterSecretTests {
    @Test("nothing of them is in the log at trace level, nor in the lake", arguments: ["text", "json"])
    func writer(log: String) async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("orders", partitions: 1)
        let directory = try TemporaryDirectory("varve-secrets")
        let config = directory.path + "/v.yaml"
        let yaml = """
            lake: "file://\(directory.path)/lake"
            s3: { secret_access_key: SENTINEL-literal, access_key_id: AKIDTEST, session_token: "${TOKEN}" }
            kafka:
              brokers: "\(cluster.brokers)"
              properties: { sasl.password: SENTINEL-sasl, ssl.key.password: "${TOKEN}", debug: "all" }
            log: { level: trace, format: \(log) }
            tables: [{ name: orders }]
            """
        try yaml.write(toFile: config, atomically: true, encoding: .utf8)
        let child = try ChildProcess(
            [try #require(builtProgram), "run", "--once", "--config", config],
            environment: ["TOKEN": "SENTINEL-token", "AWS_SECRET_ACCESS_KEY": "SENTINEL-env"])
        _ = try await child.wait()
        let written = child.standardOutput + child.standardError
        #expect(!written.isEmpty)
        #expect(!written.contains("SENTINEL"), "\(written.split(separator: "\n").filter { $0.contains("SENTINEL") })")
        let names = FileManager.default.enumerator(atPath: directory.path + "/lake")?.allObjects as? [String] ?? []
        for name in names {
            let bytes = FileManager.default.contents(atPath: "\(directory.path)/lake/\(name)") ?? Data()
            #expect(bytes.firstRange(of: Data("SENTINEL".utf8)) == nil, "\(name)")
        }
    }
}

/// The program of a build of this package; nil where there is none.
let builtProgram: String? = {
    let path = ProcessInfo.processInfo.environment["VARVE"] ?? "\(repositoryRoot.path)/.build/debug/varve"
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
}()
