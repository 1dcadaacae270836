import LakeModel

/// One thing that `varve check` has to say of a configuration.
struct GuaranteeFinding: Hashable, Sendable, Listable {
    enum Level: String, Sendable {
        /// What holds.
        case guarantee
        /// What follows from a choice; nothing is wrong.
        case note
        /// What weakens a guarantee, or opens something.
        case warning
    }

    var level: Level
    /// Nil for the whole configuration.
    var table: String?
    var key: String
    var finding: String

    static let columns: [Column] = [.left("level"), .left("table"), .left("key"), .left("finding")]
    var cells: [Cell] { [.text(level.rawValue), .optional(table), .text(key), .text(finding)] }
}

/// Which guarantee a configuration gives, and why: a function of the settings alone.
enum Guarantee {
    static func findings(for settings: Settings) -> [GuaranteeFinding] {
        settings.tables.flatMap(tableFindings) + kafkaFindings(settings) + storeFindings(settings)
            + serverFindings(settings)
    }

    // MARK: Tables

    private static func tableFindings(_ table: Settings.Table) -> [GuaranteeFinding] {
        var findings: [GuaranteeFinding] = []
        func add(_ level: GuaranteeFinding.Level, _ key: String, _ text: String) {
            findings.append(GuaranteeFinding(level: level, table: table.name, key: key, finding: text))
        }
        switch table.onReset {
        case .stop:
            add(
                .guarantee, "on_reset",
                "exactly once: offsets travel in the commit that adds their events, and a lost offset stops the writer")
        case .earliest:
            add(.warning, "on_reset", "exactly once, but events that Kafka dropped before they were read leave a gap")
        case .latest:
            add(.warning, "on_reset", "exactly once, but after a lost offset all events up to the end are skipped")
        }
        if case .latest = table.start {
            add(.note, "start", "events from before the first start of a topic partition are left out")
        }
        findings += lossFindings(table) + timeFindings(table)
        return findings
    }

    private static func lossFindings(_ table: Settings.Table) -> [GuaranteeFinding] {
        var findings: [GuaranteeFinding] = []
        func add(_ level: GuaranteeFinding.Level, _ key: String, _ text: String) {
            findings.append(GuaranteeFinding(level: level, table: table.name, key: key, finding: text))
        }
        switch table.format {
        case .envelope: add(.guarantee, "format", "lossless: topics can be restored byte for byte")
        case .value:
            add(.note, "format", "keys, headers and Kafka timestamps are not kept; a payload that is not JSON is dead")
        case .parquet where table.schema.sources.isEmpty:
            add(.guarantee, "format", "lossless: every event can be restored from its columns byte for byte")
        case .parquet:
            add(
                .note, "format",
                "payloads are taken apart: all values are kept, white space and explicit nulls are not; a payload that"
                    + " is not JSON is dead")
        }
        switch table.late.policy {
        case .accept: break
        case .separate: add(.note, "late.policy", "late events are in \(table.name).late, not in \(table.name)")
        case .deadLetter:
            add(.note, "late.policy", "late events are in \(table.name).dead_letter, not in \(table.name)")
        }
        if table.close.idle.milliseconds > 0 {
            add(
                .note, "close.idle",
                "an hour can be declared complete while a topic partition is silent; what it sends later is late")
        }
        return findings
    }

    private static func timeFindings(_ table: Settings.Table) -> [GuaranteeFinding] {
        var findings: [GuaranteeFinding] = []
        func add(_ level: GuaranteeFinding.Level, _ key: String, _ text: String) {
            findings.append(GuaranteeFinding(level: level, table: table.name, key: key, finding: text))
        }
        let partition = table.partition
        if partition.time == "kafka" {
            add(.guarantee, "partition.time", "a replay puts every event where it was: its time is stored in Kafka")
        } else {
            add(
                .note, "partition.time",
                "events whose \(partition.time) is absent or unreadable go to \(table.name).dead_letter")
        }
        if partition.zone != "UTC" {
            add(
                .note, "partition.zone", "where \(partition.zone) moves its clocks, one hour a year is double or absent"
            )
        }
        if partition.shardBy == "key", partition.shards > 1 {
            add(.note, "partition.shard_by", "events without a key all go to one shard")
        }
        return findings
    }

    // MARK: Kafka

    private static func kafkaFindings(_ settings: Settings) -> [GuaranteeFinding] {
        var findings: [GuaranteeFinding] = []
        func add(_ level: GuaranteeFinding.Level, _ key: String, _ text: String) {
            findings.append(GuaranteeFinding(level: level, table: nil, key: "kafka." + key, finding: text))
        }
        let properties = settings.kafka.properties
        if properties["isolation.level"] == "read_uncommitted" {
            add(.warning, "properties.isolation.level", "events of aborted transactions enter the lake")
        }
        let protocolName = properties["security.protocol"]?.lowercased() ?? "plaintext"
        if !protocolName.hasSuffix("ssl"), !brokersAreLocal(settings.kafka.brokers ?? "") {
            add(
                .warning, "properties.security.protocol",
                "events and passwords travel in the clear: use SSL or SASL_SSL")
        }
        if properties["enable.ssl.certificate.verification"] == "false" {
            add(.warning, "properties.enable.ssl.certificate.verification", "brokers are not authenticated")
        }
        if let text = properties["max.poll.interval.ms"], let interval = Int(text), interval < 60_000 {
            add(
                .warning, "properties.max.poll.interval.ms",
                "a slow store can cost the group membership: use 60000 or more")
        }
        let oldest = settings.tables.map(\.rotate.age.milliseconds).max() ?? 0
        let atRisk = exactDuration(oldest + settings.commit.every.milliseconds)
        add(
            .note, "brokers",
            "topics must keep events for the longest outage to survive plus \(atRisk) (rotate.age and commit.every)"
        )
        return findings
    }

    private static func brokersAreLocal(_ brokers: String) -> Bool {
        brokers.split(separator: ",").allSatisfy { broker in
            let broker = broker.trimmingPrefix { $0 == " " }
            return ListenAddress(String(broker))?.isLoopback ?? (broker == "localhost" || broker.hasPrefix("127."))
        }
    }

    // MARK: Store and server

    private static func storeFindings(_ settings: Settings) -> [GuaranteeFinding] {
        var findings: [GuaranteeFinding] = []
        func add(_ level: GuaranteeFinding.Level, _ key: String, _ text: String) {
            findings.append(GuaranteeFinding(level: level, table: nil, key: key, finding: text))
        }
        switch settings.lake {
        case .directory:
            add(.note, "lake", "a directory is as durable as its disk, and belongs to one machine")
        case .s3:
            add(
                .guarantee, "lake",
                "commits are conditional writes; a store that does not honour them is refused at start")
            if !settings.s3.verifiesTLS { add(.warning, "s3.tls_verify", "the store is not authenticated") }
            if settings.s3.endpoint?.hasPrefix("http://") == true, settings.s3.allowsHTTP {
                add(.warning, "s3.allow_http", "events travel to the store in the clear")
            }
            if settings.s3.checksum == .none {
                add(.warning, "s3.checksum", "damage on the way to the store is noticed only when the object is read")
            }
        }
        let lanes = settings.tables.reduce(0) { $0 + $1.partition.shards }
        let share = settings.memory.bytes / max(1, lanes)
        if share < 4 << 20 {
            add(
                .warning, "memory",
                "\(lanes) shards share \(exactBytes(settings.memory.bytes)): objects will be cut short to stay in it")
        }
        return findings
    }

    private static func serverFindings(_ settings: Settings) -> [GuaranteeFinding] {
        guard let listen = settings.server.listen, !listen.isLoopback else { return [] }
        let text = "health and metrics are open to whoever reaches \(listen.host); there is no password"
        return [GuaranteeFinding(level: .warning, table: nil, key: "server.listen", finding: text)]
    }
}
