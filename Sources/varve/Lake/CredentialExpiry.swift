import LakeModel
import Operations
import S3
import Synchronization

/// When the credentials in use expire, for the metric that warns before they do.
final class CredentialExpiry: Sendable {
    private let ends = Mutex<[String: Timestamp]>([:])

    /// - Parameter use: `store` or `kafka`.
    func watch(_ provider: any CredentialsProvider, use: String) -> any CredentialsProvider {
        WatchedCredentials(inner: provider, use: use, expiry: self)
    }

    fileprivate func note(_ credentials: Credentials, use: String) {
        ends.withLock { $0[use] = credentials.expiresAt }
    }

    func families(now: Timestamp) -> [MetricFamily] {
        [
            MetricFamily(
                "varve_credentials_expire_seconds", .gauge,
                help: "Time until the credentials in use expire; absent for keys that last.",
                samples: ends.withLock { $0 }.sorted { $0.key < $1.key }.map {
                    .init(Double($0.value.milliseconds - now.milliseconds) / 1000, labels: [("use", $0.key)])
                })
        ]
    }
}

private struct WatchedCredentials: CredentialsProvider {
    let inner: any CredentialsProvider
    let use: String
    let expiry: CredentialExpiry

    func credentials() async throws(CredentialsError) -> Credentials {
        let credentials = try await inner.credentials()
        expiry.note(credentials, use: use)
        return credentials
    }

    func discard(_ credentials: Credentials) async {
        await inner.discard(credentials)
    }
}
