import Glibc

/// Time as an argument: programs pass a `SystemClock`, tests and simulations one that they move by hand.
public protocol LakeClock: Sendable {
    /// The wall clock. It can jump; only people and file names of diagnostics may depend on it.
    func now() -> Timestamp

    /// Time since some fixed start, never going back: for ages, deadlines and intervals.
    func elapsed() -> Duration

    /// Returns after `duration`, or throws `CancellationError` as soon as the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The machine's clocks.
public struct SystemClock: LakeClock {
    private static let start = ContinuousClock.now

    public init() {}

    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    public func elapsed() -> Duration {
        Self.start.duration(to: .now)
    }

    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}
