public import LakeModel

/// Makes the tokens with which Amazon MSK lets a client in (SASL/OAUTHBEARER).
///
/// A token is a presigned `kafka-cluster:Connect` request in base64url, as Amazon's own signers make it
/// (github.com/aws/aws-msk-iam-sasl-signer-python; docs.aws.amazon.com/msk, "IAM access control"). It lives for a
/// quarter of an hour, or as long as the credentials where that is shorter. It is a secret.
public struct MSKTokenSigner: Sendable {
    /// The life that Amazon's signers give; brokers refuse a longer one.
    public static let life = Duration.seconds(900)

    private let region: String
    private let program: String
    private let credentials: any CredentialsProvider
    private let clock: any LakeClock

    /// - Parameters:
    ///   - region: of the cluster, such as `eu-central-1`.
    ///   - program: named in the cluster's log: `varve/0.1.0`.
    public init(region: String, program: String, credentials: any CredentialsProvider, clock: any LakeClock) {
        (self.region, self.program, self.credentials, self.clock) = (region, program, credentials, clock)
    }

    public struct Token: Sendable {
        public var text: String
        public var expiresAt: Timestamp
    }

    public func token() async throws(CredentialsError) -> Token {
        let credentials = try await credentials.credentials()
        let now = clock.now()
        // Signatures count whole seconds.
        let signedAt = Timestamp(milliseconds: now.milliseconds - now.milliseconds.flooredRemainder(by: 1000))
        let full = signedAt.advanced(byMilliseconds: Self.life.components.seconds * 1000)
        return Token(
            text: token(with: credentials, at: signedAt), expiresAt: min(full, credentials.expiresAt ?? full))
    }

    func token(with credentials: Credentials, at time: Timestamp) -> String {
        let target = HTTPTarget(
            scheme: "https", authority: "kafka.\(region).amazonaws.com",
            query: PercentEncoding.query([("Action", "kafka-cluster:Connect")]))
        var signed = Signer(region: region, service: "kafka-cluster").presigned(
            HTTPRequest("GET", target), with: credentials, at: time, life: Self.life,
            payloadHash: Signer.payloadHash(of: []))
        // Added after the signature, as Amazon's signers do.
        signed.query += "&" + PercentEncoding.query([("User-Agent", program)])
        return base64(Array(signed.url.utf8)).prefix { $0 != "=" }
            .replacing("+", with: "-").replacing("/", with: "_").description
    }
}
