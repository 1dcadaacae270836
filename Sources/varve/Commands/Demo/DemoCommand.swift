import ArgumentParser
import Catalog
import Foundation
import LakeModel

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Shows the main job on this machine alone: Kafka to lake, killed half-way, verified.",
        discussion: """
            Starts a Kafka cluster inside this process (librdkafka's own), produces realistic events with late, \
            malformed, binary, null-key and tombstone ones among them, writes them to a lake in a new temporary \
            directory with 'varve run', kills that writer without warning half-way, starts it again, and compares \
            the lake with what was produced, event by event.

            """ + ExitStatus.help(own: [(.checkFailed, "an event is missing, doubled or changed")], .ioError))

    @Option(help: ArgumentHelp("How many events.", valueName: "number"))
    var events = 300_000

    @Option(
        help: ArgumentHelp("What the events are made from; the same seed makes the same events.", valueName: "number"))
    var seed: UInt64 = 42

    func validate() throws {
        guard (1000...5_000_000).contains(events) else {
            throw ValidationError("--events has to be between 1000 and 5000000")
        }
    }

    func run() async throws {
        let context = CommandContext.current
        let stage = try DemoStage.create()
        let console = context.console
        console.say("A lake in \(stage.lakeURL), a Kafka cluster in this process, and \(events) events for it.")
        let ledger = try await play(stage, context)
        try await stage.show(["tables", "--lake", stage.lakeURL], in: context)
        try await stage.show(["manifest", "ls", "--lake", stage.lakeURL, "--limit", "8", "clicks"], in: context)
        try await stage.show(["cat", "--lake", stage.lakeURL, "--limit", "2", "clicks"], in: context)
        try await stage.show(["cat", "--lake", stage.lakeURL, "--limit", "2", "clicks.dead_letter"], in: context)
        try await stage.show(["verify", "--lake", stage.lakeURL, "--deep"], in: context)
        let findings = try await DemoAudit(stage: stage, ledger: ledger).run(in: context)
        try report(findings, stage, console)
    }

    /// Plays the middle part. Who ends it early leaves no writer and no files behind.
    private func play(_ stage: DemoStage, _ context: CommandContext) async throws -> DemoLedger {
        let show = Task { [events, seed] in
            try await DemoShow(stage: stage, events: events, seed: seed, context: context).run()
        }
        let signals = StopSignals { show.cancel() }
        defer { signals.cancel() }
        do {
            return try await show.value
        } catch {
            if show.isCancelled { try? FileManager.default.removeItem(atPath: stage.directory) }
            throw error
        }
    }

    private func report(_ findings: DemoAudit.Findings, _ stage: DemoStage, _ console: Console) throws {
        console.say("")
        console.say(
            "Compared with what was produced: \(findings.produced) events produced, \(findings.found) in the lake"
                + " (\(findings.perSide.map { "\($0.count) \($0.side)" }.joined(separator: ", "))),"
                + " \(findings.missing) missing, \(findings.doubled) doubled, \(findings.changed) changed.")
        guard findings.isClean else { throw CommandFailure.checkFailed }
        console.say(
            """

            The writer was killed and nothing was lost or doubled. Look around:
              varve tables --lake \(stage.lakeURL)
              varve manifest log --lake \(stage.lakeURL) clicks
              varve cat --lake \(stage.lakeURL) --limit 5 --raw clicks
              varve manifest ls --lake \(stage.lakeURL) clicks --output csv |
                duckdb -c "set variable live = (select list(url) from read_csv('/dev/stdin'));
                           select count(*) from read_json_auto(getvariable('live'))"
            Then with your own Kafka and store: see README.md. The demo's files: rm -r \(stage.directory)
            """)
    }
}

/// Where a demo plays: a directory of its own with the lake and the writer's configuration.
struct DemoStage: Sendable {
    var directory: String

    var lakeURL: String { "file://\(directory)/lake" }
    var configuration: String { "\(directory)/varve.yaml" }

    static func create() throws(CommandFailure) -> DemoStage {
        let base = FileManager.default.temporaryDirectory.path
        // mkdtemp(3) replaces six X.
        var template = Array("\(base)/varve-demo-\(String(repeating: "X", count: 6))".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure(.cannotCreate, "no directory can be made", at: base, fix: "set TMPDIR")
        }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return DemoStage(directory: path)
    }

    func writeConfiguration(brokers: String) throws {
        // Small, quick and with something of everything; docs/configuration.md explains each key.
        let text = """
            lake: \(lakeURL)
            kafka:
              brokers: \(brokers)
              group: demo
              instance_id: demo-writer
              properties: { session.timeout.ms: "6000", heartbeat.interval.ms: "500" }
            memory: 128MiB
            commit: { every: 250ms }
            server: { listen: "127.0.0.1:0" }
            tables:
              - name: clicks
                topics: [clicks]
                partition: { time: "field:/ts_ms", unit: ms, shards: 4 }
                rotate: { age: 1s }
                late: { after: 10m, policy: separate }
            """
        try text.write(toFile: configuration, atomically: true, encoding: .utf8)
    }

    /// Runs a command as a user would, after showing its command line.
    func show(_ arguments: [String], in context: CommandContext) async throws {
        try context.console.flush()
        context.console.say("\n$ varve \(arguments.joined(separator: " "))")
        let status = await Program.run(arguments, in: context)
        guard status == .success else { throw CommandFailure.checkFailed }
    }
}
