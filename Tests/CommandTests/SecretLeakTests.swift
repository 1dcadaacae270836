import ArgumentParser
import Foundation
import Kafka
import TestSupport
import Testing

@testable import varve

/// Every secret that a user can hand to Varve, as a word that is found wherever it comes out.
private enum Sentinel {
    static let all = [
        "SENTINEL-key-file", "SENTINEL-token", "SENTINEL-sasl", "SENTINEL-interpolated", "SENTINEL-env-key",
        "SENTINEL-env-token", "SENTINEL-proxy", "SENTINEL-url-user", "SENTINEL-url-pass",
    ]

    static let environment = [
        "AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "SENTINEL-env-key",
        "AWS_SESSION_TOKEN": "SENTINEL-env-token", "SSL_PASSWORD": "SENTINEL-interpolated", "HOME": "/nowhere",
        "http_proxy": "", "AWS_EC2_METADATA_DISABLED": "true",
    ]

    static let files = ["/run/key": "SENTINEL-key-file\n"]

    /// Port 1 of loopback refuses at once.
    static func yaml(lake: String, brokers: String = "127.0.0.1:1", log: String = "text", keys: Bool = true) -> String {
        let key = #"secret_access_key: "${file:/run/key}""#
        let credentials = "access_key_id: AKIDTEST, \(key), session_token: SENTINEL-token,"
        return """
            lake: "\(lake)"
            s3: { \(keys ? credentials : "") endpoint: "http://127.0.0.1:1", region: us-east-1, retries: 0 }
            kafka:
              brokers: "\(brokers)"
              properties: { sasl.password: SENTINEL-sasl, ssl.key.password: "${SSL_PASSWORD}" }
            log: { level: trace, format: \(log) }
            tables: [{ name: orders }]
            """
    }

    static func found(in text: String) -> [String] {
        let forms = all.flatMap { word in
            [word, Data(word.utf8).base64EncodedString().trimmingCharacters(in: ["="]).dropLast(2).description]
        }
        return forms.filter { text.contains($0) }
    }
}

/// A command that does something: its path and type.
struct LeafCommand: CustomTestStringConvertible, Sendable {
    var path: [String]
    var testDescription: String { path.joined(separator: " ") }

    /// All of them, from the tree itself, so that a new command is in this test by itself.
    static var all: [LeafCommand] { leaves(of: Varve.self, []) }

    private static func leaves(of command: any ParsableCommand.Type, _ path: [String]) -> [LeafCommand] {
        let children = command.configuration.subcommands
        guard !children.isEmpty else { return [LeafCommand(path: path)] }
        return children.flatMap { child in
            leaves(of: child, path + [child.configuration.commandName ?? child._commandName])
        }
    }
}

@Suite("Secrets stay inside")
struct SecretLeakTests {
    /// `demo` starts a broker and takes minutes; it takes no configuration and no secret.
    private static let notRun: Set = ["demo"]

    /// Operands and options that some command takes; those that one does not take make another error to look at.
    private static let operands = [[], ["orders", "select 1"], ["--table", "orders", "--output", "json"]]

    @Test("every command, by whatever way it ends, writes no secret", arguments: LeafCommand.all)
    func commands(_ command: LeafCommand) async throws {
        try await check(command.path + ["--help"], yaml: "")
        guard !Self.notRun.contains(command.path[0]) else { return }
        let lake = try await SmallLake()
        for operands in Self.operands {
            // With keys of the configuration, and with those of the environment; a store that is down, and a real lake.
            for (lake, keys) in [("s3://bucket/lake", operands.isEmpty), (lake.url, true)] {
                // A writer on a directory would run on: it has a test of its own.
                if command.path[0] == "run", !lake.hasPrefix("s3:") { continue }
                // Nobody has this address (RFC 5737); with one of this machine the console would serve on.
                let door = command.path[0] == "console" ? ["--listen", "192.0.2.1:80", "--without-token"] : []
                let arguments = command.path + ["--config", "v.yaml"] + operands + door
                try await check(arguments, yaml: Sentinel.yaml(lake: lake, keys: keys))
            }
        }
    }

    @Test("a URL with user and password is refused without showing them")
    func userInfo() async throws {
        let secret = "SENTINEL-url-user:SENTINEL-url-pass@"
        try await check(["tables", "--lake", "s3://\(secret)bucket/lake"], yaml: "")
        try await check(["tables", "--lake", "s3://SENTINEL-url-user:SENTINEL-url-pass/x@bucket/lake"], yaml: "")
        for (key, value) in [
            ("endpoint", "http://\(secret)h:1"), ("endpoint", "\(secret)h"), ("proxy", "ftp://SENTINEL-proxy@h"),
        ] {
            let yaml = "lake: s3://bucket/lake\ns3: { \(key): \"\(value)\" }\ntables: [{ name: orders }]\n"
            try await check(["tables", "--config", "v.yaml"], yaml: yaml)
            try await check(["config", "print", "--config", "v.yaml"], yaml: yaml)
        }
    }

    private func check(_ arguments: [String], yaml: String) async throws {
        let files = Sentinel.files.merging(["v.yaml": yaml]) { $1 }
        let outcome = await runVarve(arguments, environment: Sentinel.environment, files: files)
        let words = arguments.joined(separator: " ")
        #expect(Sentinel.found(in: outcome.output).isEmpty, "standard output of: \(words)")
        #expect(Sentinel.found(in: outcome.errors).isEmpty, "standard error of: \(words)\n\(outcome.errors)")
    }

    @Test("secrets in a file that everyone can read: one line of warning", arguments: [true, false])
    func exposed(isReadableByAll: Bool) throws {
        let lines = LineList()
        var source = SettingsSource(environment: Sentinel.environment, readFile: { Sentinel.files[$0] })
        source.warn = { lines.append($0) }
        source.isReadableByAll = isReadableByAll
        source.yaml = (Sentinel.yaml(lake: "s3://bucket/lake"), "v.yaml")
        _ = try source.load(for: .ingest)
        #expect(lines.all.count == (isReadableByAll ? 1 : 0))
        #expect(Sentinel.found(in: lines.all.joined()).isEmpty)
        source.yaml?.text = "lake: s3://bucket/lake\nkafka: { properties: { sasl.password: \"${SSL_PASSWORD}\" } }\n"
        _ = try source.load(for: .lake)
        #expect(lines.all.count == (isReadableByAll ? 1 : 0), "the name of a secret's place is no secret")
    }
}

/// Lines from wherever they come.
final class LineList: Sendable {
    private let sink = ByteSink()

    func append(_ line: String) { Array((line + "\n").utf8).withUnsafeBytes { sink.append($0) } }
    var all: [String] { sink.text.split(separator: "\n").map(String.init) }
}
