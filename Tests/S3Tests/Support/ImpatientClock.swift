import LakeModel
import Synchronization
import TestSupport

/// A clock whose sleeps pass at once, and are written down.
final class ImpatientClock: LakeClock {
    private let clock: ManualClock
    private let slept = Mutex<[Duration]>([])

    init(now: Timestamp = Timestamp(milliseconds: 1_795_237_200_000)) {
        clock = ManualClock(now: now)
    }

    var sleeps: [Duration] { slept.withLock { $0 } }

    func now() -> Timestamp { clock.now() }
    func elapsed() -> Duration { clock.elapsed() }

    func advance(by duration: Duration) {
        clock.advance(by: duration)
    }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        slept.withLock { $0.append(duration) }
        clock.advance(by: duration)
    }
}
