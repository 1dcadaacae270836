import Kafka
import LakeModel
import Logging
import Synchronization
import TestSupport
import Testing

/// Gives tokens that live for two seconds, and notes how often it was asked.
private final class CountedTokens: KafkaTokenSource {
    struct Refused: Error, CustomStringConvertible {
        var description: String { "the role may not be assumed" }
    }

    private let asked = Mutex(0)
    private let clock = SystemClock()
    let failsFrom: Int

    init(failsFrom: Int = .max) { self.failsFrom = failsFrom }

    var count: Int { asked.withLock { $0 } }

    func token() async throws -> KafkaToken {
        let number = asked.withLock { asked in
            asked += 1
            return asked
        }
        guard number < failsFrom else { throw Refused() }
        return KafkaToken(
            text: "dG9rZW4-\(number)", principal: "varve",
            expiresAtMilliseconds: clock.now().milliseconds + 2000)
    }
}

@Suite("Tokens for SASL/OAUTHBEARER")
struct TokenTests {
    private func settings(_ tokens: any KafkaTokenSource) -> KafkaSettings {
        var settings = KafkaSettings(
            brokers: "127.0.0.1:1", group: "g",
            properties: ["security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER"])
        settings.tokens = tokens
        return settings
    }

    @Test("a client asks for a token at once, and again before it expires, while nobody polls")
    func refreshed() async throws {
        let tokens = CountedTokens()
        let consumer = try KafkaConsumer(settings(tokens), logger: Logger(label: "test"))
        try await eventually("three tokens were asked for") { tokens.count >= 3 }
        _ = consumer.owned
    }

    @Test("a token that cannot be had is said with its reason, and asked for again")
    func refused() async throws {
        let tokens = CountedTokens(failsFrom: 1)
        let consumer = try KafkaConsumer(settings(tokens), logger: Logger(label: "test"))
        try consumer.subscribe(["orders"])
        var said = ""
        let deadline = ContinuousClock.now.advanced(by: .seconds(20))
        while !said.contains("may not be assumed"), ContinuousClock.now < deadline {
            for case .error(let error, _) in consumer.poll(timeout: .milliseconds(100), eventsMax: 0, onBatch: { _ in })
            {
                said += error.description
            }
        }
        #expect(said.contains("the role may not be assumed"), "\(said)")
    }

    @Test("an administrator gets tokens as well")
    func administrator() async throws {
        let tokens = CountedTokens()
        let admin = try KafkaAdmin(
            brokers: "127.0.0.1:1",
            properties: ["security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER"], tokens: tokens,
            logger: Logger(label: "test"))
        #expect(throws: KafkaError.self) { try admin.metadata(timeout: .seconds(1)) }
        try await eventually("a token was asked for") { tokens.count >= 1 }
    }
}
