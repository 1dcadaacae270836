import LakeModel
import S3
import TestSupport

@testable import S3

/// A machine as the credential sources see it: variables, files, a network.
struct Machine {
    var environment: [String: String] = [:]
    var files: [String: String] = [:]
    var network = ScriptedTransport()
    var localNetwork = ScriptedTransport()
    var clock = ImpatientClock()

    func chain(profile: String? = nil, role: AssumedRole? = nil) -> any CredentialsProvider {
        let files = files
        return CredentialsChain.standard(
            environment: environment, profile: profile, role: role, transport: network, localTransport: localNetwork,
            files: FileReader { files[$0] }, clock: clock)
    }

    /// What the token service answers.
    static func sts(_ action: String, key: String = "ASIAROLE", expires: String = "2026-11-21T06:00:00Z")
        -> ScriptedTransport.Reply
    {
        .answer(
            200, [],
            "<\(action)Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><\(action)Result><Credentials>"
                + "<AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>s+/=</SecretAccessKey>"
                + "<SessionToken>tok</SessionToken><Expiration>\(expires)</Expiration>"
                + "</Credentials></\(action)Result></\(action)Response>")
    }

    /// What container and instance endpoints answer.
    static func document(key: String = "ASIALOCAL", expires: String = "2026-11-21T11:00:00Z")
        -> ScriptedTransport.Reply
    {
        .answer(
            200, [],
            "{\"Code\":\"Success\",\"AccessKeyId\":\"\(key)\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                + "\"Expiration\":\"\(expires)\"}")
    }
}

/// The error that `body` throws.
func credentialsError(_ body: () async throws -> Void) async throws -> CredentialsError {
    do {
        try await body()
    } catch let error as CredentialsError {
        return error
    }
    throw CheckFailure("it succeeded")
}
