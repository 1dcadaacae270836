internal import LakeModel
internal import ObjectStorage
internal import Synchronization

/// Signs, sends, judges, waits and repeats: everything that the operations have in common.
final class S3Client: Sendable {
    /// What a client learns while it runs.
    private struct Learned {
        var region: String
        var endpoint: S3Endpoint
        var clockOffsetMilliseconds: Int64 = 0
        var budget = RetryBudget()
        var random: any RandomNumberGenerator & Sendable
    }

    let settings: S3Settings
    private let transport: any HTTPTransport
    private let provider: any CredentialsProvider
    private let clock: any LakeClock
    private let observer: (@Sendable (S3RequestRecord) -> Void)?
    private let policy: RetryPolicy
    private let learned: Mutex<Learned>

    init(
        _ settings: S3Settings, transport: any HTTPTransport, credentials: any CredentialsProvider,
        clock: any LakeClock, random: any RandomNumberGenerator & Sendable,
        observer: (@Sendable (S3RequestRecord) -> Void)?
    ) throws(StoreError) {
        let region = settings.region ?? "us-east-1"
        let endpoint = try S3Endpoint(settings, region: region)
        (self.settings, self.transport, provider) = (settings, transport, credentials)
        (self.clock, self.observer) = (clock, observer)
        policy = RetryPolicy(attemptsMax: max(1, settings.attemptsMax))
        learned = Mutex(Learned(region: region, endpoint: endpoint, random: random))
    }

    var endpoint: S3Endpoint { learned.withLock { $0.endpoint } }
    var region: String { learned.withLock { $0.region } }
    var clockOffset: Duration { .milliseconds(learned.withLock { $0.clockOffsetMilliseconds }) }

    /// The wall clock, corrected by what the store taught.
    var now: Timestamp {
        clock.now().advanced(byMilliseconds: learned.withLock { $0.clockOffsetMilliseconds })
    }

    func currentCredentials(for operation: String) async throws(StoreError) -> Credentials {
        do {
            return try await provider.credentials()
        } catch {
            let kind: StoreError.Kind = error.kind == .unavailable ? .unavailable : .denied
            throw StoreError(kind, operation: operation, message: error.message)
        }
    }

    /// Performs `call`, with retries. Throws what is left when they are spent.
    func perform(_ call: S3Call) async throws(S3Failure) -> S3Answer {
        var run = S3Run(call)
        let payloadHash = signsPayload ? Signer.payloadHash(of: call.body.chunks) : Signer.unsignedPayload
        while true {
            let credentials: Credentials
            do {
                credentials = try await currentCredentials(for: call.operation)
            } catch {
                throw run.failure(error.kind, message: error.message)
            }
            if let refused = run.refused, refused.credentials == credentials {
                throw run.failure(.denied, message: refused.message)
            }
            run.attempt += 1
            let (outcome, duration) = await send(call, &run, credentials, payloadHash)
            let (verdict, error) = judge(outcome, call, &run)
            observe(call, run, outcome, error, duration)
            switch (verdict, outcome) {
            case (.success, .success(let response)):
                learned.withLock { $0.budget.refund(run.lastCost) }
                let time = response.headers["Date"].flatMap(HTTPDate.parse) ?? now
                return S3Answer(response: response, wasAmbiguous: run.wasAmbiguousBefore, serverTime: time)
            default:
                try await prepareNext(verdict, error, &run, credentials)
            }
        }
    }

    private var signsPayload: Bool {
        switch settings.payload {
        case .signed: true
        case .unsigned: false
        case .automatic: !endpoint.isTLS
        }
    }

    private func send(
        _ call: S3Call, _ run: inout S3Run, _ credentials: Credentials, _ payloadHash: String
    ) async -> (Result<HTTPResponse, HTTPFailure>, Duration) {
        run.region = region
        let endpoint = run.movedEndpoint ?? endpoint
        var request = HTTPRequest(
            call.method, endpoint.target(key: call.key, query: call.query), body: call.body,
            responseBytesMax: call.responseBytesMax)
        request.headers = call.headers
        request.headers["x-amz-content-sha256"] = payloadHash
        Signer(region: run.region, service: "s3").sign(&request, with: credentials, at: now, payloadHash: payloadHash)
        let start = clock.elapsed()
        do {
            return (.success(try await transport.send(request)), clock.elapsed() - start)
        } catch {
            return (.failure(error), clock.elapsed() - start)
        }
    }

    private func judge(
        _ outcome: Result<HTTPResponse, HTTPFailure>, _ call: S3Call, _ run: inout S3Run
    ) -> (S3Verdict, S3ErrorBody?) {
        run.wasAmbiguousBefore = run.wasAmbiguous
        switch outcome {
        case .failure(let failure):
            run.wasAmbiguous = run.wasAmbiguous || failure.wasSent
            return (.judge(failure), nil)
        case .success(let response):
            if response.wasResent { (run.wasAmbiguous, run.wasAmbiguousBefore) = (true, true) }
            if (200..<300).contains(response.status) && call.isExpected(response) {
                guard let complaint = call.verify?(response) else { return (.success, nil) }
                return (
                    .retry(kind: .corrupt, message: complaint, isThrottled: false, cost: RetryBudget.retryCost), nil
                )
            }
            let error = S3ErrorBody(response)
            if S3Verdict.isAmbiguous(error) { run.wasAmbiguous = true }
            return (verdict(on: error, call, run), error)
        }
    }

    /// The verdict on an error answer. A HEAD has no body to say why: the date and the token have to tell.
    private func verdict(on error: S3ErrorBody, _ call: S3Call, _ run: S3Run) -> S3Verdict {
        let isRegionNew = error.region.map { $0 != run.region } ?? false
        let verdict = S3Verdict.judge(error, call: call, bucket: settings.bucket, isRegionNew: isRegionNew)
        guard call.method == "HEAD", error.code.isEmpty, case .fail = verdict else { return verdict }
        if error.status == 403, !run.correctedClock, let time = error.serverTime,
            abs(time.milliseconds - now.milliseconds) > Self.skewMilliseconds
        {
            return .correctClock(message: error.summary)
        }
        if error.status == 400, !run.renewedCredentials { return .renewCredentials(message: error.summary) }
        return verdict
    }

    /// S3 refuses requests that are 15 minutes off; a clock this far off is worth one correction.
    private static let skewMilliseconds: Int64 = 240_000

    private func observe(
        _ call: S3Call, _ run: S3Run, _ outcome: Result<HTTPResponse, HTTPFailure>, _ error: S3ErrorBody?,
        _ duration: Duration
    ) {
        guard let observer else { return }
        var record = S3RequestRecord(
            operation: call.operation, status: nil, errorCode: nil, duration: duration, attempt: run.attempt,
            bytesSent: call.body.count, bytesReceived: 0)
        switch outcome {
        case .success(let response):
            (record.status, record.bytesReceived) = (response.status, response.body.count)
            record.errorCode = error.map { $0.code.isEmpty ? String($0.status) : $0.code }
        case .failure(let failure):
            record.errorCode = failure.kind.rawValue
        }
        observer(record)
    }
}

extension S3Client {
    /// Waits or corrects what the verdict asks for; throws where nothing is left to try.
    private func prepareNext(
        _ verdict: S3Verdict, _ error: S3ErrorBody?, _ run: inout S3Run, _ credentials: Credentials
    ) async throws(S3Failure) {
        (run.status, run.code) = (error?.status, error?.code)
        switch verdict {
        case .success:
            throw run.failure(.unavailable, message: "no answer")
        case .fail(let kind, let message):
            throw run.failure(kind, message: message)
        case .renewCredentials(let message):
            guard !run.renewedCredentials else {
                throw run.failure(.denied, message: message)
            }
            run.renewedCredentials = true
            // The same again would be refused again; a HEAD does not say that it was they that were refused.
            if run.code?.isEmpty == false { run.refused = (credentials, message) }
            await provider.discard(credentials)
        case .correctClock(let message):
            guard !run.correctedClock, let time = error?.serverTime else {
                throw run.failure(.denied, message: "\(message); set this machine's clock")
            }
            run.correctedClock = true
            learned.withLock { $0.clockOffsetMilliseconds = time.milliseconds &- clock.now().milliseconds }
        case .redirect(let message):
            try redirect(error, message, &run)
        case .retry(let kind, let message, let isThrottled, let cost):
            guard run.attempt - run.corrections < policy.attemptsMax else {
                throw run.failure(kind, message: "\(message) (\(run.attempt) attempts)")
            }
            guard learned.withLock({ $0.budget.take(cost) }) else {
                throw run.failure(kind, message: "\(message) (the retry budget is spent)")
            }
            run.lastCost = cost
            try await wait(isThrottled, error?.retryAfter, run)
            return
        }
        run.corrections += 1
    }

    private func wait(_ isThrottled: Bool, _ retryAfter: Duration?, _ run: S3Run) async throws(S3Failure) {
        let delay = learned.withLock { learned in
            var random = AnyGenerator(base: learned.random)
            defer { learned.random = random.base }
            return policy.delay(
                after: run.attempt, isThrottled: isThrottled, retryAfter: retryAfter, using: &random)
        }
        do {
            try await clock.sleep(for: delay)
        } catch {
            throw run.failure(.unavailable, message: "cancelled")
        }
    }

    /// Follows a redirect by signing anew: for another region, or for another host under the same endpoint.
    private func redirect(_ error: S3ErrorBody?, _ message: String, _ run: inout S3Run) throws(S3Failure) {
        run.redirects += 1
        guard let error, run.redirects <= Self.redirectsMax else {
            throw run.failure(.invalid, message: "\(message); too many redirects: check the endpoint and the region")
        }
        let isRegionNew = error.region.map { $0 != run.region } ?? false
        if isRegionNew, let region = error.region {
            guard let endpoint = try? S3Endpoint(settings, region: region) else {
                throw run.failure(.invalid, message: "\(message); the store names no usable region")
            }
            learned.withLock { ($0.region, $0.endpoint) = (region, endpoint) }
            run.movedEndpoint = nil
            if settings.endpoint == nil || error.redirect == nil { return }
        }
        guard let (scheme, authority) = error.redirect else {
            throw run.failure(.invalid, message: "\(message); set the region of bucket \(settings.bucket)")
        }
        guard let moved = endpoint.redirected(scheme: scheme, authority: authority) else {
            if isRegionNew { return }
            let host = authority.plain(max: 100)
            throw run.failure(
                .invalid, message: "the store redirects to \(host), which is not under its endpoint; not followed")
        }
        run.movedEndpoint = moved
    }

    private static let redirectsMax = 3
}

/// The state of one operation over its attempts.
struct S3Run {
    let call: S3Call
    var attempt = 0
    /// Attempts that were repeated at once after a correction; they do not count as retries.
    var corrections = 0
    var redirects = 0
    var renewedCredentials = false
    var refused: (credentials: Credentials, message: String)?
    var correctedClock = false
    var region = ""
    var movedEndpoint: S3Endpoint?
    /// Some attempt may have taken effect; `…Before` leaves out the last one.
    var wasAmbiguous = false
    var wasAmbiguousBefore = false
    var lastCost: Int?
    var status: Int?
    var code: String?

    init(_ call: S3Call) {
        self.call = call
    }

    func failure(_ kind: StoreError.Kind, message: String) -> S3Failure {
        let error = StoreError(
            kind, operation: call.operation, key: call.key, message: message,
            mayHaveHappened: call.mutates && wasAmbiguous)
        return S3Failure(error: error, code: code, status: status, wasAmbiguous: wasAmbiguous)
    }
}

extension S3Call {
    /// True where a 2xx answer holds what a success of this operation holds.
    func isExpected(_ response: HTTPResponse) -> Bool {
        guard let expectedRoot else {
            // Where no document is expected, one is a maintenance page, or an error.
            let isPage = method != "GET" && response.body.droppingLeadingSpace.first == UInt8(ascii: "<")
            let hasTag = !S3Store.tag(response.headers["ETag"]).description.isEmpty
            let isOfStore = hasTag || response.headers.fields.contains { $0.name.lowercased().hasPrefix("x-amz-") }
            return !isPage && (hasTag || !expectsTag) && (isOfStore || !expectsObject)
        }
        let root = try? XMLElement(parsing: response.body.droppingLeadingSpace)
        return root?.name == expectedRoot
    }
}

/// Opens an existential generator for a generic parameter.
private struct AnyGenerator: RandomNumberGenerator {
    var base: any RandomNumberGenerator & Sendable

    mutating func next() -> UInt64 { base.next() }
}
