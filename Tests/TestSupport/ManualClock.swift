public import LakeModel
import Synchronization

/// A clock that moves only when a test says so.
public final class ManualClock: LakeClock {
    fileprivate struct Sleeper {
        var until: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    fileprivate struct State {
        var now: Timestamp
        var elapsed: Duration = .zero
        var sleepers: [Int: Sleeper] = [:]
        var sleepersEver = 0
    }

    private let state: Mutex<State>

    /// - Parameter now: 2026-11-21T05:00:00Z where nothing else is said.
    public init(now: Timestamp = Timestamp(milliseconds: 1_795_237_200_000)) {
        state = Mutex(State(now: now))
    }

    public func now() -> Timestamp { state.withLock { $0.now } }

    public func elapsed() -> Duration { state.withLock { $0.elapsed } }

    /// How many tasks sleep at the moment.
    public var sleeping: Int { state.withLock { $0.sleepers.count } }

    /// Moves both clocks on and wakes those whose time has come, the earliest first.
    public func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.elapsed += duration
            state.now = state.now.advanced(byMilliseconds: duration.wholeMilliseconds)
            return state.takeDue()
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Moves both clocks to the moment the next sleeper waits for; false where nobody sleeps.
    @discardableResult
    public func advanceToNextSleeper() -> Bool {
        let wait = state.withLock { state in
            state.sleepers.values.map(\.until).min().map { max(.zero, $0 - state.elapsed) }
        }
        guard let wait else { return false }
        advance(by: wait)
        return true
    }

    /// Makes the wall clock jump, as an administrator or NTP would; nobody wakes.
    public func jump(to now: Timestamp) {
        state.withLock { $0.now = now }
    }

    public func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.sleepersEver += 1
            return state.sleepersEver
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver = state.withLock { state in
                    guard duration > .zero, !Task.isCancelled else { return true }
                    state.sleepers[id] = Sleeper(until: state.elapsed + duration, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
            try Task.checkCancellation()
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}

extension ManualClock.State {
    fileprivate mutating func takeDue() -> [ManualClock.Sleeper] {
        let due = sleepers.filter { $0.value.until <= elapsed }.sorted {
            ($0.value.until, $0.key) < ($1.value.until, $1.key)
        }
        for (id, _) in due { sleepers[id] = nil }
        return due.map(\.value)
    }
}

extension Duration {
    /// Cut off, not rounded.
    public var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
