import Dispatch
import Synchronization

/// Runs calls that block, a few at a time, on threads that are not those of Swift's cooperative pool.
final class BlockingPool: Sendable {
    private struct State {
        var running = 0
        /// What was taken is nil: a job holds the bytes that it writes.
        var waiting: [(@Sendable () -> Void)?] = []
        var firstWaiting = 0
    }

    private let threadsMax: Int
    private let queue: DispatchQueue
    private let state = Mutex(State())

    init(label: String, threadsMax: Int) {
        self.threadsMax = threadsMax
        queue = DispatchQueue(label: label, attributes: .concurrent)
    }

    func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            submit { continuation.resume(returning: Result(catching: body)) }
        }
        return try result.get()
    }

    private func submit(_ job: @escaping @Sendable () -> Void) {
        let startsThread = state.withLock { state in
            state.waiting.append(job)
            guard state.running < threadsMax else { return false }
            state.running += 1
            return true
        }
        if startsThread { queue.async { self.drain() } }
    }

    private func drain() {
        while let job = next() { job() }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.firstWaiting < state.waiting.count else {
                state.waiting.removeAll(keepingCapacity: true)
                state.firstWaiting = 0
                state.running -= 1
                return nil
            }
            if state.firstWaiting >= 1024 {
                state.waiting.removeFirst(state.firstWaiting)
                state.firstWaiting = 0
            }
            defer { state.firstWaiting += 1 }
            return state.waiting[state.firstWaiting].take()
        }
    }
}
