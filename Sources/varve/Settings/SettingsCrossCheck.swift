import LakeModel

/// Rules that span several keys.
struct SettingsCrossCheck {
    var settings: Settings
    var tree: SettingTree
    /// Knows how to write locations.
    var checker: SettingsChecker

    func problems(for need: SettingsNeed) -> [Problem] {
        var problems = s3Problems + tableProblems + logProblems
        if need == .ingest { problems += ingestProblems }
        return problems
    }

    func problem(_ what: String, _ path: [SettingStep], fix: String) -> Problem {
        let origin = tree.value(at: path)?.origin ?? .fallback
        return Problem(what, at: checker.location(path, origin), fix: fix)
    }

    private var logProblems: [Problem] {
        let levels: Set<String> = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
        return settings.log.levels.sorted { $0.key < $1.key }.compactMap { name, level in
            guard !levels.contains(level) else { return nil }
            return problem(
                "'\(level.prefix(40))' is no level", [.key("log"), .key("levels"), .key(name)],
                fix: "write one of trace, debug, info, notice, warning, error, critical")
        }
    }

    private var ingestProblems: [Problem] {
        var problems: [Problem] = []
        if settings.kafka.brokers == nil {
            problems.append(
                problem("no brokers are given", [.key("kafka"), .key("brokers")], fix: "write host:port, or --brokers"))
        }
        if settings.tables.isEmpty {
            problems.append(problem("no tables are given", [.key("tables")], fix: "write a table, or give --topic"))
        }
        problems += mskProblems
        for name in settings.kafka.properties.keys.sorted() {
            guard let reason = Self.reservedProperties[name] else { continue }
            problems.append(
                problem("the property is varve's own", [.key("kafka"), .key("properties"), .key(name)], fix: reason))
        }
        return problems
    }

    private var mskProblems: [Problem] {
        let (kafka, path) = (settings.kafka, [SettingStep.key("kafka")])
        guard kafka.mskIAM.region != nil else {
            guard kafka.mskIAM.profile != nil || kafka.mskIAM.roleARN != nil else { return [] }
            return [
                problem(
                    "IAM without the cluster's region", path + [.key("aws_msk_iam"), .key("region")],
                    fix: "write the region of the cluster")
            ]
        }
        var problems: [Problem] = []
        for name in ["sasl.mechanism", "sasl.mechanisms", "enable.sasl.oauthbearer.unsecure.jwt"] {
            guard let value = kafka.properties[name], value.uppercased() != "OAUTHBEARER" else { continue }
            problems.append(
                problem(
                    "it contradicts kafka.aws_msk_iam", path + [.key("properties"), .key(name)], fix: "leave it out"))
        }
        let isProtected = (kafka.properties["security.protocol"] ?? "SASL_SSL").uppercased() == "SASL_SSL"
        let brokers = (kafka.brokers ?? "").split(separator: ",")
        let isHere = brokers.allSatisfy { ListenAddress(String($0))?.isLoopback ?? false }
        if !isProtected, !isHere {
            problems.append(
                problem(
                    "tokens would travel in the clear", path + [.key("properties"), .key("security.protocol")],
                    fix: "leave it out: SASL_SSL is what MSK takes"))
        }
        return problems
    }

    /// Properties that would break what Varve promises, with what to do instead.
    static let reservedProperties = [
        "bootstrap.servers": "use kafka.brokers",
        "metadata.broker.list": "use kafka.brokers",
        "group.id": "use kafka.group",
        "group.instance.id": "use kafka.instance_id",
        "partition.assignment.strategy": "use kafka.assignment",
        "enable.auto.commit": "leave it out: the offsets that count are in the catalog",
        "enable.auto.offset.store": "leave it out: the offsets that count are in the catalog",
        "auto.offset.reset": "use start and on_reset of the table",
        "enable.partition.eof": "leave it out: varve needs it",
    ]

    private var s3Problems: [Problem] {
        var problems: [Problem] = []
        let s3 = settings.s3
        func check(_ holds: Bool, _ key: String, _ what: String, fix: String) {
            if !holds { problems.append(problem(what, [.key("s3"), .key(key)], fix: fix)) }
        }
        if let endpoint = s3.endpoint, endpoint.hasPrefix("http://"), !s3.allowsHTTP {
            check(
                isLoopback(endpoint), "endpoint", "events would travel in the clear",
                fix: "use https://, or set s3.allow_http: true")
        }
        check(
            (s3.accessKeyID == nil) == (s3.secretAccessKey == nil),
            s3.accessKeyID == nil ? "secret_access_key" : "access_key_id",
            "one half of a key pair", fix: "give access_key_id and secret_access_key, or neither")
        check(
            s3.sessionToken == nil || s3.accessKeyID != nil, "session_token", "a token without its key",
            fix: "give access_key_id and secret_access_key too")
        check(
            s3.externalID == nil || s3.roleARN != nil, "external_id", "an external id without a role",
            fix: "give s3.role_arn too")
        check(
            s3.kmsKey == nil || s3.encryption == .kms, "kms_key", "a KMS key without KMS encryption",
            fix: "set s3.sse: kms")
        check(
            (s3.customerKey != nil) == (s3.encryption == .customer), s3.customerKey == nil ? "sse" : "sse_c_key",
            "SSE-C needs both its key and sse: customer", fix: "give s3.sse: customer and s3.sse_c_key, or neither")
        check(
            s3.payload != .unsigned || s3.endpoint?.hasPrefix("http://") != true, "payload",
            "an unsigned body over http can be changed on the way", fix: "use s3.payload: signed")
        check(s3.tags.count <= 10, "tags", "S3 takes at most 10 tags", fix: "leave some out")
        return problems
    }

    private func isLoopback(_ endpoint: String) -> Bool {
        let authority = endpoint.dropFirst(7).prefix { $0 != "/" }
        let address = authority.contains(":") && !authority.hasSuffix("]") ? String(authority) : authority + ":80"
        return ListenAddress(address)?.isLoopback ?? false
    }

    private var tableProblems: [Problem] {
        var problems: [Problem] = []
        var owners: [TopicSelector: Int] = [:]
        for (index, table) in settings.tables.enumerated() {
            let path: [SettingStep] = [.key("tables"), .index(index)]
            if let first = settings.tables.firstIndex(where: { $0.name == table.name }), first < index {
                problems.append(
                    problem(
                        "the table '\(table.name)' is there twice", path + [.key("name")], fix: "rename one of them"))
            }
            problems += lifecycleProblems(table, path)
            if isSideTableName(table.name) {
                problems.append(
                    problem(
                        "the name is that of a side table", path + [.key("name")],
                        fix: "let it end with something else than .late and .dead_letter"))
            }
            for (position, topic) in table.topics.enumerated() {
                guard let owner = claim(topic, for: index, &owners) else { continue }
                problems.append(
                    problem(
                        "the topic '\(topic.text)' belongs to table '\(settings.tables[owner].name)' already",
                        path + [.key("topics"), .index(position)], fix: "leave it out of one of them"))
            }
            problems += partitionProblems(table, path)
            problems += schemaProblems(table, path)
            problems += vacuumProblems(table, path)
        }
        return problems
    }

    /// Notes that a table takes a topic; the answer is another table that takes it too.
    private func claim(_ topic: TopicSelector, for table: Int, _ owners: inout [TopicSelector: Int]) -> Int? {
        for (other, owner) in owners where owner != table {
            switch (topic, other) {
            case (.name(let name), let other) where other.matches(name): return owner
            case (.pattern, .name(let name)) where topic.matches(name): return owner
            case (let topic, let other) where topic == other: return owner
            default: continue
            }
        }
        owners[topic] = table
        return nil
    }

    private func partitionProblems(_ table: Settings.Table, _ path: [SettingStep]) -> [Problem] {
        var problems: [Problem] = []
        let unit = path + [.key("partition"), .key("unit")]
        // The default does no harm: 'config print' writes it.
        if table.partition.time == "kafka", table.partition.unit != .iso8601, tree.value(at: unit) != nil {
            problems.append(
                problem("a unit for Kafka timestamps", unit, fix: "leave it out: they are always milliseconds"))
        }
        return problems
    }

    private func schemaProblems(_ table: Settings.Table, _ path: [SettingStep]) -> [Problem] {
        let sources = table.schema.sources
        let schema = path + [.key("schema")]
        var problems: [Problem] = []
        if sources.count > 1 {
            problems.append(
                problem("columns come from one place", schema + [.key(sources[1])], fix: "leave out one of \(sources)"))
        }
        if let source = sources.first, !table.makesParquet {
            problems.append(
                problem(
                    "columns in a table without Parquet", schema + [.key(source)],
                    fix: "set format: parquet, or compact.format: parquet"))
        }
        return problems + bloomFilterProblems(table, path + [.key("parquet"), .key("bloom_filters")])
    }

    private func bloomFilterProblems(_ table: Settings.Table, _ path: [SettingStep]) -> [Problem] {
        guard !table.parquet.bloomFilters.isEmpty else { return [] }
        guard table.makesParquet else {
            return [
                problem(
                    "Bloom filters in a table without Parquet", path,
                    fix: "set format: parquet, or compact.format: parquet")
            ]
        }
        guard table.schema.sources.isEmpty, let field = table.parquet.bloomFilters.firstIndex(where: { $0 != "@key" })
        else { return [] }
        return [
            problem(
                "a Bloom filter on a field of payloads that stay whole", path + [.index(field)],
                fix: "write @key, or give the table a schema")
        ]
    }

    /// What a writer holds for so long that vacuum takes it for dead is refused when it is committed, again and again.
    private func vacuumProblems(_ table: Settings.Table, _ path: [SettingStep]) -> [Problem] {
        let held = table.rotate.age.milliseconds + settings.commit.every.milliseconds
        let kinds = [
            ("orphans_after", table.vacuum.orphansAfter, "objects would count as dead before they are committed"),
            ("uploads_after", table.vacuum.uploadsAfter, "uploads would be removed while their objects grow"),
        ]
        return kinds.filter { $0.1.milliseconds < 2 * held }.map { key, _, what in
            problem(
                what, path + [.key("vacuum"), .key(key)],
                fix: "give at least \(exactDuration(2 * held)), twice rotate.age and commit.every")
        }
    }

    /// Whether the command line names the lake.
    var isLakeGiven: Bool {
        guard case .option = tree.value(at: [.key("lake")])?.origin else { return false }
        return true
    }
}
