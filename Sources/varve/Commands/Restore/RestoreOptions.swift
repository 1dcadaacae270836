import ArgumentParser
import Kafka
import LakeModel
import Maintenance

extension RestoreDestination.Partitions: ExpressibleByArgument {}

/// Where events go and how fast: the options that `restore` and `dlq replay` share.
struct RestoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The brokers, where no configuration names them.", valueName: "list"))
    var brokers: String?

    @Option(
        help: ArgumentHelp(
            "Another configuration, whose kafka section names the cluster that takes the events.", valueName: "file"))
    var toConfig: String?

    @Option(
        help: ArgumentHelp("The topic that takes the events (default: the one they came from).", valueName: "name"))
    var toTopic: String?

    @Option(
        help: ArgumentHelp("Which partition takes an event: keep, or key (by the key's hash).", valueName: "rule"))
    var partitions: RestoreDestination.Partitions = .keep

    @Option(help: ArgumentHelp("At most this many events a second.", valueName: "number"))
    var rate: Double?

    @Option(help: ArgumentHelp("At most this many bytes of keys, values and headers a second.", valueName: "size"))
    var rateBytes: SizeArgument?

    @Option(help: ArgumentHelp("At most this many events in one transaction.", valueName: "number"))
    var batch = 10_000

    @Flag(help: "Go without transactions: after a crash some events come twice.")
    var atLeastOnce = false

    @Flag(help: "Only say what would be sent; this is what happens without --yes too.")
    var plan = false

    @Flag(help: "Send.")
    var yes = false

    func validate() throws {
        if plan, yes { throw ValidationError("--plan and --yes exclude each other") }
        if let rate, !(rate > 0 && rate.isFinite) { throw ValidationError("--rate is more than 0") }
        if let rateBytes, rateBytes.bytes < 1 { throw ValidationError("--rate-bytes is more than 0") }
        if !(1...1_000_000).contains(batch) { throw ValidationError("--batch goes from 1 to 1000000") }
        if let toTopic, case .name? = TopicSelector(toTopic) { return }
        if toTopic != nil { throw ValidationError("--to-topic is no topic's name") }
    }

    var limits: RestoreLimits {
        var limits = RestoreLimits(eventsPerSecond: rate, bytesPerSecond: rateBytes.map { Double($0.bytes) })
        limits.saveEventsMax = batch
        return limits
    }

    /// How the cluster that takes the events is reached.
    func kafka(_ session: LakeSession) throws -> KafkaSettings {
        guard let toConfig else { return try session.settings.kafkaSettings(in: session.context) }
        var options = ConfigOptions()
        options.config = toConfig
        var source = try options.source(in: session.context.forSecondConfiguration)
        if let brokers { source.options.append(([.key("kafka"), .key("brokers")], brokers, "--brokers")) }
        // Its lake does not matter, so it need not be there.
        if source.yaml?.text.contains("lake:") != true { source.options.append(([.key("lake")], "file:///", "")) }
        return try source.load(for: .lake).settings.kafkaSettings(in: session.context)
    }

    /// The same; where nothing is sent the brokers need not be known.
    func kafkaIfNeeded(_ session: LakeSession) throws -> KafkaSettings {
        guard !yes, toConfig == nil, session.settings.kafka.brokers == nil else { return try kafka(session) }
        return KafkaSettings(brokers: "", group: "")
    }

    /// Checks that the target can take what is planned, and returns its topic partitions.
    func carriers(
        _ destination: RestoreDestination, _ plan: RestorePlan, topics: Set<String>, _ session: LakeSession
    ) async throws -> [TopicPartition] {
        let questions = BrokerQuestions(settings: destination.settings, logger: session.logger)
        let known = try await questions.metadata().topics
        var carriers: [TopicPartition] = []
        for name in Set(topics.map(destination.topic(of:))).sorted() {
            guard let topic = known.first(where: { $0.name == name }), topic.error == nil, !topic.partitions.isEmpty
            else {
                throw CommandFailure(
                    .noInput, "the brokers know no such topic", at: "topic \(name)",
                    fix: "create it, or give --to-topic")
            }
            carriers += topic.partitions.map { TopicPartition(topic: name, partition: $0.number) }
        }
        guard destination.partitions == .keep else { return carriers }
        let targets = Set(carriers)
        for row in plan.rows {
            let target = TopicPartition(
                topic: destination.topic(of: row.source.topic), partition: row.source.partition)
            guard targets.contains(target) else {
                throw CommandFailure(
                    .usage, "the topic has too few partitions for events of \(row.source)", at: "topic \(target.topic)",
                    fix: "add partitions, or give --partitions key")
            }
        }
        return carriers
    }
}

/// What a restore would send of one topic partition, or has sent.
struct RestoreRow: Listable {
    var row: RestorePlan.Row
    var topic: String
    /// Nil in plans.
    var sent: Int64?

    static let columns: [Column] = [
        .left("topic"), .right("partition"), .right("first"), .right("end"), .right("events"), .right("objects"),
        .left("to_topic"), .right("sent"),
    ]

    var cells: [Cell] {
        [
            .text(row.source.topic), .integer(Int64(row.source.partition)), .integer(row.first), .integer(row.end),
            .integer(row.events), .integer(row.objects), .text(topic), .optional(sent),
        ]
    }
}
