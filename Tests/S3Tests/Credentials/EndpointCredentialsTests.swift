import S3
import TestSupport
import Testing

@testable import S3

@Suite("Credentials: container and instance endpoints")
struct EndpointCredentialsTests {
    @Test("an ECS task asks the agent's relative address")
    func relative() async throws {
        let machine = Machine(
            environment: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x?y=1"],
            localNetwork: ScriptedTransport(Machine.document()))
        let credentials = try await machine.chain().credentials()
        #expect(credentials.accessKeyID == "ASIALOCAL" && credentials.sessionToken == "t")
        #expect(machine.localNetwork.requests[0].target.url == "http://169.254.170.2/v2/credentials/x?y=1")
        #expect(machine.network.requests.isEmpty)
    }

    @Test("an EKS pod shows its token, read anew from its file")
    func full() async throws {
        let machine = Machine(
            environment: [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "loses",
            ], files: ["/t": "tok\n"], localNetwork: ScriptedTransport(Machine.document()))
        _ = try await machine.chain().credentials()
        #expect(machine.localNetwork.requests[0].headers["Authorization"] == "tok")
    }

    @Test(
        "plain http to another host, and what is no web address, are refused",
        arguments: [
            "http://example.com/x", "http://169.254.169.254/x", "http://127.0.0.1.evil.test/", "http://127.0.0.1@evil/",
            "file:///etc/passwd", "gopher://127.0.0.1/", "//x", "http://[::2]/", "http://2130706433/", "http:///x",
        ])
    func foreign(url: String) async throws {
        let machine = Machine(environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url])
        let error = try await credentialsError { _ = try await machine.chain().credentials() }
        #expect(error.kind == .invalid && machine.localNetwork.requests.isEmpty)
    }

    @Test(
        "loopback and https are taken",
        arguments: [
            "http://localhost:80/x", "http://127.9.9.9/x", "http://[::1]:8080/x", "https://example.com/x",
            "http://[fd00:ec2::23]/x",
        ])
    func near(url: String) async throws {
        let machine = Machine(
            environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url],
            localNetwork: ScriptedTransport(Machine.document()))
        _ = try await machine.chain().credentials()
        #expect(machine.localNetwork.requests[0].target.url == url)
    }

    @Test("a token with a line break is refused")
    func tokenInjection() async throws {
        let machine = Machine(environment: [
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nX: 1",
        ])
        let error = try await credentialsError { _ = try await machine.chain().credentials() }
        #expect(error.kind == .invalid)
    }

    @Test("an instance is asked with a session token, within a second, and a refused token is replaced once")
    func instance() async throws {
        let network = ScriptedTransport(
            .answer(200, [], "token-1"), .answer(401), .answer(200, [], "token-2"),
            .answer(200, [], "my role\nother\n"),
            Machine.document(expires: "2026-11-21T05:00:30Z"), .answer(200, [], "my role"),
            Machine.document(key: "ASIANEXT"))
        let machine = Machine(localNetwork: network)
        let chain = machine.chain()
        #expect(try await chain.credentials().accessKeyID == "ASIALOCAL")
        let asked = network.requests
        #expect(asked.map(\.method) == ["PUT", "GET", "PUT", "GET", "GET"])
        #expect(asked[0].headers["X-aws-ec2-metadata-token-ttl-seconds"] == "21600")
        #expect(asked[4].headers["X-aws-ec2-metadata-token"] == "token-2")
        #expect(asked[4].target.url == "http://169.254.169.254/latest/meta-data/iam/security-credentials/my%20role")
        #expect(asked.allSatisfy { $0.timeout == .seconds(1) })
        // Thirty-second credentials are renewed at half of their life, not with every request.
        machine.clock.advance(by: .seconds(14))
        #expect(try await chain.credentials().accessKeyID == "ASIALOCAL")
        machine.clock.advance(by: .seconds(2))
        #expect(try await chain.credentials().accessKeyID == "ASIANEXT")
    }

    @Test("the metadata endpoint can be moved, and turned off")
    func moved() async throws {
        var machine = Machine(
            environment: ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/"],
            localNetwork: ScriptedTransport(
                .answer(200, [], "t"), .answer(200, [], "role"), Machine.document()))
        _ = try await machine.chain().credentials()
        #expect(machine.localNetwork.requests[0].target.url == "http://127.0.0.1:1338/latest/api/token")
        machine.localNetwork = ScriptedTransport()
        machine.environment["AWS_EC2_METADATA_DISABLED"] = "TRUE"
        let off = machine
        let error = try await credentialsError { _ = try await off.chain().credentials() }
        #expect(error.kind == .notConfigured && off.localNetwork.requests.isEmpty)
    }

    @Test(
        "answers that are no credentials are reported, never trusted",
        arguments: [
            "", "{", "[]", "{\"Code\":\"AssumeRoleUnauthorizedAccess\"}", "{\"AccessKeyId\":\"A\"}",
            "{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"\"}", String(repeating: "[", count: 50_000),
        ])
    func malformed(body: String) async throws {
        let machine = Machine(
            environment: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"],
            localNetwork: ScriptedTransport(.answer(200, [], body)))
        let error = try await credentialsError { _ = try await machine.chain().credentials() }
        #expect(error.kind == .unavailable)
    }
}
