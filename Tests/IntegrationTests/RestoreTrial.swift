import Foundation
import TestSupport

/// A topic in a broker with transactions, a lake that holds it, and another topic to restore into.
final class RestoreTrial {
    let topic: String
    let target: String
    let directory: TemporaryDirectory
    let brokers: String
    let table: String
    private let python: String
    private let varve: String

    static let isPossible =
        Servers.environment["VARVE_TEST_NOIDA"] != nil && Servers.python != nil && Servers.varve != nil
    static let reason = "needs VARVE_TEST_NOIDA, VARVE_TEST_PYTHON and .build/debug/varve: run 'make test'"

    init(_ name: String, table: String = "events", brokers: String? = nil) throws {
        self.table = table
        topic = "\(name)-\(ProcessInfo.processInfo.processIdentifier)"
        target = "\(topic)-again"
        directory = try TemporaryDirectory("varve-restore")
        self.brokers = try brokers ?? Servers.required(Servers.environment["VARVE_TEST_NOIDA"])
        python = try Servers.required(Servers.python)
        varve = try Servers.required(Servers.varve)
    }

    var lake: String { "file://\(directory.path)/lake" }
    var configuration: String { "\(directory.path)/varve.yaml" }

    /// Produces events of every kind, lays them down in the lake, and makes the target.
    func fill(_ events: Int, settings: String = "", partitions: Int = 4, targetPartitions: Int = 4) async throws {
        let text = """
            lake: \(lake)
            kafka: { brokers: "\(brokers)", group: "\(topic)" }
            server: { listen: "off" }
            commit: { every: 100ms, checkpoint_every: 4 }
            tables:
              - name: \(table)
                topics: [\(topic)]
                partition: { shards: 3, shard_by: key }
                rotate: { bytes: 64KiB, records: 500, age: 1s }
                \(settings)
            """
        try text.write(toFile: configuration, atomically: true, encoding: .utf8)
        try await create(topic, partitions: partitions)
        try await produce(events, seed: 1)
        try await run("run", "--once")
        try await create(target, partitions: targetPartitions)
    }

    func produce(_ events: Int, seed: Int) async throws {
        try await runCommand([
            python, Servers.script("python/produce.py"), "--brokers", brokers, "--topic", topic, "--events",
            "\(events)", "--seed", "\(seed)", "--ledger", "\(directory.path)/ledger", "--step", "5000",
        ])
    }

    /// The same configuration with another lake.
    func copiedConfiguration() throws -> String {
        let text = try String(contentsOfFile: configuration, encoding: .utf8)
        let path = "\(directory.path)/copy.yaml"
        try text.replacing("lake: \(lake)", with: "lake: file://\(directory.path)/copy")
            .write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Compares a lake with what was produced, by DuckDB.
    func audit(lake: String) async throws {
        try await runCommand(
            [python, Servers.script("python/audit.py"), lake, table, "\(directory.path)/ledger", "--payloads"],
            deadline: .seconds(120))
    }

    /// Runs words that name their own configuration; throws where that is no success.
    func runAsIs(_ words: [String]) async throws -> String {
        let process = try ChildProcess([varve] + words)
        let status = try await process.wait(deadline: .seconds(90))
        guard status == 0 else {
            throw CheckFailure("varve \(words) ended with \(status): \(process.standardError.suffix(3000))")
        }
        return process.standardOutput
    }

    func create(_ topic: String, partitions: Int) async throws {
        try await runCommand([
            python, Servers.script("python/compare_topics.py"), "--brokers", brokers, "--create", "\(partitions)",
            topic,
            topic,
        ])
    }

    /// Runs a command to its end; throws where that is no success.
    @discardableResult
    func run(_ arguments: String...) async throws -> (output: String, errors: String) {
        let process = try start(arguments)
        let status = try await process.wait(deadline: .seconds(90))
        guard status == 0 else {
            throw CheckFailure("varve \(arguments) ended with \(status): \(process.standardError.suffix(3000))")
        }
        return (process.standardOutput, process.standardError)
    }

    func start(_ arguments: [String], failpoint: String? = nil) throws -> ChildProcess {
        var environment: [String: String] = [:]
        environment["VARVE_FAILPOINT"] = failpoint
        return try ChildProcess([varve] + arguments + ["--config", configuration], environment: environment)
    }

    /// Compares the target with the source, by a client of another make; throws where they differ.
    func compare(_ conditions: String..., target: String? = nil) async throws {
        try await runCommand(
            [python, Servers.script("python/compare_topics.py"), "--brokers", brokers] + conditions
                + [topic, target ?? self.target], deadline: .seconds(120))
    }
}
