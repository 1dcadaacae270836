import Catalog
import Foundation
import Kafka
import LakeModel
import Logging
import ObjectStorage
import SampleEvents

/// The demo's middle part: produces, runs a writer, kills it half-way, runs another, until the lake has everything.
struct DemoShow {
    let stage: DemoStage
    let events: Int
    let seed: UInt64
    let context: CommandContext

    private static let topic = "clicks"
    private static let partitions = 16
    /// The cluster in this process keeps about 5 MB of each partition, so that events are produced only this far ahead
    /// of what the lake has.
    private static let eventsAheadMax: Int64 = 3500
    private static let patience = Duration.seconds(120)

    /// Plays, and returns what was produced.
    func run() async throws -> DemoLedger {
        let cluster = try MockCluster()
        try cluster.createTopic(Self.topic, partitions: Self.partitions)
        try stage.writeConfiguration(brokers: cluster.brokers)
        let logger = Logger(label: "varve.demo") { _ in SwiftLogNoOpLogHandler() }
        let producer = try KafkaProducer(brokers: cluster.brokers, logger: logger)
        let progress = ProgressLine(context.console)
        let lake = Lake(
            store: try DirectoryObjectStore(root: "\(stage.directory)/lake"), clock: context.clock, logger: logger)
        let table = try await lake.open(try TableName.parse(Self.topic))
        var writer = try DemoWriter(stage)
        defer { writer.kill() }
        var ledger = DemoLedger(partitions: Self.partitions)
        let samples = SampleEvents(options)
        var isFirstWriter = true
        let deadline = context.clock.elapsed() + Self.patience
        while true {
            let head = try await table.refresh()
            let committed = (0..<Self.partitions).map { number in
                head.next(of: TopicPartition(topic: Self.topic, partition: Int32(number))) ?? 0
            }
            let total = committed.reduce(0, +)
            progress.show("produced \(ledger.count) of \(events), in the lake \(total)")
            if total == events { break }
            if isFirstWriter, total >= events / 2 {
                isFirstWriter = false
                progress.clear()
                context.console.say(
                    "Half is in the lake. Killing the writer (SIGKILL, pid \(writer.pid)), starting another.")
                writer.kill()
                writer = try DemoWriter(stage)
            }
            try produce(samples, producer, &ledger, committed)
            try check(writer, deadline)
            try await context.clock.sleep(for: .milliseconds(30))
        }
        progress.clear()
        context.console.say("Everything is in the lake. Stopping the writer (SIGTERM).")
        try await writer.stop(clock: context.clock)
        return ledger
    }

    private var options: SampleOptions {
        SampleOptions(
            count: events, seed: seed,
            fractions: [.late: 1 / 64, .malformed: 0.001, .nullKey: 0.01, .tombstone: 0.002, .binary: 0.001])
    }

    /// Sends the next events, as many as the cluster can keep until the lake has them.
    private func produce(
        _ samples: SampleEvents, _ producer: KafkaProducer, _ ledger: inout DemoLedger, _ committed: [Int64]
    ) throws(KafkaError) {
        while ledger.count < events {
            let partition = ledger.count % Self.partitions
            guard ledger.next(of: partition) - committed[partition] < Self.eventsAheadMax else { break }
            let (event, key, value) = samples.event(ledger.count)
            let headers: [KafkaProducer.Header] =
                ledger.count % 100 == 0 ? [("trace", Array("t\(ledger.count)".utf8))] : []
            try producer.send(
                topic: Self.topic, partition: Int32(partition), key: key, value: value, headers: headers,
                timestamp: event.timestamp)
            ledger.note(
                partition, DemoLedger.digest(key, value, headers.map { ($0.name, $0.value) }, event.timestamp))
        }
        producer.poll()
    }

    private func check(_ writer: DemoWriter, _ deadline: Duration) throws(CommandFailure) {
        guard writer.isRunning else {
            throw CommandFailure(.software, "the writer ended by itself", at: writer.logFile, fix: "see its log")
        }
        guard context.clock.elapsed() < deadline else {
            throw CommandFailure(
                .temporaryFailure, "the lake did not get everything in two minutes", at: writer.logFile,
                fix: "see the writer's log")
        }
    }
}

/// A `varve run` in a process of its own.
struct DemoWriter {
    private let process = Process()
    let logFile: String

    init(_ stage: DemoStage) throws {
        logFile = "\(stage.directory)/writer.log"
        if !FileManager.default.fileExists(atPath: logFile) {
            _ = FileManager.default.createFile(atPath: logFile, contents: nil)
        }
        guard let log = FileHandle(forWritingAtPath: logFile) else {
            throw CommandFailure(.cannotCreate, "no log can be written", at: logFile, fix: "set TMPDIR")
        }
        try log.seekToEnd()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["run", "--config", stage.configuration]
        process.standardOutput = log
        process.standardError = log
        try process.run()
    }

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    func kill() {
        guard process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Asks the writer to end; throws where it does not, or not well.
    func stop(clock: any LakeClock) async throws {
        process.terminate()
        for _ in 0..<300 where process.isRunning { try await clock.sleep(for: .milliseconds(100)) }
        guard !process.isRunning, process.terminationStatus == 0 else {
            throw CommandFailure(.software, "the writer did not end well", at: logFile, fix: "see its log")
        }
    }
}
