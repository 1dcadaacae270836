import LakeModel
import Metrics
import S3
import Synchronization

/// Counts HTTP requests to the store as they went out, tries again included.
enum S3Metrics {
    @Sendable static func count(_ request: S3RequestRecord) {
        let status = request.status.map(String.init) ?? "none"
        Counter(
            label: "varve_s3_requests_total", dimensions: [("operation", request.operation), ("status", status)]
        ).increment()
        guard request.isRetry else { return }
        Counter(label: "varve_s3_retries_total", dimensions: [("operation", request.operation)]).increment()
    }
}

/// Says when the credentials in use end, so that an alert comes before requests fail. Asks once a minute by itself, so
/// that they are renewed in time where nobody else asks.
final class MeteredCredentials: CredentialsProvider {
    private let source: any CredentialsProvider
    private let clock: any LakeClock
    private let end: Gauge
    private let failures: Counter
    private let keeper = Mutex<Task<Void, Never>?>(nil)

    /// - Parameter use: `store` or `kafka`.
    init(_ source: any CredentialsProvider, use: String, clock: any LakeClock) {
        (self.source, self.clock) = (source, clock)
        end = Gauge(label: "varve_credentials_expire_time_seconds", dimensions: [("use", use)])
        failures = Counter(label: "varve_credentials_failures_total", dimensions: [("use", use)])
    }

    func credentials() async throws(CredentialsError) -> Credentials {
        do throws(CredentialsError) {
            let held = try await source.credentials()
            // Keys that last have no end and no series.
            if let expiresAt = held.expiresAt {
                end.record(Double(expiresAt.milliseconds) / 1000)
                keepFresh()
            }
            return held
        } catch {
            failures.increment()
            throw error
        }
    }

    func discard(_ credentials: Credentials) async {
        await source.discard(credentials)
    }

    private func keepFresh() {
        keeper.withLock { keeper in
            guard keeper == nil else { return }
            keeper = Task { [weak self, clock] in
                while (try? await clock.sleep(for: .seconds(60))) != nil, let self {
                    _ = try? await self.credentials()
                }
            }
        }
    }

    deinit {
        keeper.withLock { $0?.cancel() }
    }
}
