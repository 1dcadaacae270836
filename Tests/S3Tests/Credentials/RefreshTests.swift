import LakeModel
import S3
import Synchronization
import TestSupport
import Testing

@Suite("Credentials: renewal")
struct RefreshTests {
    @Test("credentials are renewed five minutes before they expire, not sooner")
    func renewal() async throws {
        let clock = ImpatientClock()
        let source = ExpiringSource(clock, life: .seconds(3600))
        let provider = RefreshingCredentials(source, clock: clock)
        #expect(try await provider.credentials().accessKeyID == "K1")
        clock.advance(by: .seconds(3299))
        #expect(try await provider.credentials().accessKeyID == "K1")
        clock.advance(by: .seconds(2))
        #expect(try await provider.credentials().accessKeyID == "K2")
    }

    @Test("a clock that is ahead of the credentials' end does not make every request ask for new ones")
    func clockAhead() async throws {
        let clock = ImpatientClock()
        let source = ExpiringSource(clock, life: .seconds(-60))
        let provider = RefreshingCredentials(source, clock: clock)
        for _ in 0..<20 { _ = try await provider.credentials() }
        #expect(source.asked == 1)
    }

    @Test("many who ask at once share one question")
    func singleFlight() async throws {
        let clock = ImpatientClock()
        let source = ExpiringSource(clock, life: .seconds(3600), isSlow: true)
        let provider = RefreshingCredentials(source, clock: clock)
        let keys = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<50 { group.addTask { try? await provider.credentials().accessKeyID } }
            return await group.reduce(into: Set<String?>()) { $0.insert($1) }
        }
        #expect(keys == ["K1"])
        #expect(source.asked == 1)
    }

    @Test("while the source is down, credentials that are still valid are used, and it is asked once a minute")
    func sourceDown() async throws {
        let clock = ImpatientClock()
        let source = ExpiringSource(clock, life: .seconds(3600))
        let provider = RefreshingCredentials(source, clock: clock)
        _ = try await provider.credentials()
        source.isDown.store(true, ordering: .relaxed)
        clock.advance(by: .seconds(3301))
        for _ in 0..<10 { #expect(try await provider.credentials().accessKeyID == "K1") }
        #expect(source.asked == 2)
        clock.advance(by: .seconds(61))
        #expect(try await provider.credentials().accessKeyID == "K1")
        #expect(source.asked == 3)
        clock.advance(by: .seconds(240))
        let error = try await credentialsError { _ = try await provider.credentials() }
        #expect(error.kind == .unavailable)
    }

    @Test("a server that refuses everything does not make a question of each request")
    func refusesEverything() async throws {
        let clock = ImpatientClock()
        let source = ExpiringSource(clock, life: .seconds(3600))
        let fixture = try Fixture(
            ScriptedTransport(otherwise: { _ in .error(403, "InvalidAccessKeyId") }), clock: clock,
            credentials: RefreshingCredentials(source, clock: clock))
        for _ in 0..<50 { _ = try await storeError { _ = try await fixture.put() } }
        #expect(fixture.requests.count == 51)
        #expect(source.asked == 2)
        clock.advance(by: .seconds(10))
        _ = try await storeError { _ = try await fixture.put() }
        #expect(source.asked == 3)
    }

    @Test("discarding throws away only the credentials that were refused")
    func discards() async throws {
        let clock = ImpatientClock()
        let source = ExpiringSource(clock, life: .seconds(3600))
        let provider = RefreshingCredentials(source, clock: clock)
        let first = try await provider.credentials()
        await provider.discard(first)
        let second = try await provider.credentials()
        await provider.discard(first)
        #expect(try await provider.credentials() == second)
        #expect(source.asked == 2)
    }

    @Test("a store whose credentials expire during its work goes on with new ones")
    func duringWork() async throws {
        let clock = ImpatientClock()
        let provider = RefreshingCredentials(ExpiringSource(clock, life: .seconds(30)), clock: clock)
        let transport = ScriptedTransport(otherwise: { _ in .stored })
        let fixture = try Fixture(transport, clock: clock, credentials: provider)
        for _ in 0..<10 {
            _ = try await fixture.put()
            clock.advance(by: .seconds(10))
        }
        let used = transport.requests.compactMap { $0.headers["X-Amz-Security-Token"] }
        #expect(used == ["T1", "T1", "T2", "T2", "T3", "T3", "T4", "T4", "T5", "T5"])
    }
}

/// Gives K1, K2, … each valid for `life` from when it is asked.
private final class ExpiringSource: CredentialsProvider {
    private let clock: ImpatientClock
    private let life: Duration
    private let isSlow: Bool
    private let count = Atomic(0)
    let isDown = Atomic(false)

    init(_ clock: ImpatientClock, life: Duration, isSlow: Bool = false) {
        (self.clock, self.life, self.isSlow) = (clock, life, isSlow)
    }

    var asked: Int { count.load(ordering: .relaxed) }

    func credentials() async throws(CredentialsError) -> Credentials {
        let number = count.add(1, ordering: .relaxed).newValue
        if isSlow { for _ in 0..<100 { await Task.yield() } }
        if isDown.load(ordering: .relaxed) { throw CredentialsError(.unavailable, "down") }
        return Credentials(
            accessKeyID: "K\(number)", secretAccessKey: "s", sessionToken: "T\(number)",
            expiresAt: clock.now().advanced(byMilliseconds: life.wholeMilliseconds))
    }

    func discard(_ credentials: Credentials) async {}
}
