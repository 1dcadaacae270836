/// How long to wait before an attempt, and how many retries a client may spend: full jitter over an exponential bound
/// (M. Brooker, "Exponential Backoff And Jitter") under the token bucket of the AWS SDKs' `standard` retry mode.
struct RetryPolicy: Sendable {
    var attemptsMax: Int
    var baseDelay = Duration.milliseconds(100)
    var throttledBaseDelay = Duration.milliseconds(500)
    var delayMax = Duration.seconds(20)
    /// A server's `Retry-After` beyond this is cut to it.
    var retryAfterMax = Duration.seconds(60)

    /// The wait before attempt number `attempt + 1`.
    func delay(
        after attempt: Int, isThrottled: Bool, retryAfter: Duration?, using random: inout some RandomNumberGenerator
    ) -> Duration {
        let base = isThrottled ? throttledBaseDelay : baseDelay
        let bound = min(base * (1 << min(max(0, attempt - 1), 16)), delayMax)
        let jittered = bound * Double.random(in: 0...1, using: &random)
        guard let retryAfter else { return jittered }
        return max(jittered, min(retryAfter, retryAfterMax))
    }
}

/// Tokens for retries, shared by all operations of a client: a store that fails every request is not asked five times
/// as often for it.
struct RetryBudget: Sendable {
    static let tokensMax = 500
    static let retryCost = 5
    static let timeoutCost = 10

    private(set) var tokens = tokensMax

    /// Takes the price of one retry; false where the budget is spent.
    mutating func take(_ cost: Int) -> Bool {
        guard tokens >= cost else { return false }
        tokens -= cost
        return true
    }

    /// After a success: the price of its last retry comes back, or one token where there was none.
    mutating func refund(_ lastCost: Int?) {
        tokens = min(Self.tokensMax, tokens + (lastCost ?? 1))
    }
}
