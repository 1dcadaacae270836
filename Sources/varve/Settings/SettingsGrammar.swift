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
        SettingKey("tracing", .record(tracing), "Spans of polls, uploads and commits, for OpenTelemetry."),
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
            "aws_msk_iam", .record(mskIAM),
            "Authentication by Amazon MSK's IAM: short-lived tokens, signed with credentials of AWS's usual chain."),
        SettingKey(
            "properties", .dictionary(underscore: "."),
            "librdkafka properties, passed as they are: `security.protocol`, `sasl.username`, …"),
    ]

    static let mskIAM: [SettingKey] = [
        SettingKey("region", .anyText, "The cluster's region; turns it on, with SASL_SSL and OAUTHBEARER."),
        SettingKey("profile", .anyText, "A profile of ~/.aws/config; by default the one of s3, else AWS_PROFILE."),
        SettingKey("role_arn", .anyText, "A role to assume first, for a cluster of another account."),
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
            "Where /healthz, /readyz and /metrics are served, or `off`. Loopback, so that nothing is open by default."),
        SettingKey(
            "console", .choice(["auto", "on", "off"]), fallback: "auto",
            "Whether the web console is served there too. Auto: where `listen` is loopback or there is a token, so "
                + "that nobody else reads it by accident."),
        SettingKey(
            "console_token", .text(expecting: "at least 16 characters") { $0.utf8.count >= 16 }, secret: true,
            "What the web console asks for; write it as ${NAME} or ${file:/path}. Without it everyone who reaches the "
                + "address may read."),
    ]

    static let log: [SettingKey] = [
        SettingKey(
            "level", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]), fallback: "info",
            "The least level that is logged."),
        SettingKey(
            "levels", .dictionary(underscore: "."),
            "Levels of single components: `varve.kafka: debug`. docs/logging.md names them; a name's beginning counts "
                + "for all below it."),
        SettingKey(
            "format", .choice(["text", "json"]), fallback: "text", "Lines for people, or a JSON object on each line."),
    ]

    static let tracing: [SettingKey] = [
        SettingKey(
            "otlp_endpoint", .webURL,
            "The collector, such as http://127.0.0.1:4318; spans go there as OTLP over HTTP. Off where it is absent."),
        SettingKey(
            "authorization", .anyText, secret: true,
            "The Authorization header for the collector; write it as ${NAME} or ${file:/path}."),
    ]

    static let shutdown: [SettingKey] = [
        SettingKey(
            "timeout", .duration(1000...3_600_000), fallback: "25s",
            "How long a stop may take to upload and commit. Under the 30 s after which Kubernetes kills; what is not "
                + "committed by then is read again at the next start.")
    ]
}
