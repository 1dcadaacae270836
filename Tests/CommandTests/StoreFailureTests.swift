import TestSupport
import Testing

@testable import varve

@Suite("stores that fail")
struct StoreFailureTests {
    private static let environment = [
        // Port 1 of loopback refuses at once.
        "VARVE_S3_ENDPOINT": "http://127.0.0.1:1", "VARVE_S3_RETRIES": "0", "VARVE_S3_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIDCANARY", "AWS_SECRET_ACCESS_KEY": "canary-secret-of-the-test",
    ]

    @Test("a store that cannot be reached is one line and status 69, without secrets")
    func unreachable() async {
        let outcome = await runVarve(["tables", "--lake", "s3://bucket/lake"], environment: Self.environment)
        #expect(outcome.status == .unavailable)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errors.hasPrefix("varve: "))
        #expect(!outcome.errors.contains("canary"))
        #expect(outcome.output.isEmpty)
    }

    @Test("doctor reports a store that cannot be reached, and who it would have been to it")
    func doctor() async {
        let arguments = ["doctor", "--lake", "s3://bucket/lake", "--output", "csv"]
        let outcome = await runVarve(arguments, environment: Self.environment)
        #expect(outcome.status == .checkFailed)
        #expect(outcome.output.contains("store,credentials,ok,"))
        #expect(outcome.output.contains("store,exactly_once,failed,"))
        #expect(!(outcome.output + outcome.errors).contains("canary-secret"))
    }

    @Test("no credentials anywhere is status 77")
    func noCredentials() async throws {
        let home = try TemporaryDirectory("varve-home")
        let environment = [
            "VARVE_S3_ENDPOINT": "http://127.0.0.1:1", "VARVE_S3_RETRIES": "0", "HOME": home.path,
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "\(home.path)/none",
            "AWS_SHARED_CREDENTIALS_FILE": "\(home.path)/none",
        ]
        let outcome = await runVarve(["tables", "--lake", "s3://bucket/lake"], environment: environment)
        #expect(outcome.status == .noPermission)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("AWS_ACCESS_KEY_ID"))
    }

    @Test("a file in the place of a lake is status 66; an empty directory is a lake without tables")
    func directories() async throws {
        let directory = try TemporaryDirectory("varve-store")
        let run = ["run", "--lake", "file:///etc/hostname", "--brokers", "127.0.0.1:1", "--topic", "a"]
        let written = await runVarve(run)
        #expect(written.status == .noInput && written.errors.contains("it is no directory"), "\(written.errors)")
        let outcome = await runVarve(["tables", "--lake", "file:///etc/hostname"])
        #expect(outcome.status == .noInput)
        #expect(outcome.errorLines.count == 1)
        let empty = await runVarve(["tables", "--lake", "file://\(directory.path)"])
        #expect(empty.status == .success)
        #expect(empty.errors == "no tables in file://\(directory.path)\n")
    }
}
