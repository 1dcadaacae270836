import Testing

@testable import varve

@Suite("varve check")
struct GuaranteeTests {
    private func findings(_ yaml: String) throws -> [GuaranteeFinding] {
        Guarantee.findings(for: try loadSettings(yaml).settings)
    }

    @Test("a plain local configuration has no warning and says exactly once")
    func plain() throws {
        let findings = try findings("lake: file:///l\nkafka: {brokers: \"127.0.0.1:1\"}\ntables: [{name: a}]\n")
        #expect(!findings.contains { $0.level == .warning })
        #expect(findings.contains { $0.level == .guarantee && $0.key == "on_reset" })
    }

    @Test(
        "each choice that weakens a guarantee is a warning at its key",
        arguments: [
            ("tables: [{name: a, on_reset: latest}]", "on_reset"),
            ("tables: [{name: a, on_reset: earliest}]", "on_reset"),
            ("s3: {tls_verify: false}\ntables: [{name: a}]", "s3.tls_verify"),
            ("s3: {checksum: none}\ntables: [{name: a}]", "s3.checksum"),
            ("s3: {endpoint: \"http://minio:9000\", allow_http: true}\ntables: [{name: a}]", "s3.allow_http"),
            ("server: {listen: \"0.0.0.0:9464\"}\ntables: [{name: a}]", "server.listen"),
            ("memory: 64MiB\ntables: [{name: a, partition: {shards: 100}}]", "memory"),
        ])
    func warns(yaml: String, key: String) throws {
        let findings = try findings("lake: s3://bucket/x\nkafka: {brokers: \"127.0.0.1:1\"}\n" + yaml + "\n")
        #expect(findings.filter { $0.level == .warning }.map(\.key) == [key])
    }

    @Test("--strict makes a warning status 1")
    func strict() async {
        let arguments = ["check", "--lake", "s3://bucket/x", "--brokers", "far:1", "--topic", "a"]
        #expect(await runVarve(arguments).status == .success)
        #expect(await runVarve(arguments + ["--strict"]).status == .checkFailed)
    }
}
