import LakeModel
import ObjectStorage
import S3
import TestSupport
import Testing

@testable import S3

@Suite("Retries")
struct RetryTests {
    @Test(
        "a passing failure is retried until the store answers",
        arguments: [
            .error(503, "SlowDown"), .error(500, "InternalError"), .error(400, "RequestTimeout"), .error(502, ""),
            .answer(504), .answer(429), .error(400, "BadDigest"), .error(409, "OperationAborted"), .answer(404),
            .lost(sent: false, .connect), .lost(sent: true), .lost(sent: true, .timeout),
            .lost(sent: true, .truncated),
        ] as [ScriptedTransport.Reply])
    func passing(reply: ScriptedTransport.Reply) async throws {
        let fixture = try Fixture(reply, reply, .stored)
        let info = try await fixture.put()
        #expect(info.tag == EntityTag("abc"))
        #expect(fixture.requests.count == 3)
        #expect(fixture.clock.sleeps.count == 2)
        #expect(fixture.requests.allSatisfy { $0.body.bytes == [1, 2, 3] })
        #expect(fixture.records.map(\.isRetry) == [false, true, true])
        #expect(fixture.records.last?.status == 200)
    }

    @Test(
        "a final failure is not retried",
        arguments: [
            (.error(403, "AccessDenied"), .denied), (.answer(401), .denied),
            (.error(403, "InvalidAccessKeyId"), .denied), (.error(400, "InvalidToken"), .denied),
            (.error(403, "SignatureDoesNotMatch"), .denied), (.error(404, "NoSuchBucket"), .notFound),
            (.error(400, "InvalidArgument"), .invalid), (.error(501, "NotImplemented"), .invalid),
            (.error(405, "MethodNotAllowed"), .invalid), (.error(400, "EntityTooLarge"), .invalid),
            (.lost(sent: false, .tls), .unavailable), (.lost(sent: false, .invalid), .invalid),
        ] as [(ScriptedTransport.Reply, StoreError.Kind)])
    func final(reply: ScriptedTransport.Reply, kind: StoreError.Kind) async throws {
        let fixture = try Fixture(reply)
        let error = try await storeError { _ = try await fixture.put() }
        #expect(error.kind == kind)
        #expect(!error.mayHaveHappened)
        #expect(fixture.requests.count == 1)
    }

    @Test("attempts are bounded, and the last failure says how many there were")
    func bounded() async throws {
        let fixture = try Fixture(ScriptedTransport(otherwise: { _ in .error(503, "SlowDown") }))
        let error = try await storeError { _ = try await fixture.put() }
        #expect(error.kind == .throttled)
        #expect(error.mayHaveHappened)
        #expect(error.message.contains("5 attempts"))
        #expect(fixture.requests.count == 5)
    }

    @Test("a missing bucket is named")
    func missingBucket() async throws {
        let fixture = try Fixture(.error(404, "NoSuchBucket"))
        let error = try await storeError { _ = try await fixture.put() }
        #expect(error.message.contains("bucket bucket does not exist"))
    }

    @Test("Retry-After is obeyed, in seconds and as a date, and cut to a bound")
    func retryAfter() async throws {
        let later = "Sat, 21 Nov 2026 05:00:30 GMT"
        let fixture = try Fixture(
            .error(503, "SlowDown", headers: [("Retry-After", "7")]),
            .error(503, "SlowDown", headers: [("Retry-After", later)]),
            .error(503, "SlowDown", headers: [("Retry-After", "86400")]), .stored)
        _ = try await fixture.put()
        #expect(fixture.clock.sleeps == [.seconds(7), .seconds(30), .seconds(60)])
    }

    @Test("the wait is drawn from zero to a bound that doubles up to its limit")
    func jitter() {
        let policy = RetryPolicy(attemptsMax: 5)
        var random = SeededGenerator(seed: 7)
        for (attempt, bound) in [(1, 100), (2, 200), (3, 400), (9, 20_000), (60, 20_000)] {
            let waits = (0..<200).map { _ in
                policy.delay(after: attempt, isThrottled: false, retryAfter: nil, using: &random)
            }
            #expect(waits.allSatisfy { $0 >= .zero && $0 <= .milliseconds(bound) })
            #expect(waits.max()! > .milliseconds(bound * 8 / 10) && waits.min()! < .milliseconds(bound * 2 / 10))
        }
    }

    @Test("a store that fails every request soon gets no retries, and gets them again when it answers")
    func budget() async throws {
        var budget = RetryBudget()
        var granted = 0
        while budget.take(RetryBudget.retryCost) { granted += 1 }
        #expect(granted == 100)
        budget.refund(RetryBudget.retryCost)
        #expect(budget.tokens == 5)
        for _ in 0..<1000 { budget.refund(nil) }
        #expect(budget.tokens == RetryBudget.tokensMax)

        let fixture = try Fixture(ScriptedTransport(otherwise: { _ in .error(500, "InternalError") }))
        for _ in 0..<50 { _ = try? await fixture.put() }
        #expect(fixture.requests.count == 50 + 100)
    }

    @Test("cancelling during the wait ends the operation and says that it may have happened")
    func cancelled() async throws {
        let clock = ImpatientClock()
        let transport = ScriptedTransport(script: [
            { _ in
                withUnsafeCurrentTask { $0?.cancel() }
                return .error(500, "InternalError")
            }
        ])
        let fixture = try Fixture(transport, clock: clock)
        let error = try await Task { try await storeError { _ = try await fixture.put() } }.value
        #expect(error.kind == .unavailable && error.mayHaveHappened && error.message == "cancelled")
    }

    @Test("an error that repeats the request's secrets does not exist")
    func secrets() async throws {
        let fixture = try Fixture(.error(403, "AccessDenied"))
        let error = try await storeError { _ = try await fixture.put() }
        let request = try #require(fixture.requests.first)
        for text in ["\(error)", "\(request)", "\(fixture.store)", "\(fixture.records)"] {
            #expect(!text.contains("canary-secret"))
        }
        #expect(!"\(request.headers)".contains("Signature="))
    }
}
