internal import CRDKafka
internal import Dispatch
internal import Synchronization

/// A token for SASL/OAUTHBEARER (RFC 7628).
public struct KafkaToken: Sendable {
    /// A secret.
    public var text: String
    /// Who it stands for; shown in the brokers' logs.
    public var principal: String
    /// Milliseconds since 1970; librdkafka asks for the next one after four fifths of the time until then.
    public var expiresAtMilliseconds: Int64

    public init(text: String, principal: String, expiresAtMilliseconds: Int64) {
        (self.text, self.principal, self.expiresAtMilliseconds) = (text, principal, expiresAtMilliseconds)
    }
}

/// Where a client's tokens come from. Throws an error whose description is one line without a secret.
public protocol KafkaTokenSource: Sendable {
    func token() async throws -> KafkaToken
}

/// Answers librdkafka's requests for tokens.
///
/// They come on librdkafka's own background thread (`rd_kafka_sasl_background_callbacks_enable`), so that a client gets
/// its token also while its one thread waits inside another call. The thread waits for the token, at
/// most `waitMax`; the client cannot go away meanwhile, because destroying it joins that thread.
final class TokenRefresh: Sendable {
    static let waitMax = DispatchTimeInterval.seconds(30)

    private let source: any KafkaTokenSource

    init(_ source: any KafkaTokenSource) {
        self.source = source
    }

    /// Has `conf` ask this object. The reference that librdkafka holds is never given back: a client may outlive its
    /// owner (see `Destruction`), and there is one such object for a client.
    func install(in conf: OpaquePointer) {
        rd_kafka_conf_set_opaque(conf, Unmanaged.passRetained(self).toOpaque())
        rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf) { client, _, opaque in
            guard let client, let opaque else { return }
            Unmanaged<TokenRefresh>.fromOpaque(opaque).takeUnretainedValue().answer(client)
        }
        rd_kafka_conf_enable_sasl_queue(conf, 1)
    }

    /// Lets the requests come on the background thread.
    static func start(for client: OpaquePointer) throws(KafkaError) {
        try KafkaError.check(taking: rd_kafka_sasl_background_callbacks_enable(client), "kafka token")
    }

    private final class Answer: Sendable {
        let result = Mutex<Result<KafkaToken, any Error>?>(nil)
        let isThere = DispatchSemaphore(value: 0)
    }

    private func answer(_ client: OpaquePointer) {
        let (source, answer) = (source, Answer())
        let task = Task.detached {
            let result: Result<KafkaToken, any Error>
            do {
                result = .success(try await source.token())
            } catch {
                result = .failure(error)
            }
            answer.result.withLock { $0 = result }
            answer.isThere.signal()
        }
        guard answer.isThere.wait(timeout: .now() + Self.waitMax) == .success else {
            task.cancel()
            return refuse(client, "no token came within 30 s; is the source of credentials reachable?")
        }
        switch answer.result.withLock({ $0 }) {
        case .success(let token): hand(token, to: client)
        case .failure(let error): refuse(client, "\(error)")
        case nil: refuse(client, "no token came")
        }
    }

    private func hand(_ token: KafkaToken, to client: OpaquePointer) {
        // Everything is copied.
        let (code, text) = withErrorText {
            rd_kafka_oauthbearer_set_token(
                client, token.text, token.expiresAtMilliseconds, token.principal, nil, 0, $0, $1)
        }
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        // librdkafka's reason may quote the token.
        refuse(client, text.replacing(token.text, with: KafkaSecrets.mask))
    }

    /// librdkafka says it as an authentication error, and asks again after ten seconds.
    private func refuse(_ client: OpaquePointer, _ reason: String) {
        let line = reason.isEmpty ? "the token was refused" : reason
        rd_kafka_oauthbearer_set_token_failure(client, line)
    }
}
