internal import LakeModel
internal import ObjectStorage

/// The two calls of AWS's Security Token Service that give credentials (query API, version 2011-06-15).
struct SecurityTokenService: Sendable {
    let transport: any HTTPTransport
    let clock: any LakeClock
    let region: String
    /// `https://sts.region.amazonaws.com`, or what `AWS_ENDPOINT_URL_STS` says.
    let endpoint: String?

    /// Signed by `credentials`; `AssumeRoleWithWebIdentity` carries its own proof and goes unsigned.
    func call(_ parameters: [(name: String, value: String?)], signedBy credentials: Credentials?)
        async throws(CredentialsError) -> Credentials
    {
        var last = CredentialsError(.unavailable, "sts did not answer")
        var aheadMilliseconds: Int64 = 0
        for attempt in 0..<Self.attemptsMax {
            if attempt > 0 {
                do {
                    try await clock.sleep(for: .milliseconds(200 << attempt))
                } catch {
                    throw CredentialsError(.unavailable, "cancelled")
                }
            }
            do {
                return try await callOnce(parameters, signedBy: credentials, &aheadMilliseconds)
            } catch  where error.kind == .unavailable {
                last = error
            } catch {
                throw error
            }
        }
        throw last
    }

    private static let attemptsMax = 3
    /// STS refuses requests that are five minutes off.
    private static let skewMilliseconds: Int64 = 240_000

    /// - `aheadMilliseconds`: how far the service's clock is ahead of this one. Learned where it refuses a request, as
    ///   `S3Client` does.
    private func callOnce(
        _ parameters: [(name: String, value: String?)], signedBy credentials: Credentials?,
        _ aheadMilliseconds: inout Int64
    ) async throws(CredentialsError) -> Credentials {
        let body = Array(PercentEncoding.query(parameters + [("Version", "2011-06-15")]).utf8)
        var request = HTTPRequest(
            "POST", try target(), body: ObjectBody(body), responseBytesMax: 1 << 20, timeout: .seconds(30))
        request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        if let credentials {
            Signer(region: region, service: "sts").sign(
                &request, with: credentials, at: clock.now().advanced(byMilliseconds: aheadMilliseconds),
                payloadHash: Signer.payloadHash(of: [body]))
        }
        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch {
            throw CredentialsError(.unavailable, "sts: \(error.message)")
        }
        let root = try? XMLElement(parsing: response.body.droppingLeadingSpace)
        guard response.status == 200 else {
            if response.status == 403, let time = response.headers["Date"].flatMap(HTTPDate.parse) {
                let ahead = time.milliseconds &- clock.now().milliseconds
                if credentials != nil, abs(ahead &- aheadMilliseconds) > Self.skewMilliseconds {
                    aheadMilliseconds = ahead
                    throw CredentialsError(.unavailable, "sts: the clock is \(abs(ahead) / 1000) s off; set it")
                }
            }
            throw Self.failure(response.status, root?["Error"])
        }
        let result = root?.children.first { $0.name.hasSuffix("Result") }?["Credentials"]
        guard let result, let key = result.value("AccessKeyId"), let secret = result.value("SecretAccessKey"),
            let token = result.value("SessionToken")
        else { throw CredentialsError(.unavailable, "sts: the answer holds no credentials") }
        return Credentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: token,
            expiresAt: result.value("Expiration").flatMap { Timestamp($0) })
    }

    private static func failure(_ status: Int, _ error: XMLElement?) -> CredentialsError {
        let code = error?.value("Code")?.plain(max: 64) ?? "status \(status)"
        let text = "sts: \(code): \(error?.value("Message")?.plain(max: 200) ?? "no message")"
        if status >= 500 || status == 429 || code == "IDPCommunicationError" || code.hasPrefix("Throttl") {
            return CredentialsError(.unavailable, text)
        }
        return CredentialsError(.denied, text)
    }

    private func target() throws(CredentialsError) -> HTTPTarget {
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        do {
            let parts = try S3Endpoint.split(endpoint ?? "https://sts.\(region).\(domain)")
            return HTTPTarget(scheme: parts.scheme, authority: parts.authority, path: parts.basePath + "/")
        } catch {
            throw CredentialsError(.invalid, "sts: \(error.message)")
        }
    }
}

/// What is asked of AssumeRole.
public struct AssumedRole: Sendable, Hashable {
    public var arn: String
    /// Shows up in the audit trail.
    public var sessionName: String
    public var externalID: String?
    /// 15 minutes to 12 hours; nil for the service's hour.
    public var duration: Duration?

    public init(arn: String, sessionName: String = "varve", externalID: String? = nil, duration: Duration? = nil) {
        (self.arn, self.sessionName, self.externalID, self.duration) = (arn, sessionName, externalID, duration)
    }

    func parameters(_ action: String) -> [(name: String, value: String?)] {
        var parameters: [(name: String, value: String?)] = [
            ("Action", action), ("RoleArn", arn), ("RoleSessionName", sessionName),
        ]
        if let externalID { parameters.append(("ExternalId", externalID)) }
        if let duration { parameters.append(("DurationSeconds", String(duration.components.seconds))) }
        return parameters
    }
}

/// Credentials of a role, assumed with other credentials.
struct AssumeRoleCredentials: CredentialsProvider {
    let role: AssumedRole
    let source: any CredentialsProvider
    let service: SecurityTokenService

    func credentials() async throws(CredentialsError) -> Credentials {
        let own = try await source.credentials()
        do {
            return try await service.call(role.parameters("AssumeRole"), signedBy: own)
        } catch  where error.kind == .denied {
            // Keys from a file say no end: that they were replaced is learned here.
            await source.discard(own)
            let fresh = try await source.credentials()
            guard fresh != own else { throw error }
            return try await service.call(role.parameters("AssumeRole"), signedBy: fresh)
        } catch {
            throw error
        }
    }

    func discard(_ credentials: Credentials) async {}
}

/// Credentials of a role, assumed with a token file that something else renews: IAM roles for service accounts (IRSA).
struct WebIdentityCredentials: CredentialsProvider {
    let role: AssumedRole
    let tokenFile: String
    let files: FileReader
    let service: SecurityTokenService

    func credentials() async throws(CredentialsError) -> Credentials {
        // Read anew each time: the file is rotated.
        guard let token = files.read(tokenFile)?[...].trimmed, !token.isEmpty else {
            throw CredentialsError(.invalid, "the web identity token file \(tokenFile) is missing or empty")
        }
        let parameters = role.parameters("AssumeRoleWithWebIdentity") + [("WebIdentityToken", token)]
        return try await service.call(parameters, signedBy: nil)
    }

    func discard(_ credentials: Credentials) async {}
}
