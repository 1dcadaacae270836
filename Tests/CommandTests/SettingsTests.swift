import LakeModel
import Testing

@testable import varve

@Suite("configurations")
struct SettingsTests {
    static let full = """
        lake: s3://events/lake
        s3: { endpoint: "http://127.0.0.1:9000", region: us-east-1, addressing: path }
        kafka:
          brokers: 127.0.0.1:9092
          group: varve
          properties: { security.protocol: SASL_SSL }
        memory: 1GiB
        commit: { every: 3s }
        tables:
          - name: orders
            topics: [orders, "/orders-[0-9]+/"]
            start: 2026-11-21T00:00:00Z
            partition: { time: "field:/created_at", unit: ms, granularity: day, zone: Europe/Berlin, shards: 8,
                         shard_by: "field:/user_id" }
            format: value
            compression: { level: 9 }
            rotate: { bytes: 64MB, age: 90s, records: 5 }
            late: { after: 2h, policy: dead_letter }
            close: { grace: 1m, idle: 0 }
            on_reset: latest
            tags: [team=web]
        """

    @Test("every key of the documented grammar reaches its setting")
    func readsAll() throws {
        let settings = try loadSettings(Self.full).settings
        #expect(settings.lake == .s3(bucket: "events", prefix: "lake"))
        #expect(settings.s3.addressing == .path)
        #expect(settings.kafka.properties == ["security.protocol": "SASL_SSL"])
        #expect(settings.memory.bytes == 1 << 30)
        #expect(settings.commit.every.duration == .seconds(3))
        let table = try #require(settings.tables.first)
        #expect(table.topics == [.name("orders"), .pattern("orders-[0-9]+")])
        #expect(table.start == .time(Timestamp("2026-11-21T00:00:00Z") ?? Timestamp(milliseconds: 0)))
        #expect(
            table.partition.layout
                == TableLayout(
                    granularity: .day, zone: "Europe/Berlin", shards: 8, time: "field:/created_at",
                    shardBy: "field:/user_id"))
        #expect(table.partition.unit == .milliseconds)
        #expect(table.format == .value)
        #expect(table.compression.level == 9)
        #expect(table.rotate.bytes.bytes == 64_000_000)
        #expect(table.rotate.age.milliseconds == 90_000)
        #expect(table.late.policy == .deadLetter)
        #expect(table.close.idle.milliseconds == 0)
        #expect(table.onReset == .latest)
        #expect(table.tags == ["team=web"])
    }

    @Test("a short configuration takes the defaults, and a table its own name as its topic")
    func takesDefaults() throws {
        let settings = try loadSettings(BadSettings.table).settings
        #expect(settings.memory.bytes == 512 << 20)
        #expect(settings.server.listen == ListenAddress("127.0.0.1:9464"))
        #expect(settings.shutdown.timeout.duration == .seconds(25))
        let table = try #require(settings.tables.first)
        #expect(table.topics == [.name("orders")])
        #expect(table.partition.shards == 4)
        #expect(table.onReset == .stop)
    }

    @Test("the environment overrides every kind of key")
    func overrides() throws {
        let settings = try loadSettings(
            BadSettings.table,
            environment: [
                "VARVE_KAFKA_BROKERS": "x:1,y:2", "VARVE_TABLES_0_TOPICS": "a,b", "VARVE_TABLES_0_ROTATE_AGE": "7s",
                "VARVE_TABLES_1_NAME": "second", "VARVE_TABLES_1_TOPICS_0": "/c{1,2}/",
                "VARVE_KAFKA_PROPERTIES_SASL_USERNAME": "u", "VARVE_S3_SSE": "kms", "VARVE_TESTDATA": "not a setting",
                "VARVE_SERVER_LISTEN": "off",
            ]
        ).settings
        #expect(settings.kafka.brokers == "x:1,y:2")
        #expect(settings.tables.map(\.name) == ["orders", "second"])
        #expect(settings.tables[0].topics == [.name("a"), .name("b")])
        #expect(settings.tables[0].rotate.age.milliseconds == 7000)
        #expect(settings.tables[1].topics == [.pattern("c{1,2}")])
        #expect(settings.kafka.properties == ["sasl.username": "u"])
        #expect(settings.s3.encryption == .kms)
        #expect(settings.server.listen == nil)
    }

    @Test("what is filled in from outside is a secret everywhere")
    func masksSecrets() async throws {
        let yaml = """
            lake: s3://events/lake
            s3: { access_key_id: AK, secret_access_key: "${file:/run/key}" }
            kafka: { brokers: "b:1", properties: { sasl.password: plainly, sasl.username: "u-${USER_PART}" } }
            tables: [{ name: a }]
            """
        let files = ["v.yaml": yaml, "/run/key": "s3cr3t-key\n"]
        let environment = ["USER_PART": "canary"]
        let loaded = try loadSettings(yaml, environment: environment, files: files)
        #expect(loaded.settings.s3.secretAccessKey == "s3cr3t-key")
        #expect(loaded.settings.kafka.properties["sasl.username"] == "u-canary")
        #expect(Set(loaded.secrets) == ["s3cr3t-key", "plainly", "u-canary"])
        #expect(SecretMask(loaded.secrets).masked("token s3cr3t-key!") == "token ***!")

        let outcome = await runVarve(
            ["config", "print", "--config", "v.yaml", "--origins"], environment: environment, files: files)
        #expect(outcome.status == .success)
        for secret in ["s3cr3t-key", "plainly", "canary"] { #expect(!outcome.output.contains(secret)) }
        #expect(outcome.output.contains("secret_access_key: \"***\"  # line 2"))
    }

    @Test(
        "what is printed can be checked, and says the same",
        arguments: [
            "{ lake: 'file:///l', kafka: { brokers: b }, tables: [{ name: t }] }",
            """
            { lake: 's3://events/l', kafka: { brokers: b }, tables: [{ name: t, format: parquet, compact: {} },
              { name: u, partition: { time: 'field:/at', unit: ms },
                lifecycle: { rules: [{ name: r, do: expire, after: 9d }] } }] }
            """,
        ])
    func printed(yaml: String) async throws {
        let printed = await runVarve(["config", "print", "--config", "v.yaml"], files: ["v.yaml": yaml])
        #expect(printed.status == .success, "\(printed.errors)")
        let checked = await runVarve(["config", "check", "--config", "p.yaml"], files: ["p.yaml": printed.output])
        #expect(checked.status == .success, "\(checked.errors)\(printed.output)")
        let again = await runVarve(["config", "print", "--config", "p.yaml"], files: ["p.yaml": printed.output])
        // What was filled in stands last, what was written where it was.
        #expect(again.output.split(separator: "\n").sorted() == printed.output.split(separator: "\n").sorted())
    }

    @Test(
        "paths of schemas begin at the configuration's file, those of the environment where it was typed",
        arguments: [
            ("conf/v.yaml", "s/a.json", [:], "conf/s/a.json"),
            ("/etc/varve/v.yaml", "a.json", [:], "/etc/varve/a.json"),
            ("/v.yaml", "a.json", [:], "/a.json"), ("v.yaml", "a.json", [:], "a.json"),
            ("../v.yaml", "../a.json", [:], "../../a.json"), ("/etc/v.yaml", "/s/a.json", [:], "/s/a.json"),
            ("/dev/stdin", "a.json", [:], "a.json"), ("/proc/self/fd/3", "a.json", [:], "a.json"),
            ("/etc/v.yaml", "a.json", ["VARVE_TABLES_0_SCHEMA_JSON_SCHEMA": "b.json"], "b.json"),
        ])
    func schemaPaths(file: String, path: String, environment: [String: String], expected: String) throws {
        var source = SettingsSource(environment: environment)
        for key in ["json_schema", "avro"] where environment.isEmpty || key == "json_schema" {
            let table = "{ name: a, format: parquet, schema: { \(key): \(path) } }"
            source.yaml = ("lake: file:///l\nkafka: { brokers: \"b:1\" }\ntables: [\(table)]\n", file)
            let schema = try #require(try source.load(for: .ingest).settings.tables.first).schema
            #expect((key == "avro" ? schema.avro : schema.jsonSchema) == expected)
        }
    }

    @Test("$${ stands for a plain ${")
    func escapes() throws {
        let loaded = try loadSettings(BadSettings.table + "s3: {tags: { a: \"$${x}\" }}\n")
        #expect(loaded.settings.s3.tags == ["a": "${x}"])
        #expect(loaded.secrets.isEmpty)
    }

    @Test("what config print prints reads back as the same settings")
    func printsWhatItReads() throws {
        let loaded = try loadSettings(Self.full)
        let printed = SettingsPrinter(showsOrigins: false).lines(loaded.tree).joined(separator: "\n")
        let again = try loadSettings(printed)
        #expect(SettingsPrinter(showsOrigins: false).lines(again.tree).joined(separator: "\n") == printed)
    }

    @Test("texts that YAML could take for something else stay texts")
    func keepsTexts() throws {
        let yaml = "lake: file:///l\nkafka: {brokers: \"b:1\", group: \"null\", instance_id: 007}\n"
        let settings = try loadSettings(yaml + "tables: [{name: 1e3, topics: [0x10]}]\n").settings
        #expect(settings.kafka.group == "null")
        #expect(settings.kafka.instanceID == "007")
        #expect(settings.tables[0].name == "1e3")
        #expect(settings.tables[0].topics == [.name("0x10")])
    }

    @Test(
        "a table can be given whole on the command line",
        arguments: [
            (["--topic", "a", "--topic", "b"], ["a", "b"]), (["--table", "t", "--topic", "/a|b/"], ["t"]),
        ])
    func commandLineTables(arguments: [String], names: [String]) async {
        let whole = ["check", "--lake", "file:///l", "--brokers", "b:1", "--output", "csv"] + arguments
        let outcome = await runVarve(whole)
        #expect(outcome.status == .success)
        let tables = outcome.output.split(separator: "\n").filter { $0.contains(",on_reset,") }
        #expect(tables.map { $0.split(separator: ",")[1] } == names.map { $0[...] })
    }
}

@Suite("quantities")
struct QuantityTests {
    @Test(
        "sizes and times are read exactly or not at all",
        arguments: [
            ("512MiB", 512 << 20), ("128MB", 128_000_000), ("1 KiB", 1024), ("7", 7), ("0", 0), ("-1", nil),
            ("1.5MiB", nil),
            ("MiB", nil), ("", nil), ("1MiBs", nil), ("9223372036854775808", nil), ("９MiB", nil),
        ])
    func bytes(text: String, expected: Int?) {
        #expect(parseBytes(text) == expected)
    }

    @Test(
        "times need a unit",
        arguments: [
            ("250ms", 250), ("10s", 10_000), ("5m", 300_000), ("2h", 7_200_000), ("1d", 86_400_000), ("5", nil),
            ("0", 0),
        ])
    func times(text: String, expected: Int?) {
        #expect(parseMilliseconds(text) == expected)
    }
}
