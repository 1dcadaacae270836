import LakeModel
import Synchronization

/// Lets a message through a few times in a while, and says of the next one how many were held back.
///
/// Messages are told apart by label, level and text: values belong into the metadata.
final class LogRepeats: Sendable {
    private struct Run {
        var start: Duration
        var seen: Int
        var heldBack: Int
    }

    private let burstMax: Int
    private let window: Duration
    private let messagesMax = 1000
    private let clock: any LakeClock
    private let runs = Mutex<[String: Run]>([:])

    init(burstMax: Int, window: Duration, clock: any LakeClock) {
        (self.burstMax, self.window, self.clock) = (burstMax, window, clock)
    }

    enum Answer: Equatable {
        /// Write it, and that so many like it were held back before.
        case write(heldBack: Int)
        case holdBack
    }

    func record(_ message: String) -> Answer {
        let now = clock.elapsed()
        return runs.withLock { runs in
            guard var run = runs[message], now - run.start < window else {
                let heldBack = runs[message]?.heldBack ?? 0
                if runs.count >= messagesMax { runs.removeAll(keepingCapacity: true) }
                runs[message] = Run(start: now, seen: 1, heldBack: 0)
                return .write(heldBack: heldBack)
            }
            run.seen += 1
            let isHeldBack = run.seen > burstMax
            if isHeldBack { run.heldBack += 1 }
            runs[message] = run
            return isHeldBack ? .holdBack : .write(heldBack: 0)
        }
    }
}
