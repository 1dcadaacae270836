import Catalog
import Foundation
import Ingest
import Kafka
import LakeModel
import Logging
import Operations
import TestSupport
import Testing

@testable import varve

@Suite("Settings and commands for running it")
struct OperateTests {
    private func console(_ yaml: String) throws -> Settings.Server {
        try loadSettings("lake: file:///tmp/l\n" + yaml, need: .lake).settings.server
    }

    @Test("the console is on where only this machine reaches it, or where a token guards it")
    func consoleChoice() throws {
        #expect(try console("").servesConsole)
        #expect(try !console("server: { listen: \"0.0.0.0:9464\" }").servesConsole)
        let token = "console_token: 0123456789abcdef"
        #expect(try console("server: { listen: \"0.0.0.0:9464\", \(token) }").servesConsole)
        #expect(try console("server: { listen: \"0.0.0.0:9464\", console: on }").servesConsole)
        #expect(try !console("server: { console: off, \(token) }").servesConsole)
    }

    @Test("a short token is refused, and no token is shown")
    func consoleToken() async throws {
        #expect(throws: (any Error).self) { try console("server: { console_token: short }") }
        let yaml = "lake: file:///tmp/l\nserver: { console_token: SENTINEL-0123456789 }\n"
        let shown = await runVarve(["config", "show", "--config", "v.yaml"], files: ["v.yaml": yaml])
        #expect(!(shown.output + shown.errors).contains("SENTINEL"))
    }

    @Test("varve console does not listen beyond this machine without a token")
    func openConsole() async throws {
        let directory = try TemporaryDirectory("varve-console")
        let outcome = await runVarve(
            ["console", "--lake", "file://\(directory.path)", "--listen", "0.0.0.0:0"])
        #expect(outcome.status == .configuration)
        #expect(outcome.errors.contains("VARVE_SERVER_CONSOLE_TOKEN"))
        #expect(await runVarve(["console", "--lake", "file:///tmp/l", "--listen", "nowhere"]).status == .usage)
    }

    @Test("levels are set by component, and nonsense is named")
    func levels() throws {
        let yaml = "lake: file:///tmp/l\nlog: { level: warning, levels: { varve.kafka: debug } }\n"
        let loaded = try loadSettings(yaml, need: .lake)
        let logging = RunLogging(loaded, clock: ManualClock())
        #expect(logging.logger("varve.kafka").logLevel == .debug)
        #expect(logging.logger("varve.ingest").logLevel == .warning)
        #expect(throws: (any Error).self) {
            try loadSettings("lake: file:///tmp/l\nlog: { levels: { varve.kafka: loud } }\n", need: .lake)
        }
        let environment = ["VARVE_LOG_LEVELS_VARVE_CATALOG": "trace"]
        let fromEnvironment = try loadSettings("lake: file:///tmp/l\n", environment: environment, need: .lake)
        #expect(fromEnvironment.settings.log.levels == ["varve.catalog": "trace"])
    }

    @Test("IAM for MSK turns SASL_SSL and OAUTHBEARER on, and contradictions are refused")
    func msk() throws {
        func settings(_ kafka: String) throws -> Settings {
            try loadSettings("lake: file:///tmp/l\nkafka: { \(kafka) }\ntables: [{ name: t }]\n").settings
        }
        let context = CommandContext(
            console: Console(output: { _ in }, errors: { _ in }), environment: [:], clock: ManualClock(),
            readFile: { _ in nil })
        let brokers = "brokers: \"b-1.kafka.eu-central-1.amazonaws.com:9098\""
        let kafka = try settings("\(brokers), aws_msk_iam: { region: eu-central-1 }").kafkaSettings(in: context)
        #expect(kafka.tokens != nil)
        #expect(
            kafka.properties["security.protocol"] == "SASL_SSL" && kafka.properties["sasl.mechanism"] == "OAUTHBEARER")
        #expect(try settings(brokers).kafkaSettings(in: context).tokens == nil)
        for wrong in [
            "aws_msk_iam: { profile: p }", "aws_msk_iam: { region: r }, properties: { sasl.mechanism: PLAIN }",
            "aws_msk_iam: { region: r }, properties: { security.protocol: SASL_PLAINTEXT }",
            "aws_msk_iam: { region: r }, properties: { security.protocol: PLAINTEXT }",
        ] {
            #expect(throws: (any Error).self, "\(wrong)") { try settings("\(brokers), \(wrong)") }
        }
        _ = try settings(
            "brokers: \"127.0.0.1:1\", aws_msk_iam: { region: r }, properties: { security.protocol: SASL_PLAINTEXT }")
    }

    @Test(
        "traceparents are read as W3C has them",
        arguments: [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes-later", true),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
            ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false), ("", false), ("---", false),
        ])
    func traceParents(text: String, isValid: Bool) {
        #expect((TraceParent(Array(text.utf8)) != nil) == isValid)
    }

    @Test("a trace may be named by its id or by a whole traceparent")
    func traceArguments() {
        let id = "0af7651916cd43dd8448eb211c80319c"
        #expect(TraceArgument(argument: id)?.id == id)
        #expect(TraceArgument(argument: id.uppercased())?.id == id)
        #expect(TraceArgument(argument: "00-\(id)-b7ad6b7169203331-01")?.id == id)
        #expect(TraceArgument(argument: String(id.dropLast())) == nil)
        #expect(HeaderArgument(argument: "a=b=c") == HeaderArgument(argument: "a=b=c"))
        #expect(HeaderArgument(argument: "a=b=c")?.value == "b=c" && HeaderArgument(argument: "a")?.value == nil)
        #expect(HeaderArgument(argument: "=x") == nil)
    }

    @Test("a writer whose ingest thread stands still is not ready, and says why")
    func readiness() throws {
        var status = IngestStatus()
        (status.at, status.hasAssignment) = (.seconds(60), true)
        #expect(RunServer.readiness(status, now: .seconds(90)).isOK)
        let report = RunServer.readiness(status, now: .seconds(95))
        #expect(!report.isOK)
        #expect(report.checks.filter { !$0.isOK }.map(\.detail) == ["the ingest thread has not reported for 35 s"])
        status.partitions = [
            IngestStatus.Partition(
                name: TopicPartition(topic: "orders", partition: 0), table: "orders", isConsuming: true, next: 0,
                committed: 0, watermark: nil, committedWatermark: nil, lagEvents: nil, lagSeconds: nil,
                refusal: "no right to read orders/0")
        ]
        let refused = RunServer.readiness(status, now: .seconds(61))
        #expect(refused.checks.filter { !$0.isOK }.map(\.detail) == ["no right to read orders/0"])
        // It has not begun.
        #expect(IngestStatus().age(at: .seconds(95)) == nil)
    }

    @Test("the metrics that alerts are made of are there, and say what they mean")
    func metrics() async throws {
        var status = IngestStatus()
        let now = Timestamp(milliseconds: 1_795_237_629_000)
        let names = (0..<3).map { TopicPartition(topic: "orders", partition: $0) }
        status.partitions = names.enumerated().map { index, name in
            IngestStatus.Partition(
                name: name, table: "orders", isConsuming: true, next: 20, committed: 10, watermark: nil,
                committedWatermark: now, lagEvents: Int64(index) * 5, lagSeconds: Double(index),
                stalledSeconds: Double(index) * 100)
        }
        var head = TableHead()
        for name in names { head.progress[name] = Progress(next: 10, watermark: now) }
        status.tables = [
            IngestStatus.TableStatus(
                name: "orders", version: 3, head: head, openObjects: 1, waitingObjects: 2, counters: TableCounters())
        ]
        status.at = .seconds(60)
        let later = now.advanced(byMilliseconds: 30_000)
        let registry = PrometheusRegistry()
        registry.addCollector { [status] in RunMetrics.families(status, now: later, elapsed: .seconds(102)) }
        let columns = PartitionColumns()
        registry.addColumns { [status] in [columns.columns(status)] }
        let text = await registry.render()
        for line in [
            #"varve_freshness_seconds{table="orders"} 30"#,
            #"varve_table_lag_events{table="orders"} 15"#, #"varve_table_lag_seconds{table="orders"} 2"#,
            #"varve_table_stalled_seconds{table="orders"} 200"#, #"varve_topic_partitions{table="orders"} 3"#,
            #"varve_lag_events{partition="2",table="orders",topic="orders"} 10"#,
            #"varve_stalled_seconds{partition="1",table="orders",topic="orders"} 100"#, "varve_paused_seconds_total 0",
            "varve_ingest_status_age_seconds 42",
        ] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
    }
}
