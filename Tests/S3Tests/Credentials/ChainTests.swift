import LakeModel
import ObjectStorage
import S3
import TestSupport
import Testing

@testable import S3

@Suite("Credentials: chain, environment, profiles")
struct ChainTests {
    @Test("variables come first, and half of them is an error")
    func environment() async throws {
        var machine = Machine(environment: ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s "])
        machine.files = ["/c": "[default]\naws_access_key_id = OTHER\naws_secret_access_key = o\n"]
        machine.environment["AWS_SHARED_CREDENTIALS_FILE"] = "/c"
        #expect(try await machine.chain().credentials() == Credentials(accessKeyID: "AKID", secretAccessKey: "s"))
        machine.environment["AWS_SESSION_TOKEN"] = "t"
        #expect(try await machine.chain().credentials().sessionToken == "t")
        machine.environment["AWS_SECRET_ACCESS_KEY"] = ""
        let half = machine
        let error = try await credentialsError { _ = try await half.chain().credentials() }
        #expect(error.kind == .invalid && error.message.contains("AWS_SECRET_ACCESS_KEY"))
    }

    @Test("a profile is read from both files; keys of the credentials file win")
    func profile() async throws {
        var machine = Machine(environment: ["HOME": "/h"])
        machine.files["/h/.aws/credentials"] =
            "# c\n[work]\naws_access_key_id=AKIDWORK\r\naws_secret_access_key = s=/+ # c\n"
        machine.files["/h/.aws/config"] = """
            [default]
            region = eu-west-1
            aws_access_key_id = AKIDDEFAULT
            aws_secret_access_key = d
            s3 =
              max_concurrent_requests = 20
              aws_access_key_id = nested
            [profile work]
            region = us-west-2
            aws_access_key_id = loses
            aws_session_token = tok
            [work]
            aws_access_key_id = wrong section
            """
        #expect(try await machine.chain().credentials().accessKeyID == "AKIDDEFAULT")
        let work = try await machine.chain(profile: "work").credentials()
        #expect(work.accessKeyID == "AKIDWORK" && work.secretAccessKey == "s=/+" && work.sessionToken == "tok")
        machine.environment["AWS_PROFILE"] = "work"
        #expect(try await machine.chain().credentials().accessKeyID == "AKIDWORK")
        let files = machine.files
        #expect(AWSEnvironment.region(machine.environment, files: FileReader { files[$0] }) == "us-west-2")
        machine.environment["AWS_REGION"] = "ap-south-1"
        #expect(AWSEnvironment.region(machine.environment, files: FileReader { files[$0] }) == "ap-south-1")
    }

    @Test("a profile asked for by name comes before variables, and must exist")
    func named() async throws {
        var machine = Machine(
            environment: ["HOME": "/h", "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"])
        machine.files["/h/.aws/credentials"] = "[p]\naws_access_key_id=P\naws_secret_access_key=s\n"
        #expect(try await machine.chain(profile: "p").credentials().accessKeyID == "P")
        let fixed = machine
        let error = try await credentialsError { _ = try await fixed.chain(profile: "q").credentials() }
        #expect(error.kind == .invalid && error.message.contains("profile q"))
    }

    @Test(
        "a profile that needs what varve does not do says so",
        arguments: ["credential_process = /bin/x", "sso_start_url = https://x", "role_arn = arn:aws:iam::1:role/r"])
    func unsupported(line: String) async throws {
        let machine = Machine(environment: ["HOME": "/h"], files: ["/h/.aws/config": "[default]\n\(line)\n"])
        let error = try await credentialsError { _ = try await machine.chain().credentials() }
        #expect(error.kind == .invalid && error.message.contains("default"))
    }

    @Test("a role is assumed with the keys of another profile, signed for sts")
    func assumesRole() async throws {
        let config = """
            [profile base]
            aws_access_key_id = AKIDBASE
            aws_secret_access_key = secret
            [profile work]
            role_arn = arn:aws:iam::1:role/r
            source_profile = base
            external_id = e&x
            role_session_name = me
            duration_seconds = 900
            region = eu-west-1
            """
        let network = ScriptedTransport(.answer(500), Machine.sts("AssumeRole"))
        let machine = Machine(
            environment: ["HOME": "/h"], files: ["/h/.aws/config": config], network: network)
        let credentials = try await machine.chain(profile: "work").credentials()
        #expect(credentials.accessKeyID == "ASIAROLE" && credentials.secretAccessKey == "s+/=")
        #expect(credentials.expiresAt?.description == "2026-11-21T06:00:00.000Z")
        let request = try #require(network.requests.last)
        #expect(request.target.url == "https://sts.eu-west-1.amazonaws.com/" && request.method == "POST")
        #expect(
            String(decoding: request.body.bytes, as: UTF8.self)
                == "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=me&ExternalId=e%26x"
                + "&DurationSeconds=900&Version=2011-06-15")
        #expect(request.headers["Authorization"]?.contains("AKIDBASE/20261121/eu-west-1/sts/aws4_request") == true)
    }

    @Test("chains of roles are followed, those that do not end are refused")
    func chains() async throws {
        let keys = "aws_access_key_id = A\naws_secret_access_key = s\n"
        let config =
            "[profile a]\nrole_arn = r1\nsource_profile = b\n[profile b]\nrole_arn = r2\nsource_profile = b\n\(keys)"
        let network = ScriptedTransport(
            Machine.sts("AssumeRole", key: "ASIA1"), Machine.sts("AssumeRole", key: "ASIA2"))
        var machine = Machine(environment: ["HOME": "/h"], files: ["/h/.aws/config": config], network: network)
        #expect(try await machine.chain(profile: "a").credentials().accessKeyID == "ASIA2")
        #expect(network.requests[0].headers["Authorization"]?.contains("Credential=A/") == true)
        #expect(network.requests[1].headers["Authorization"]?.contains("Credential=ASIA1/") == true)

        machine.files["/h/.aws/config"] =
            "[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n"
        let circle = machine
        let error = try await credentialsError { _ = try await circle.chain(profile: "a").credentials() }
        #expect(error.kind == .invalid && error.message.contains("does not end"))
    }

    @Test("a clock that is off is corrected once by the token service's own; another refusal stands")
    func clockOff() async throws {
        let machine = Machine(
            environment: ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s"],
            network: ScriptedTransport(
                .answer(403, [("Date", "Sat, 21 Nov 2026 06:30:00 GMT")], Self.expired), Machine.sts("AssumeRole")))
        let role = AssumedRole(arn: "arn:r")
        #expect(try await machine.chain(role: role).credentials().accessKeyID == "ASIAROLE")
        #expect(machine.network.requests.map { $0.headers["x-amz-date"] } == ["20261121T050000Z", "20261121T063000Z"])

        let refused = Machine(
            environment: machine.environment, network: ScriptedTransport(.answer(403, [], Self.expired)))
        let error = try await credentialsError { _ = try await refused.chain(role: role).credentials() }
        #expect(error.kind == .denied && error.message.contains("Signature expired"))
    }

    private static let expired =
        "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: 1 is now earlier than 2"
        + "</Message></Error></ErrorResponse>"

    @Test("a role given in the settings is assumed with what the chain finds")
    func settingsRole() async throws {
        let network = ScriptedTransport(Machine.sts("AssumeRole"))
        let machine = Machine(
            environment: [
                "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s",
                "AWS_ENDPOINT_URL_STS": "http://sts.test:1/x",
            ], network: network)
        let role = AssumedRole(arn: "arn:r", externalID: "e")
        #expect(try await machine.chain(role: role).credentials().accessKeyID == "ASIAROLE")
        #expect(network.requests[0].target.url == "http://sts.test:1/x/")
    }

    @Test("sts's refusal is a denial with its reason, its trouble is not")
    func refusal() async throws {
        let environment = ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s"]
        let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
        let denied = Machine(environment: environment, network: ScriptedTransport(.answer(403, [], body)))
        var error = try await credentialsError {
            _ = try await denied.chain(role: AssumedRole(arn: "r")).credentials()
        }
        #expect(error == CredentialsError(.denied, "sts: AccessDenied: not you"))
        let down = Machine(environment: environment, network: ScriptedTransport(otherwise: { _ in .answer(503) }))
        error = try await credentialsError { _ = try await down.chain(role: AssumedRole(arn: "r")).credentials() }
        #expect(error.kind == .unavailable && down.network.requests.count == 3)
    }

    @Test("a web identity token is sent unsigned, and read anew each time")
    func webIdentity() async throws {
        var machine = Machine(environment: [
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:r", "AWS_ROLE_SESSION_NAME": "pod",
        ])
        machine.files["/token"] = "ey.J.x\n"
        machine.network = ScriptedTransport(Machine.sts("AssumeRoleWithWebIdentity"))
        #expect(try await machine.chain().credentials().accessKeyID == "ASIAROLE")
        let request = machine.network.requests[0]
        #expect(request.headers["Authorization"] == nil)
        #expect(
            String(decoding: request.body.bytes, as: UTF8.self)
                == "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Ar&RoleSessionName=pod&WebIdentityToken=ey.J.x"
                + "&Version=2011-06-15")
        machine.files = [:]
        let without = machine
        let error = try await credentialsError { _ = try await without.chain().credentials() }
        #expect(error.kind == .invalid && error.message.contains("/token"))
    }

    @Test("where nothing is set up, the error names every source")
    func nothing() async throws {
        let local = ScriptedTransport(otherwise: { _ in .lost(sent: false, .timeout) })
        let machine = Machine(localNetwork: local)
        let error = try await credentialsError { _ = try await machine.chain().credentials() }
        #expect(error.kind == .notConfigured)
        for word in ["AWS_ACCESS_KEY_ID", "WEB_IDENTITY", "profile", "container", "instance metadata"] {
            #expect(error.message.contains(word))
        }
        #expect(local.requests.count == 1)
    }
}
