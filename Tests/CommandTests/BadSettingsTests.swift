import Foundation
import Synchronization
import TestSupport
import Testing

@testable import varve

/// One wrong configuration and the lines it must be answered with.
struct BadSettings: CustomTestStringConvertible, Sendable {
    var name: String
    var yaml: String
    var environment: [String: String] = [:]
    var lines: [String]

    var testDescription: String { name }

    init(_ name: String, _ yaml: String, environment: [String: String] = [:], says lines: String...) {
        (self.name, self.yaml, self.environment, self.lines) = (name, yaml, environment, lines)
    }

    static let head = "lake: file:///l\nkafka: {brokers: \"b:1\"}\n"
    static let table = head + "tables:\n  - name: orders\n"

    static let structure = [
        BadSettings(
            "an unknown key, with the nearest one", "lake: file:///l\nkafka: {brokerz: x}\n",
            says: "varve: unknown key 'brokerz': v.yaml:2 kafka.brokerz: did you mean 'brokers'?"),
        BadSettings(
            "a key that belongs elsewhere", head + "group: x\ntables: [{name: a}]\n",
            says: "varve: unknown key 'group': v.yaml:3 group: did you mean 'kafka.group'?"),
        BadSettings(
            "a list for a text", head + "log: {level: [info]}\ntables: [{name: a}]\n",
            says: "varve: found a list: v.yaml:3 log.level: write one of trace, debug, info, notice, warning, error, "
                + "critical"),
        BadSettings(
            "a text for a group", head + "commit: 10s\ntables: [{name: a}]\n",
            says: "varve: found '10s': v.yaml:3 commit: write the keys every, checkpoint_every"),
        BadSettings(
            "objects that die before they are committed",
            table + "    rotate: {age: 1h}\n    vacuum: {orphans_after: 90m}\n",
            says: "varve: objects would count as dead before they are committed: v.yaml:6 "
                + "tables[0].vacuum.orphans_after: give at least 7220s, twice rotate.age and commit.every"),
        BadSettings(
            "uploads that are removed while they grow",
            table + "    rotate: {age: 1h}\n    vacuum: {uploads_after: 90m}\n",
            says: "varve: uploads would be removed while their objects grow: v.yaml:6 "
                + "tables[0].vacuum.uploads_after: give at least 7220s, twice rotate.age and commit.every"),
        BadSettings(
            "a missing name", head + "tables:\n  - topics: [a]\n",
            says:
                "varve: the key 'name' is missing: v.yaml:4 tables[0]: write a name of 1 to 200 letters, digits, '_', "
                + "'-' and '.', beginning with a letter or digit"),
        BadSettings(
            "a key with nothing after it", head + "memory:\ntables: [{name: a}]\n",
            says: "varve: nothing is written after the key: v.yaml:3 memory: write a size such as 128MiB, from 64MiB "
                + "to 1TiB"),
        BadSettings(
            "a key twice", head + "memory: 1GiB\nmemory: 2GiB\n",
            says: "varve: the key memory is there twice: v.yaml:3: keep one of them"),
        BadSettings(
            "no lake", "kafka: {brokers: \"b:1\"}\ntables: [{name: a}]\n",
            says: "varve: the key 'lake' is missing: v.yaml:1: write s3://bucket/prefix or file:///directory"),
        BadSettings(
            "no brokers and no tables", "lake: file:///l\n",
            says: "varve: no brokers are given: v.yaml kafka.brokers: write host:port, or --brokers",
            "varve: no tables are given: v.yaml tables: write a table, or give --topic"),
        BadSettings(
            "brackets without end", String(repeating: "[", count: 100_000),
            says: "varve: brackets nest too deep: v.yaml: check that every [ and { is closed"),
        BadSettings(
            "not YAML", "lake: \"file:///l\n",
            says: "varve: not valid YAML: found unexpected end of stream: v.yaml:2: check indentation, quotes and "
                + "colons"),
    ]

    static let values = [
        BadSettings(
            "memory below the least", head + "memory: 1MiB\ntables: [{name: a}]\n",
            says: "varve: found '1MiB': v.yaml:3 memory: write a size such as 128MiB, from 64MiB to 1TiB"),
        BadSettings(
            "a size that overflows", head + "memory: 99999999999TiB\ntables: [{name: a}]\n",
            says: "varve: found '99999999999TiB': v.yaml:3 memory: write a size such as 128MiB, from 64MiB to 1TiB"),
        BadSettings(
            "a time without its unit", table + "    rotate: {age: 5}\n",
            says: "varve: found '5': v.yaml:5 tables[0].rotate.age: write a time such as 10s, from 1s to 1d"),
        BadSettings(
            "too many shards", table + "    partition: {shards: 10001}\n",
            says: "varve: found '10001': v.yaml:5 tables[0].partition.shards: write a whole number from 1 to 10000"),
        BadSettings(
            "a zstd level that is none", table + "    compression: {level: 23}\n",
            says: "varve: found '23': v.yaml:5 tables[0].compression.level: write a whole number from 1 to 22"),
        BadSettings(
            "a time zone that is none", table + "    partition: {zone: Europe/Atlantis}\n",
            says: "varve: found 'Europe/Atlantis': v.yaml:5 tables[0].partition.zone: write an IANA time zone such as "
                + "UTC or Europe/Berlin"),
        BadSettings(
            "an expression that does not compile", table + "    topics: [\"/a(/\"]\n",
            says: "varve: found '/a(/': v.yaml:5 tables[0].topics[0]: write a topic name, or a /regular expression/"),
        BadSettings(
            "lateness of nothing", table + "    late: {after: 0}\n",
            says: "varve: found '0': v.yaml:5 tables[0].late.after: write a time such as 10s, from 1ms to 36500d"),
        BadSettings(
            "a table that would leave its folder", head + "tables: [{name: ../x, topics: [a]}]\n",
            says: "varve: found '../x': v.yaml:3 tables[0].name: write a name of 1 to 200 letters, digits, '_', '-' "
                + "and '.', beginning with a letter or digit"),
        BadSettings(
            "a lake that is neither", "lake: http://x/y\nkafka: {brokers: \"b:1\"}\ntables: [{name: a}]\n",
            says: "varve: found 'http://x/y': v.yaml:1 lake: write s3://bucket/prefix or file:///directory"),
    ]

    static let crossings = [
        BadSettings(
            "a topic of two tables", head + "tables:\n  - {name: a, topics: [x]}\n  - {name: b, topics: [\"/x|y/\"]}\n",
            says: "varve: the topic '/x|y/' belongs to table 'a' already: v.yaml:5 tables[1].topics[0]: leave it out "
                + "of one of them"),
        BadSettings(
            "a table twice", head + "tables:\n  - {name: a}\n  - {name: a, topics: [b]}\n",
            says: "varve: the table 'a' is there twice: v.yaml:5 tables[1].name: rename one of them"),
        BadSettings(
            "a table named like a side table", head + "tables:\n  - {name: a.late}\n",
            says: "varve: the name is that of a side table: v.yaml:4 tables[0].name: let it end with something else "
                + "than .late and .dead_letter"),
        BadSettings(
            "a property that breaks exactly-once",
            "lake: file:///l\nkafka:\n  brokers: b:1\n  properties:\n    enable.auto.commit: true\n"
                + "tables: [{name: a}]\n",
            says: "varve: the property is varve's own: v.yaml:5 kafka.properties.enable.auto.commit: leave it out: "
                + "the offsets that count are in the catalog"),
        BadSettings(
            "an endpoint in the clear", head + "s3: {endpoint: \"http://minio:9000\"}\ntables: [{name: a}]\n",
            says: "varve: events would travel in the clear: v.yaml:3 s3.endpoint: use https://, or set "
                + "s3.allow_http: true"),
        BadSettings(
            "half a key pair", head + "s3: {access_key_id: AK}\ntables: [{name: a}]\n",
            says: "varve: one half of a key pair: v.yaml:3 s3.access_key_id: give access_key_id and "
                + "secret_access_key, or neither"),
    ]

    static let columns = [
        BadSettings(
            "Bloom filters without Parquet", table + "    parquet: {bloom_filters: [\"@key\"]}\n",
            says: "varve: Bloom filters in a table without Parquet: v.yaml:5 tables[0].parquet.bloom_filters: set "
                + "format: parquet, or compact.format: parquet"),
        BadSettings(
            "a Bloom filter on a field of whole payloads",
            table + "    format: parquet\n    parquet: {bloom_filters: [\"@key\", user.id]}\n",
            says: "varve: a Bloom filter on a field of payloads that stay whole: v.yaml:6 "
                + "tables[0].parquet.bloom_filters[1]: write @key, or give the table a schema"),
        BadSettings(
            "a Bloom filter on a header",
            table + "    format: parquet\n    parquet: {bloom_filters: [\"@header:h\"]}\n",
            says:
                "varve: found '@header:h': v.yaml:6 tables[0].parquet.bloom_filters[0]: write @key, user_id, "
                + "user.id or /user/id"),
        BadSettings(
            "two lakes to archive into",
            table + "    lifecycle: {archive: {to: \"file:///x\", config: y.yaml}}\n",
            says: "varve: two lakes to archive into: v.yaml:5 tables[0].lifecycle.archive.config: leave out to "
                + "or config"),
        BadSettings(
            "an archive in itself", table + "    lifecycle: {archive: {to: \"file:///l\"}}\n",
            says: "varve: a lake cannot be or hold its own archive: v.yaml:5 tables[0].lifecycle.archive.to: name a "
                + "lake apart from it"),
        BadSettings(
            "an archive within its lake", table + "    lifecycle: {archive: {to: \"file:///l/t\"}}\n",
            says: "varve: a lake cannot be or hold its own archive: v.yaml:5 tables[0].lifecycle.archive.to: name a "
                + "lake apart from it"),
    ]

    static let lifecycle = [
        BadSettings(
            "a hold that ends before it begins",
            table + "    lifecycle: {holds: [{name: h, from: 2026-03-31, to: 2026-03-30/23}]}\n",
            says: "varve: the hold ends before it begins: v.yaml:5 tables[0].lifecycle.holds[0].to: swap from and to"),
        BadSettings(
            "an archive without a lake", table + "    lifecycle: {archive: {after: 1d}}\n",
            says: "varve: it names no lake to archive into: v.yaml:5 tables[0].lifecycle.archive.after: write "
                + "lifecycle.archive.to, or leave it out"),
        BadSettings(
            "a rule for no size", rules("{name: r, do: expire, after: 1d, min_bytes: 2KiB, max_bytes: 1KiB}"),
            says: "varve: no object is of such a size: v.yaml:5 tables[0].lifecycle.rules[0].max_bytes: give at least "
                + "min_bytes"),
        BadSettings(
            "two rules of one name", rules("{name: r, do: expire, after: 1d}, {name: r, do: expire, after: 2d}"),
            says: "varve: the rule 'r' is there twice: v.yaml:5 tables[0].lifecycle.rules[1].name: rename one of them"),
        BadSettings(
            "a storage class to expire into", rules("{name: r, do: expire, after: 1d, storage_class: GLACIER}"),
            says: "varve: a storage class in a rule that moves nothing: v.yaml:5 "
                + "tables[0].lifecycle.rules[0].storage_class: leave it out, or write do: tier"),
    ]

    private static func rules(_ text: String) -> String { table + "    lifecycle: {rules: [\(text)]}\n" }

    static let outside = [
        BadSettings(
            "a file that is no configuration is not shown", "ed25519:aHVudGVyMg==\n",
            says: "varve: found a single value: v.yaml:1: write the keys lake, s3, kafka, memory, commit, server, "
                + "log, tracing, shutdown, erasure, tables"),
        BadSettings(
            "a missing variable", head + "s3: {secret_access_key: \"${NOPE}\"}\ntables: [{name: a}]\n",
            says: "varve: the environment variable NOPE is not set: v.yaml:3 s3.secret_access_key: set it"),
        BadSettings(
            "a missing secret file", head + "s3: {secret_access_key: \"${file:/nope}\"}\ntables: [{name: a}]\n",
            says: "varve: the file /nope cannot be read: v.yaml:3 s3.secret_access_key: create it, or check its "
                + "permissions"),
        BadSettings(
            "a secret of the wrong shape is not shown", head + "memory: \"${M}\"\ntables: [{name: a}]\n",
            environment: ["M": "hunter2"],
            says: "varve: found a secret that does not fit: v.yaml:3 memory: write a size such as 128MiB, from 64MiB "
                + "to 1TiB"),
        BadSettings(
            "a wrong override", table, environment: ["VARVE_MEMORY": "lots"],
            says: "varve: found 'lots': environment VARVE_MEMORY: write a size such as 128MiB, from 64MiB to 1TiB"),
        BadSettings(
            "an override of nothing", table, environment: ["VARVE_KAFKA_BROKER": "x"],
            says: "varve: unknown setting: environment VARVE_KAFKA_BROKER: see 'varve config print' for what there is"),
        BadSettings(
            "an override beyond the end of a list", table, environment: ["VARVE_TABLES_5_NAME": "x"],
            says: "varve: no place for this value: environment VARVE_TABLES_5_NAME: number list items from 0, "
                + "without gaps"),
    ]

    static let all = structure + values + crossings + columns + lifecycle + outside
}

@Suite("wrong configurations")
struct BadSettingsTests {
    @Test("each is answered with its lines and status 78", arguments: BadSettings.all)
    func isRefused(_ bad: BadSettings) async {
        let outcome = await runVarve(
            ["config", "check", "--config", "v.yaml"], environment: bad.environment, files: ["v.yaml": bad.yaml])
        #expect(outcome.errorLines == bad.lines)
        #expect(outcome.status == .configuration)
        #expect(outcome.output.isEmpty)
    }

    @Test(
        "Bloom filters are compared with the schema, whose file is read",
        arguments: [
            ("[\"@key\", user.id, /n]", nil), ("[user]", "/user"), ("[\"@key\", user.id, /user/name]", "/user/name"),
            ("[tags]", "/tags"), ("[ok]", "/ok"),
        ] as [(String, String?)])
    func bloomFilters(fields: String, wrong: String?) async throws {
        let directory = try TemporaryDirectory("varve-schema")
        let schema = directory.path + "/s.json"
        let text = """
            {"type": "object", "properties": {"n": {"type": "integer"}, "ok": {"type": "boolean"},
             "tags": {"type": "array", "items": {"type": "string"}},
             "user": {"type": "object", "properties": {"id": {"type": "string"}}}}}
            """
        try Data(text.utf8).write(to: URL(filePath: schema))
        let yaml =
            BadSettings.table + "    format: parquet\n    schema: {json_schema: \(schema)}\n"
            + "    parquet: {bloom_filters: \(fields)}\n"
        let outcome = await runVarve(["config", "check", "--config", "v.yaml"], files: ["v.yaml": yaml])
        guard let wrong else {
            #expect(outcome.status == .success, "\(outcome.errors)")
            return
        }
        #expect(outcome.status == .configuration && outcome.errorLines.count == 1)
        #expect(
            outcome.errors.hasPrefix("varve: the schema has no column of single values for \(wrong): tables.orders."))
    }

    @Test(
        "a configuration that says nothing of Kafka is that of maintenance; one that does is a writer's",
        arguments: [
            ("", true), ("    rotate: {age: 1m}\n", true), ("    topics: [orders]\n", false),
            ("kafka: {group: g}\n", false),
        ])
    func maintenance(more: String, isValid: Bool) async {
        let yaml = "lake: file:///l\ntables:\n  - name: orders\n" + more
        let outcome = await runVarve(["config", "check", "--config", "v.yaml"], files: ["v.yaml": yaml])
        #expect(outcome.status == (isValid ? .success : .configuration))
        let says = isValid ? "valid, 1 table, without Kafka: for maintenance and reading" : "no brokers are given"
        #expect(outcome.errors.contains(says) && outcome.errorLines.count == 1, "\(outcome.errors)")
    }

    @Test("a configuration is read once: it may come through a pipe")
    func pipe() async throws {
        let reads = Mutex(0)
        let context = CommandContext(
            console: Console(output: { _ in }, errors: { _ in }), environment: [:],
            clock: ManualClock(now: standingTime),
            readFile: { _ in
                reads.withLock { $0 += 1 }
                return "lake: file:///l\nkafka: {brokers: \"b:1\"}\ntables: [{name: orders}]\n"
            })
        #expect(await Program.run(["config", "check", "--config", "/dev/stdin"], in: context) == .success)
        #expect(reads.withLock { $0 } == 1)
    }

    @Test("a file that is not there is status 66")
    func missingFile() async {
        let outcome = await runVarve(["config", "check", "--config", "nope.yaml"])
        #expect(
            outcome.errors
                == "varve: the configuration cannot be read as text: nope.yaml: check the path, its permissions, and "
                + "that it is UTF-8\n")
        #expect(outcome.status == .noInput)
        #expect(CommandContext.process.readFile("/tmp") == nil, "a folder is no empty file")
        #expect(CommandContext.process.readFile("/dev/null")?.isEmpty == true)
    }

    @Test("aliases that multiply are refused, not followed")
    func aliasBomb() async {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...8 {
            let names = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            yaml += "a\(level): &a\(level) [\(names)]\n"
        }
        let outcome = await runVarve(["config", "check", "--config", "v.yaml"], files: ["v.yaml": yaml])
        #expect(
            outcome.errors
                == "varve: the configuration is too large or too deep: v.yaml: write it without aliases\n")
        #expect(outcome.status == .configuration)
    }
}
