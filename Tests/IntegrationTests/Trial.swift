import Foundation
import LakeModel
import Synchronization
import TestSupport

/// One topic, one lake, the writers between them, and a ledger of what was produced.
final class Trial: Sendable {
    enum Place: String, Sendable, CaseIterable { case directory, s3 }

    let topic: String
    let place: Place
    let directory: TemporaryDirectory
    /// The store's endpoint; a proxy's where faults are wanted.
    let endpoint: String?
    private let bucket: String
    private static let numbers = Atomic(0)
    private let seeds = Atomic(0)
    /// More of the table's configuration, such as its format: lines of YAML without indentation.
    let table: [String]

    /// - Parameter endpoint: of the S3 server; by default SeaweedFS itself.
    init(
        _ place: Place = .directory, endpoint: String? = nil, bucket: String? = nil, table: [String] = []
    ) throws {
        self.table = table
        let number = Self.numbers.add(1, ordering: .relaxed).newValue
        topic = "trial-\(ProcessInfo.processInfo.processIdentifier)-\(number)"
        self.place = place
        self.bucket = bucket ?? Servers.environment["VARVE_TEST_BUCKET"] ?? "varve-test"
        self.endpoint = endpoint ?? Servers.environment["VARVE_TEST_SEAWEED"]
        directory = try TemporaryDirectory("varve-trial")
    }

    /// The same topic, lake and ledger without the proxy.
    init(_ place: Place, sharing other: Trial, table: [String]? = nil) throws {
        (topic, directory, self.place, bucket) = (other.topic, other.directory, place, other.bucket)
        self.table = table ?? other.table
        endpoint = Servers.environment["VARVE_TEST_SEAWEED"]
        seeds.store(other.seeds.load(ordering: .relaxed), ordering: .relaxed)
    }

    var lake: String {
        switch place {
        case .directory: "file://\(directory.path)/lake"
        case .s3: "s3://\(bucket)/\(topic)"
        }
    }

    var ledger: String { "\(directory.path)/ledger.ndjson" }

    /// Credentials and the endpoint, as the AWS tools and Varve read them.
    var environment: [String: String] {
        guard place == .s3 else { return [:] }
        return [
            "AWS_ACCESS_KEY_ID": Servers.environment["VARVE_TEST_SEAWEED_ACCESS_KEY"] ?? "",
            "AWS_SECRET_ACCESS_KEY": Servers.environment["VARVE_TEST_SEAWEED_SECRET_KEY"] ?? "",
            "VARVE_S3_ENDPOINT": endpoint ?? "",
            // Only for readers of other makes, which need no faults.
            "AWS_ENDPOINT_URL_S3": Servers.environment["VARVE_TEST_SEAWEED"] ?? "",
            "AWS_DEFAULT_REGION": "us-east-1",
        ]
    }

    /// Small objects and short intervals, so that a few thousand events make many commits.
    func configuration(memory: String = "128MiB", rotate: String? = nil, extra: String = "") throws -> String {
        let path = "\(directory.path)/varve.yaml"
        let text = """
            lake: \(lake)
            kafka:
              brokers: \(try Servers.required(Servers.broker))
              group: \(topic)
              properties: { session.timeout.ms: "3000", heartbeat.interval.ms: "300" }
            memory: \(memory)
            commit: { every: 100ms, checkpoint_every: 2 }
            server: { listen: "off" }
            shutdown: { timeout: 5s }
            \(extra)
            tables:
              - name: events
                topics: [\(topic)]
                partition: { shards: 2 }
                rotate: \(rotate ?? "{ bytes: 64KiB, age: 1s, records: 400 }")
            \(table.map { "    " + $0 }.joined(separator: "\n"))
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Sends events of every kind; what the broker acknowledged is in the ledger. The first call makes the topic.
    func produce(_ events: Int, noiseBytes: Int = 0) async throws {
        let seed = seeds.add(1, ordering: .relaxed).newValue
        let command = [
            try Servers.required(Servers.python), Servers.script("python/produce.py"), "--brokers",
            try Servers.required(Servers.broker), "--topic", topic, "--events", "\(events)", "--seed", "\(seed)",
            "--ledger", ledger, "--noise", "\(noiseBytes)",
        ]
        try await runCommand(command + (seed == 1 ? ["--partitions", "4"] : []))
    }

    /// Sends events until a writer ends, and returns its status: however much went into its first commits, more events
    /// make more of them.
    func produce(untilEndOf writer: ChildProcess) async throws -> Int32 {
        try await eventually("\(topic) gets events until its writer dies", deadline: .seconds(90)) {
            if writer.isRunning { try await produce(200) }
            return !writer.isRunning
        }
        return try await writer.wait()
    }

    /// Starts `varve run`; it ends by itself with `once`, else when it is told to.
    func startWriter(once: Bool = false, failpoint: String? = nil, extra: String = "") throws -> ChildProcess {
        try startWriter(once: once, failpoint: failpoint, configuration: try configuration(extra: extra))
    }

    /// - Parameters:
    ///   - wrapper: a program that runs the writer, such as faketime with its arguments.
    ///   - extra: environment variables on top of the trial's.
    func startWriter(
        once: Bool, failpoint: String? = nil, configuration: String, wrapper: [String] = [],
        environment extra: [String: String] = [:]
    ) throws -> ChildProcess {
        var environment = environment.merging(extra) { $1 }
        environment["VARVE_FAILPOINT"] = failpoint
        let command = [try Servers.required(Servers.varve), "run", "--config", configuration]
        return try ChildProcess(wrapper + command + (once ? ["--once"] : []), environment: environment)
    }

    /// Runs a command that reads the lake, and returns what it prints.
    func varve(_ arguments: String...) async throws -> String {
        try await runCommand(
            [try Servers.required(Servers.varve)] + arguments + ["--lake", lake], environment: environment)
    }

    /// Drains the topic with a writer that nothing disturbs.
    func drain(configuration: String? = nil) async throws {
        let writer = try startWriter(
            once: true, failpoint: nil, configuration: try configuration ?? self.configuration())
        let status = try await writer.wait(deadline: .seconds(90))
        guard status == 0 else {
            throw CheckFailure("varve run --once ended with \(status): \(writer.standardError.suffix(3000))")
        }
    }

    /// Compares the lake with the ledger, by DuckDB: throws where an event is missing, twice or another.
    func audit() async throws {
        try await runCommand(
            [
                try Servers.required(Servers.python), Servers.script("python/audit.py"), lake, "events", ledger,
                "--payloads",
            ],
            environment: environment, deadline: .seconds(120))
    }

    /// The commits of a lake in a directory.
    func commits() throws -> [Commit] {
        let folder = "\(directory.path)/lake/events/_varve/log"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return try names.sorted().filter { $0.hasSuffix(".json") }.compactMap { name in
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { return nil }
            return try JSONDecoder().decode(Commit.self, from: data)
        }
    }

    func committedEvents() throws -> Int64 {
        try commits().flatMap(\.add).reduce(0) { $0 + $1.records }
    }

    func producedEvents() -> Int64 {
        let text = FileManager.default.contents(atPath: ledger) ?? Data()
        return Int64(text.count { $0 == UInt8(ascii: "\n") })
    }

    /// Waits until everything that was produced is in the lake.
    func waitUntilCommitted(deadline: Duration = .seconds(60)) async throws {
        let produced = producedEvents()
        try await eventually("\(produced) events are committed", deadline: deadline) {
            try committedEvents() >= produced
        }
    }
}
