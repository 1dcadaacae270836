import Foundation
import LakeModel
import ObjectStorage
import S3

/// Makes an S3 store from what the user configured.
struct S3Opening {
    var bucket: String
    var prefix: String
    var settings: Settings.S3
    var environment: [String: String]
    var clock: any LakeClock

    func open() throws -> S3Store {
        let transport = CurlTransport(storeSettings.connection)
        return try S3Store(
            storeSettings, credentials: MeteredCredentials(credentials(transport), use: "store", clock: clock),
            transport: transport, clock: clock, random: SystemRandomNumberGenerator(), observer: { S3Metrics.count($0) }
        )
    }

    /// What the store itself takes.
    var storeSettings: S3Settings {
        var store = S3Settings(bucket: bucket, prefix: prefix, endpoint: settings.endpoint, region: region)
        store.addressing =
            switch settings.addressing {
            case .auto: .automatic
            case .path: .path
            case .virtual: .virtualHost
            }
        store.payload =
            switch settings.payload {
            case .auto: .automatic
            case .signed: .signed
            case .unsigned: .unsigned
            }
        store.checksum = Checksum.Algorithm(rawValue: settings.checksum.rawValue)
        store.encryption = encryption
        (store.storageClass, store.tags) = (settings.storageClass, settings.tags)
        (store.requesterPays, store.ifMatchQuoted) = (settings.requesterPays, settings.quotedETags)
        store.deletesVersions = settings.deletesVersions
        store.attemptsMax = settings.retries + 1
        store.connection.connectionsMax = settings.connections
        store.connection.connectTimeout = settings.timeout.connect.duration
        store.connection.lowSpeedTime = settings.timeout.stall.duration
        store.connection.totalTimeout = settings.timeout.request.duration
        (store.connection.caFile, store.connection.insecureTLS) = (settings.caFile, !settings.verifiesTLS)
        if let proxy = settings.proxy { store.connection.proxy = proxy == "none" ? .none : .url(proxy) }
        return store
    }

    private var encryption: ServerSideEncryption {
        switch settings.encryption {
        case .none: return .none
        case .s3: return .s3
        case .kms: return .kms(keyID: settings.kmsKey, context: [:])
        case .customer:
            let bytes = settings.customerKey.flatMap { Data(base64Encoded: $0) } ?? Data()
            return ServerSideEncryption.CustomerKey(Array(bytes)).map { .customer($0) } ?? .none
        }
    }

    /// As configured, else AWS's variables and profile; nil leaves it to the store to say.
    private var region: String? {
        settings.region ?? AWSEnvironment.region(environment, profile: settings.profile)
    }

    /// The key that is configured, else AWS's usual chain; with `role_arn` the role that these may assume.
    func credentials(_ transport: CurlTransport? = nil) -> any CredentialsProvider {
        let role = settings.roleARN.map { AssumedRole(arn: $0, externalID: settings.externalID) }
        var environment = environment
        if let id = settings.accessKeyID, let secret = settings.secretAccessKey {
            guard role != nil else {
                return StaticCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: settings.sessionToken)
            }
            environment["AWS_ACCESS_KEY_ID"] = id
            environment["AWS_SECRET_ACCESS_KEY"] = secret
            environment["AWS_SESSION_TOKEN"] = settings.sessionToken
        }
        return CredentialsChain.standard(
            environment: environment, profile: settings.profile, role: role, region: region,
            transport: transport ?? CurlTransport(storeSettings.connection), localTransport: localTransport,
            clock: clock)
    }

    /// For the endpoints of containers and instances: near, so that a time-out means that there is none.
    private var localTransport: CurlTransport {
        var connection = CurlSettings()
        (connection.proxy, connection.connectionsMax) = (.none, 1)
        (connection.connectTimeout, connection.totalTimeout) = (.seconds(1), .seconds(5))
        return CurlTransport(connection)
    }
}
