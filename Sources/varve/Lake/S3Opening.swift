import Foundation
import LakeModel
import ObjectStorage
import S3

/// Makes an S3 store from what the user configured.
struct S3Opening {
    var bucket: String
    var prefix: String
    var settings: Settings.S3
    var clock: any LakeClock

    func open() throws -> any ObjectStore {
        let transport = CurlTransport(storeSettings.connection)
        return try S3Store(
            storeSettings, credentials: try credentials(), transport: transport, clock: clock,
            random: SystemRandomNumberGenerator())
    }

    /// What the store itself takes.
    var storeSettings: S3Settings {
        var store = S3Settings(bucket: bucket, prefix: prefix, endpoint: settings.endpoint, region: settings.region)
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

    private func credentials() throws -> any CredentialsProvider {
        if let id = settings.accessKeyID, let secret = settings.secretAccessKey {
            return StaticCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: settings.sessionToken)
        }
        throw CommandFailure(
            .noPermission, "no credentials", at: "s3", fix: "give s3.access_key_id and s3.secret_access_key")
    }
}
