import LakeModel
import ObjectStorage
import S3
import Synchronization
import TestSupport
import Testing

@testable import S3

/// Keys in a file carry no end: that they were replaced is learned from a refusal, or by looking again.
@Suite("Credentials: rotation")
struct KeyRotationTests {
    @Test("keys replaced in the shared file are taken when the store refuses the old ones, without a role")
    func byRefusal() async throws {
        let rotation = Rotation()
        let fixture = try Fixture(rotation.store(), clock: rotation.clock, credentials: rotation.chain())
        _ = try await fixture.put()
        rotation.replaceKeys(with: "NEW")
        _ = try await fixture.put()
        #expect(fixture.requests.map { Rotation.keyID($0) } == ["OLD", "OLD", "NEW"])
    }

    @Test("a file read while it is written is a refusal that passes, and never another source's credentials")
    func halfWritten() async throws {
        let rotation = Rotation()
        let fixture = try Fixture(rotation.store(), clock: rotation.clock, credentials: rotation.chain())
        _ = try await fixture.put()
        rotation.replaceKeys(with: "NEW")
        rotation.file.withLock { $0 = "[default]\naws_access_key_id = NEW\n" }
        let error = try await storeError { _ = try await fixture.put() }
        #expect(error.kind == .unavailable && error.message.contains("profile default"))
        #expect(rotation.localNetwork.requests.isEmpty)
        rotation.replaceKeys(with: "NEW")
        _ = try await fixture.put()
    }

    @Test("keys replaced in the shared file are taken when the token service refuses the old ones")
    func behindRole() async throws {
        let rotation = Rotation()
        let chain = rotation.chain(role: AssumedRole(arn: "arn:r"))
        let first = try await chain.credentials()
        #expect(first.accessKeyID == "ROLE-OF-OLD")
        rotation.replaceKeys(with: "NEW")
        await chain.discard(first)
        #expect(try await chain.credentials().accessKeyID == "ROLE-OF-NEW")
        #expect(rotation.network.requests.map { Rotation.keyID($0) } == ["OLD", "OLD", "NEW"])
    }

    @Test("a token service that refuses unchanged keys is asked once for each question")
    func refusedForGood() async throws {
        let rotation = Rotation()
        rotation.valid.withLock { $0 = "OTHER" }
        let chain = rotation.chain(role: AssumedRole(arn: "arn:r"))
        for asked in 1...5 {
            let error = try await credentialsError { _ = try await chain.credentials() }
            #expect(error.kind == .denied && error.message.contains("ExpiredToken"))
            #expect(rotation.network.requests.count == asked)
        }
    }

    @Test("keys without an end are looked at again every five minutes, and kept where there is nothing to see")
    func byLooking() async throws {
        let rotation = Rotation()
        let chain = rotation.chain()
        #expect(try await chain.credentials().accessKeyID == "OLD")
        rotation.file.withLock { $0 = "" }
        rotation.clock.advance(by: .seconds(301))
        #expect(try await chain.credentials().accessKeyID == "OLD")
        rotation.replaceKeys(with: "NEW")
        #expect(try await chain.credentials().accessKeyID == "OLD")
        rotation.clock.advance(by: .seconds(61))
        #expect(try await chain.credentials().accessKeyID == "NEW")
    }
}

/// A machine whose shared file is rewritten while it runs, and servers that know one key at a time.
private final class Rotation: Sendable {
    let clock = ImpatientClock()
    let file = Mutex("[default]\naws_access_key_id = OLD\naws_secret_access_key = s\n")
    let valid = Mutex("OLD")
    let localNetwork = ScriptedTransport(otherwise: { _ in Machine.document() })
    private let tokenService = Mutex<ScriptedTransport?>(nil)

    func replaceKeys(with key: String) {
        valid.withLock { $0 = key }
        file.withLock { $0 = "[default]\naws_access_key_id = \(key)\naws_secret_access_key = s\n" }
    }

    var network: ScriptedTransport {
        tokenService.withLock { made in
            if let made { return made }
            let transport = ScriptedTransport(otherwise: { [self] request in
                let key = Self.keyID(request)
                guard key == valid.withLock({ $0 }) else {
                    let error = "<Error><Code>ExpiredToken</Code><Message>over</Message></Error>"
                    return .answer(403, [], "<ErrorResponse>\(error)</ErrorResponse>")
                }
                let end = clock.now().advanced(byMilliseconds: 3_600_000).description
                return Machine.sts("AssumeRole", key: "ROLE-OF-\(key)", expires: end)
            })
            made = transport
            return transport
        }
    }

    func chain(role: AssumedRole? = nil) -> any CredentialsProvider {
        CredentialsChain.standard(
            environment: ["HOME": "/h"], role: role, transport: network, localTransport: localNetwork,
            files: FileReader { [self] path in path.hasSuffix("/credentials") ? file.withLock { $0 } : nil },
            clock: clock)
    }

    func store() -> ScriptedTransport {
        ScriptedTransport(otherwise: { [self] request in
            Self.keyID(request) == valid.withLock { $0 } ? .stored : .error(403, "InvalidAccessKeyId")
        })
    }

    static func keyID(_ request: HTTPRequest) -> String {
        let rest = request.headers["Authorization"]?.split(separator: "Credential=").last ?? ""
        return String(rest.prefix { $0 != "/" })
    }
}
