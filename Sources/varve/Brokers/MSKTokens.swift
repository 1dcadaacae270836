import Kafka
import LakeModel
import S3

/// Tokens for Amazon MSK, signed with credentials of the same chain as S3's.
struct MSKTokens: KafkaTokenSource {
    private let signer: MSKTokenSigner

    /// What a client needs besides; properties of the configuration come before these.
    static let properties = ["security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER"]

    /// Nil where the configuration does not use IAM.
    init?(_ settings: Settings, in context: CommandContext) {
        let own = settings.kafka.mskIAM
        guard let region = own.region else { return nil }
        var keys = settings.s3
        // Static keys are the store's, which need not be AWS; the chain is what both share.
        (keys.accessKeyID, keys.secretAccessKey, keys.sessionToken, keys.externalID) = (nil, nil, nil, nil)
        (keys.profile, keys.roleARN, keys.region) = (own.profile ?? keys.profile, own.roleARN, region)
        let credentials = S3Opening(
            bucket: "", prefix: "", settings: keys, environment: context.environment, clock: context.clock
        ).credentials()
        signer = MSKTokenSigner(
            region: region, program: "varve/\(Varve.version)",
            credentials: MeteredCredentials(credentials, use: "kafka", clock: context.clock), clock: context.clock)
    }

    func token() async throws -> KafkaToken {
        let token = try await signer.token()
        return KafkaToken(
            text: token.text, principal: "varve", expiresAtMilliseconds: token.expiresAt.milliseconds)
    }
}
