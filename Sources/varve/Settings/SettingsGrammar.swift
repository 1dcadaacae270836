/// Every key of the configuration: name, shape, default and reason, in one place.
enum SettingsGrammar {
    static let root: [SettingKey] = [
        SettingKey(
            "lake", .lakeURL, required: true,
            "Where the lake is: a bucket and prefix on S3 or a compatible store, or a local directory."),
        SettingKey("s3", .record(s3), "How an s3:// lake is reached; credentials come from AWS's usual chain."),
        SettingKey("kafka", .record(kafka), "Where the events come from; `varve run` needs `kafka.brokers`."),
        SettingKey(
            "memory", .bytes((64 << 20)...(1 << 40)), fallback: "512MiB",
            "The one hard budget for events in memory, all tables together. The default leaves room in a 1 GiB "
                + "container for librdkafka's own queue and the program."),
        SettingKey("commit", .record(commit), "When finished objects become visible."),
        SettingKey("server", .record(server), "Health and metrics over HTTP while `varve run` runs."),
        SettingKey("log", .record(log), "The log on standard error."),
        SettingKey("shutdown", .record(shutdown), "What happens on SIGTERM and SIGINT."),
        SettingKey("erasure", .record(erasure), "How `varve erase` signs its certificates."),
        SettingKey(
            "tables", .list(.record(SettingsGrammar.table), countMax: 1000), fallback: "[]",
            "The tables that `varve run` writes, normally one for each topic."),
    ]

    static let kafka: [SettingKey] = [
        SettingKey("brokers", .brokerList, "The brokers to start from: `host:port`, several with commas between."),
        SettingKey(
            "group", .anyText, fallback: "varve",
            "The consumer group. Writers of one lake share one group; the offsets that count are in the catalog."),
        SettingKey(
            "instance_id", .anyText,
            "A static membership id, unique for each writer: a restart within the session time-out moves nothing."),
        SettingKey(
            "assignment", .choice(["cooperative", "eager"]), fallback: "cooperative",
            "How topic partitions move between writers. Cooperative moves only those that must, so the others go on."),
        SettingKey(
            "properties", .dictionary(underscore: "."),
            "librdkafka properties, passed as they are: `security.protocol`, `sasl.username`, …"),
    ]

    static let commit: [SettingKey] = [
        SettingKey(
            "every", .duration(100...3_600_000), fallback: "10s",
            "How often finished objects are committed, in one commit for each table. Ten seconds keeps the log short "
                + "and data fresh."),
        SettingKey(
            "checkpoint_every", .integer(1...10_000), fallback: "32",
            "After how many commits of a table its state is saved in one piece, so that readers need not replay them."),
    ]

    static let server: [SettingKey] = [
        SettingKey(
            "listen", .listenAddress, fallback: "127.0.0.1:9464",
            "Where /healthz, /readyz and /metrics are served, or `off`. Loopback, so that nothing is open by default.")
    ]

    static let log: [SettingKey] = [
        SettingKey(
            "level", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]), fallback: "info",
            "The least level that is logged."),
        SettingKey(
            "format", .choice(["text", "json"]), fallback: "text", "Lines for people, or a JSON object on each line."),
    ]

    static let shutdown: [SettingKey] = [
        SettingKey(
            "timeout", .duration(1000...3_600_000), fallback: "25s",
            "How long a stop may take to upload and commit. Under the 30 s after which Kubernetes kills; what is not "
                + "committed by then is read again at the next start.")
    ]
}
