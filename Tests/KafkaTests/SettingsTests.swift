@testable import Kafka
import LakeModel
import Logging
import Testing

@Suite("settings")
struct SettingsTests {
    private func settings(_ properties: [String: String]) -> KafkaSettings {
        KafkaSettings(brokers: "127.0.0.1:9", group: "g", reportsEnd: true, properties: properties)
    }

    @Test(
        "a property that would break exactly-once is refused by name",
        arguments: [
            ("enable.auto.commit", "true"), ("auto.commit.enable", "true"), ("enable.auto.offset.store", "TRUE"),
            ("auto.offset.reset", "earliest"), ("enable.partition.eof", "false"), ("check.crcs", "false"),
        ])
    func refused(property: String, value: String) throws {
        let error = #expect(throws: KafkaError.self) { try settings([property: value]).consumerProperties() }
        #expect(error?.description.contains(property) == true)
        #expect(error?.code == .invalidArgument)
    }

    @Test("the same said in other words is accepted, and ours are set last")
    func accepted() throws {
        let same = ["enable.auto.commit": "0", "auto.offset.reset": "ERROR", "enable.partition.eof": "t"]
        let all = try settings(same).consumerProperties()
        #expect(all.last { $0.name == "enable.auto.commit" }?.value == "false")
        #expect(all.last { $0.name == "auto.offset.reset" }?.value == "error")
    }

    @Test("the user's properties win over the rest")
    func userWins() throws {
        let all = try settings(["fetch.max.bytes": "2000000", "isolation.level": "read_uncommitted"])
            .consumerProperties()
        #expect(all.last { $0.name == "fetch.max.bytes" }?.value == "2000000")
        #expect(all.last { $0.name == "isolation.level" }?.value == "read_uncommitted")
    }

    @Test("unknown properties and bad values are errors that name the property")
    func unknownProperty() {
        let unknown = #expect(throws: KafkaError.self) {
            try KafkaConsumer(settings(["fetch.max.bites": "1"]), logger: quietLog)
        }
        #expect(unknown?.description.contains("fetch.max.bites") == true)
        let bad = #expect(throws: KafkaError.self) {
            try KafkaProducer(brokers: "x", properties: ["linger.ms": "soon"], logger: quietLog)
        }
        #expect(bad?.description.contains("linger.ms") == true)
        #expect(throws: KafkaError.self) {
            try KafkaConsumer(
                KafkaSettings(brokers: "x", group: "g", queueBytesMax: 1), logger: quietLog)
        }
    }

    @Test("every share of memory makes settings that librdkafka takes", arguments: [4 << 20, 64 << 20, 1 << 34])
    func memory(queueBytesMax: Int) throws {
        var settings = settings([:])
        settings.queueBytesMax = queueBytesMax
        _ = try KafkaConsumer(settings, logger: quietLog)
    }

    @Test("secrets are masked where settings are shown, and taken out of what librdkafka says")
    func secrets() {
        let shown = KafkaSecrets.maskedProperties([
            "sasl.password": "hunter2", "ssl.key.password": "hunter3", "sasl.username": "me",
            "ssl.key.pem": "-----BEGIN", "sasl.oauthbearer.config": "x", "sasl.oauthbearer.client.secret": "y",
        ])
        #expect(shown["sasl.username"] == "me")
        #expect(shown.values.filter { $0 == KafkaSecrets.mask }.count == 5)

        let canary = "canary-secret"
        // librdkafka repeats a bad value in its error text.
        let error = #expect(throws: KafkaError.self) {
            try KafkaConsumer(
                settings(["sasl.password": canary, "sasl.mechanism": canary, "debug": canary]), logger: quietLog)
        }
        #expect(error.map { !$0.description.contains(canary) } == true)
    }

    @Test("no secret is in the log, even with every debug context on")
    func secretsInLogs() throws {
        let lines = LogLines()
        let canary = "canary-secret"
        let reader = try Reader(
            settings([
                "sasl.password": canary, "sasl.username": "me", "sasl.mechanism": "PLAIN",
                "security.protocol": "SASL_PLAINTEXT", "debug": "all",
            ]), topics: ["t"], log: lines.logger)
        try reader.poll(until: "librdkafka has talked") { lines.all.count > 20 }
        #expect(!lines.all.contains { $0.contains(canary) })
        #expect(lines.all.contains { $0.contains("sasl") })
    }

    @Test("errors are one line in our style, with librdkafka's name for them")
    func errorStyle() {
        let error = KafkaError(.timedOut, operation: "flush", message: "Local: it\nfailed.")
        #expect(error.description.hasPrefix("flush: local: it failed (_TIMED_OUT); "))
        #expect(KafkaError(.state, operation: "x", message: "SSL broke").message == "SSL broke")
        #expect(KafkaError.Code(number: 3).description == "UNKNOWN_TOPIC_OR_PART")
        #expect(KafkaError.Code(number: 31_000).description.contains("31000"))
    }

    @Test("durations become milliseconds, rounded up and bounded")
    func milliseconds() {
        #expect(Duration.microseconds(1).millisecondsForC == 1)
        #expect(Duration.milliseconds(1500).millisecondsForC == 1500)
        #expect(Duration.seconds(-1).millisecondsForC == 0)
        #expect(Duration.seconds(1 << 40).millisecondsForC == 2_000_000_000)
    }

    @Test("sources are dense, stable and keep their state when the table grows")
    func sourceTable() {
        var table = SourceTable()
        let partitions = (0..<100).map { TopicPartition(topic: "t\($0 % 3)", partition: Int32($0)) }
        for (index, partition) in partitions.enumerated() {
            table.own(partition, from: Int64(index))
            #expect(table.index(of: partition) == Int32(index))
        }
        #expect(table.states?[99].next == 99)
        #expect(table.states?[0].isOwned == true)
        table.disown(partitions[5])
        #expect(table.owned.count == 99)
        #expect(table.index(of: partitions[5]) == 5)
        #expect(table.partition(of: 5) == partitions[5])
        #expect(table.partition(of: 100) == nil)
        #expect(table.partition(of: -1) == nil)
    }
}
