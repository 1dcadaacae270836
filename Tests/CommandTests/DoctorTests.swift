import Foundation
import Kafka
import ObjectStorage
import TestSupport
import Testing

@testable import varve

@Suite("varve doctor")
struct DoctorTests {
    @Test("a directory passes every required check")
    func directory() async throws {
        let directory = try TemporaryDirectory("varve-doctor")
        let outcome = await runVarve(["doctor", "--lake", "file://\(directory.path)", "--output", "csv"])
        #expect(outcome.status == .success, "\(outcome.output)")
        #expect(outcome.output.contains("store,exactly_once,ok,"))
        #expect(outcome.errors == "nothing failed\n")
    }

    @Test("a directory that is not there is said so, and not made")
    func noDirectory() async throws {
        let directory = try TemporaryDirectory("varve-doctor")
        let outcome = await runVarve(["doctor", "--lake", "file://\(directory.path)/tpyo", "--output", "csv"])
        #expect(outcome.output.contains("store,open,warning,no directory is at"), "\(outcome.output)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }

    @Test("a store that ignores conditions is a failed check")
    func lyingStore() {
        let check = ProbeReport.Check(
            name: "put_if_absent", outcome: .failed, detail: "two writers won", meaning: "commits can be lost",
            isRequired: true)
        let report = ProbeReport(location: "s3://x", checks: [check])
        let findings = StoreExamination.findings(report)
        #expect(findings.filter { $0.outcome == .failed }.map(\.check) == ["put_if_absent", "exactly_once"])
    }

    @Test("topics that do not exist and expressions that match none are failed checks")
    func topics() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("orders", partitions: 3)
        let directory = try TemporaryDirectory("varve-doctor")
        let arguments = [
            "doctor", "--lake", "file://\(directory.path)", "--brokers", cluster.brokers, "--output", "csv", "--table",
            "t", "--topic", "orders", "--topic", "nope", "--topic", "/no-such-.*/", "--topic", "/ord.*/",
        ]
        let outcome = await runVarve(arguments)
        #expect(outcome.status == .checkFailed)
        #expect(outcome.output.contains("kafka,topic orders,ok,\"1 topic, 3 partitions\""))
        #expect(outcome.output.contains("kafka,topic nope,failed,"))
        #expect(outcome.output.contains("kafka,topic /no-such-.*/,failed,"))
        #expect(outcome.output.contains("kafka,topic /ord.*/,ok,"))
    }

    @Test("brokers that do not answer are one failed check")
    func noBrokers() async throws {
        let directory = try TemporaryDirectory("varve-doctor")
        // Port 1 refuses at once.
        let outcome = await runVarve([
            "doctor", "--lake", "file://\(directory.path)", "--brokers", "127.0.0.1:1", "--topic", "a", "--output",
            "csv",
        ])
        #expect(outcome.status == .checkFailed)
        #expect(outcome.output.contains("kafka,brokers,failed,"))
    }

    @Test("verify --kafka tells how far behind the lake is, and finds a topic that was made anew")
    func verifyKafka() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("orders", partitions: 2)
        let lake = try await SmallLake()
        let arguments = ["verify", "orders", "--kafka", "--brokers", cluster.brokers, "--lake", lake.url]
        let outcome = await runVarve(arguments + ["--output", "csv"])
        #expect(outcome.status == .checkFailed)
        #expect(outcome.output.contains("orders,kafka,orders/0,"))
        #expect(outcome.output.contains("the topic ends at 0, before the catalog's 121"))
        #expect(outcome.errors.contains("orders: 0 events behind the brokers"))
    }
}
