/// How a consumer reaches its cluster and group, and how much it may hold.
public struct KafkaSettings: Sendable {
    /// How the group shares out topic partitions.
    public enum Assignment: String, Sendable, CaseIterable {
        /// Moves only the topic partitions that have to move (KIP-429). The group must not mix it with the others.
        case cooperativeSticky = "cooperative-sticky"
        case range
        case roundRobin = "roundrobin"
    }

    /// `host:port`, several separated by commas.
    public var brokers: String
    public var group: String
    public var clientID: String
    /// For static membership (KIP-345): one name for each process of the group, kept over its restarts.
    public var instanceID: String?
    public var assignment: Assignment
    /// Signals `.reachedEnd` whenever a topic partition has been read to its end.
    public var reportsEnd: Bool
    /// The share of memory for fetched events that nobody has polled yet; see `docs/decisions/0021`.
    public var queueBytesMax: Int
    /// Any property of librdkafka, by its name. They win over what the other settings imply, but for those on which
    /// exactly-once depends: a value that contradicts them is refused.
    public var properties: [String: String]
    /// Answers the broker's question who this is, with `sasl.mechanism` OAUTHBEARER; nil where properties do.
    public var tokens: (any KafkaTokenSource)?

    public init(
        brokers: String, group: String, clientID: String = "varve", instanceID: String? = nil,
        assignment: Assignment = .cooperativeSticky, reportsEnd: Bool = false, queueBytesMax: Int = 64 << 20,
        properties: [String: String] = [:]
    ) {
        (self.brokers, self.group, self.clientID, self.instanceID) = (brokers, group, clientID, instanceID)
        (self.assignment, self.reportsEnd, self.queueBytesMax) = (assignment, reportsEnd, queueBytesMax)
        self.properties = properties
    }

    /// The least `queueBytesMax`: below it, single fetches no longer fit.
    public static let queueBytesLeast = 4 << 20
}

extension KafkaSettings {
    /// Everything that is set on the consumer, in order; later ones win.
    func consumerProperties() throws(KafkaError) -> [(name: String, value: String)] {
        try refuseContradictions()
        var result: [(name: String, value: String)] = [
            ("bootstrap.servers", brokers), ("group.id", group), ("client.id", clientID),
            ("partition.assignment.strategy", assignment.rawValue),
            ("isolation.level", "read_committed"),
            // New topics of a pattern and new partitions are found within this time (librdkafka: 5 minutes).
            ("topic.metadata.refresh.interval.ms", "60000"),
            // An expression for all topics would take them, and each commit's group offsets would be the next events.
            ("topic.blacklist", "^__consumer_offsets$,^__transaction_state$"),
        ]
        if let instanceID { result.append(("group.instance.id", instanceID)) }
        result += memoryProperties()
        result += properties.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        result += boundProperties.map { (name: $0.name, value: $0.value) }
        result.append(("log.queue", "true"))
        return result
    }

    /// What exactly-once depends on; `accepted` are other ways to say the same.
    private var boundProperties: [(name: String, value: String, accepted: Set<String>, why: String)] {
        let no: Set<String> = ["false", "f", "0"]
        let yes: Set<String> = ["true", "t", "1"]
        let catalog = "the lake's catalog keeps the offsets"
        var result = [
            ("enable.auto.commit", "false", no, catalog),
            ("enable.auto.offset.store", "false", no, catalog),
            ("auto.offset.reset", "error", ["error"], "a lost offset must be decided on, never skipped over"),
            // librdkafka leaves it off, the Java client does not.
            ("check.crcs", "true", yes, "what was damaged on its way must not pass for events"),
        ]
        if reportsEnd {
            result.append(("enable.partition.eof", "true", yes, "the end of each topic partition was asked for"))
        }
        return result
    }

    private func refuseContradictions() throws(KafkaError) {
        // The alias of enable.auto.commit that librdkafka still takes.
        let aliases = ["enable.auto.commit": ["auto.commit.enable"]]
        for bound in boundProperties {
            for name in [bound.name] + (aliases[bound.name] ?? []) {
                guard let value = properties[name], !bound.accepted.contains(value.lowercased()) else { continue }
                throw KafkaError(
                    .invalidArgument, operation: "kafka.properties",
                    message: "\(name) must be \(bound.value), not \(value): \(bound.why); remove the property")
            }
        }
        guard queueBytesMax >= Self.queueBytesLeast else {
            throw KafkaError(
                .invalidArgument, operation: "kafka settings",
                message: "the memory for fetched events is \(queueBytesMax) bytes, it must be at least "
                    + "\(Self.queueBytesLeast); give the process more memory")
        }
    }

    /// Shares `queueBytesMax` out: half for events that wait, and small fetches, as what a fetch brings is added after
    /// the check, uncompressed.
    private func memoryProperties() -> [(name: String, value: String)] {
        let queued = queueBytesMax / 2
        let fetch = min(max(queueBytesMax / 32, 1 << 20), 8 << 20)
        let partition = min(fetch, 1 << 20)
        return [
            ("queued.max.messages.kbytes", String(min(queued / 1024, 2_097_151))),
            // Each waiting event costs about 400 bytes besides its own, so their number is bounded too.
            ("queued.min.messages", String(min(max(queued / 400, 1), 10_000_000))),
            ("fetch.max.bytes", String(fetch)),
            ("max.partition.fetch.bytes", String(partition)),
        ]
    }
}
