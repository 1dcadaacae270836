import LakeModel
import Synchronization

/// The time of one simulated world: it stands still until the scheduler moves it.
final class VirtualTime: Sendable {
    private struct Sleeper {
        var due: Duration
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var elapsed = Duration.zero
        /// In order of arrival.
        var sleepers: [Sleeper] = []
    }

    private let state = Mutex(State())
    /// 2026-11-21T05:00:00Z.
    static let start = Timestamp(milliseconds: 1_795_237_200_000)

    var elapsed: Duration { state.withLock { $0.elapsed } }

    func sleep(for duration: Duration) async {
        guard duration > .zero else { return }
        await withCheckedContinuation { continuation in
            state.withLock { $0.sleepers.append(Sleeper(due: $0.elapsed + duration, continuation: continuation)) }
        }
    }

    /// When the next sleeper wakes.
    var nextDue: Duration? { state.withLock { $0.sleepers.map(\.due).min() } }

    /// Moves on and wakes whose time has come, the earliest first.
    func advance(to time: Duration) {
        let due = state.withLock { state in
            state.elapsed = max(state.elapsed, time)
            let now = state.elapsed
            let due = state.sleepers.enumerated().filter { $0.element.due <= now }
                .sorted { ($0.element.due, $0.offset) < ($1.element.due, $1.offset) }
            state.sleepers.removeAll { $0.due <= now }
            return due.map(\.element.continuation)
        }
        for continuation in due { continuation.resume() }
    }
}

/// Whether a simulated process still runs. A dead one does nothing more, though what it has sent may still arrive.
final class ProcessLife: Sendable {
    private let dead = Mutex(false)

    var isAlive: Bool { dead.withLock { !$0 } }

    func end() { dead.withLock { $0 = true } }
}

/// The clocks of one process: everyone's time passes alike, but wall clocks differ.
struct ProcessClock: LakeClock {
    let time: VirtualTime
    /// How far the wall clock is ahead.
    let skewMilliseconds: Int64
    let life: ProcessLife

    func now() -> Timestamp {
        VirtualTime.start.advanced(byMilliseconds: time.elapsed.milliseconds + skewMilliseconds)
    }

    func elapsed() -> Duration { time.elapsed }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        await time.sleep(for: max(duration, .milliseconds(1)))
        try Task.checkCancellation()
        guard life.isAlive else { throw CancellationError() }
    }
}

/// The store's own clock: near the truth, and now and then a little before an earlier answer.
final class StoreClock: LakeClock {
    private let time: VirtualTime
    private let random: Mutex<SplitMix>
    private let jitterMilliseconds: Int64

    init(time: VirtualTime, random: SplitMix, jitterMilliseconds: Int64) {
        (self.time, self.jitterMilliseconds) = (time, jitterMilliseconds)
        self.random = Mutex(random)
    }

    func now() -> Timestamp {
        let jitter = random.withLock { random in
            Int64.random(in: -jitterMilliseconds...jitterMilliseconds, using: &random)
        }
        return VirtualTime.start.advanced(byMilliseconds: time.elapsed.milliseconds + jitter)
    }

    func elapsed() -> Duration { time.elapsed }

    func sleep(for duration: Duration) async throws { await time.sleep(for: duration) }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
