internal import ObjectStorage
internal import Synchronization

/// Credentials of an EC2 instance, from its metadata service, version 2 (with a session token; never version 1, which
/// a server-side request forgery can read).
final class InstanceCredentials: CredentialsProvider {
    private let environment: [String: String]
    /// Without a proxy.
    private let transport: any HTTPTransport
    private let sessionToken = Mutex<String?>(nil)

    init(environment: [String: String], transport: any HTTPTransport) {
        (self.environment, self.transport) = (environment, transport)
    }

    /// An instance answers in milliseconds; elsewhere nothing does.
    static let timeout = Duration.seconds(1)

    func credentials() async throws(CredentialsError) -> Credentials {
        if environment.setValue("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
            throw CredentialsError(.notConfigured, "instance metadata is disabled")
        }
        let folder = "/latest/meta-data/iam/security-credentials/"
        let list = try await get(folder)
        let role = String(decoding: list, as: UTF8.self).split(whereSeparator: \.isNewline).first?.trimmed ?? ""
        guard !role.isEmpty, role.utf8.count <= 128 else {
            throw CredentialsError(.notConfigured, "instance metadata: the instance has no role")
        }
        return try CredentialsDocument.parse(
            try await get(folder + PercentEncoding.component(role)), from: "instance metadata")
    }

    func discard(_ credentials: Credentials) async {
        sessionToken.withLock { $0 = nil }
    }

    /// Gets with the session token; a refused one is replaced once.
    private func get(_ path: String) async throws(CredentialsError) -> [UInt8] {
        for attempt in 0..<2 {
            var request = try request("GET", path)
            request.headers["X-aws-ec2-metadata-token"] = try await token(isNew: attempt > 0)
            let response = try await send(request)
            switch response.status {
            case 200: return response.body
            case 401: continue
            case 404: throw CredentialsError(.notConfigured, "instance metadata: the instance has no role")
            default: throw CredentialsError(.unavailable, "instance metadata: status \(response.status)")
            }
        }
        throw CredentialsError(.unavailable, "instance metadata: the session token is refused")
    }

    private func token(isNew: Bool) async throws(CredentialsError) -> String {
        if !isNew, let kept = sessionToken.withLock({ $0 }) { return kept }
        var request = try request("PUT", "/latest/api/token")
        request.headers["X-aws-ec2-metadata-token-ttl-seconds"] = "21600"
        let response = try await send(request)
        let token = String(decoding: response.body.prefix(1024), as: UTF8.self)[...].trimmed
        let isPlain = token.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard response.status == 200, !token.isEmpty, isPlain else {
            throw CredentialsError(.notConfigured, "instance metadata: no session token, status \(response.status)")
        }
        sessionToken.withLock { $0 = token }
        return token
    }

    private func request(_ method: String, _ path: String) throws(CredentialsError) -> HTTPRequest {
        let isIPv6 = environment.setValue("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.lowercased() == "ipv6"
        let usual = isIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
        do {
            let parts = try S3Endpoint.split(environment.setValue("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? usual)
            return HTTPRequest(
                method,
                HTTPTarget(scheme: parts.scheme, authority: parts.authority, path: parts.basePath + path),
                responseBytesMax: 1 << 16, timeout: Self.timeout)
        } catch {
            throw CredentialsError(.invalid, "AWS_EC2_METADATA_SERVICE_ENDPOINT: \(error.message)")
        }
    }

    private func send(_ request: HTTPRequest) async throws(CredentialsError) -> HTTPResponse {
        do {
            return try await transport.send(request)
        } catch  where error.kind == .connect || error.kind == .timeout && sessionToken.withLock({ $0 }) == nil {
            throw CredentialsError(.notConfigured, "instance metadata does not answer")
        } catch {
            throw CredentialsError(.unavailable, "instance metadata: \(error.message)")
        }
    }
}
