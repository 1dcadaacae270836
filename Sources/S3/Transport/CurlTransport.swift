internal import Dispatch
internal import Foundation
internal import Synchronization

/// Sends requests with libcurl on a fixed number of threads, each of which owns one handle and its kept connection.
///
/// Threads start when first needed and end with the transport. The thread that became idle last is used first, so that
/// under light load one warm connection serves all.
public final class CurlTransport: HTTPTransport {
    private let pool: CurlPool

    public init(_ settings: CurlSettings = CurlSettings()) {
        pool = CurlPool(settings)
    }

    deinit {
        pool.close()
    }

    public func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let job = CurlJob(request)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                job.start(continuation)
                pool.submit(job)
            }
        } onCancel: {
            job.cancel()
        }
        return try result.get()
    }
}

/// One request on its way to a thread and its answer on the way back; resumed exactly once.
final class CurlJob: Sendable {
    typealias Continuation = CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>

    private enum Phase {
        case made, cancelledEarly
        case waiting(Continuation)
        case running(Continuation)
        case done
    }

    let request: HTTPRequest
    let flag = CancellationFlag()
    private let phase = Mutex(Phase.made)

    init(_ request: HTTPRequest) {
        self.request = request
    }

    func start(_ continuation: Continuation) {
        let isCancelled = phase.withLock { phase in
            if case .cancelledEarly = phase {
                phase = .done
                return true
            }
            phase = .waiting(continuation)
            return false
        }
        if isCancelled { continuation.resume(returning: .failure(Self.cancelled)) }
    }

    /// False where the job was cancelled while it waited.
    func begin() -> Bool {
        phase.withLock { phase in
            guard case .waiting(let continuation) = phase else { return false }
            phase = .running(continuation)
            return true
        }
    }

    func finish(_ result: Result<HTTPResponse, HTTPFailure>) {
        take(where: { _ in true })?.resume(returning: result)
    }

    /// Ends a job that waits at once, and one that runs at libcurl's next progress call (within a second).
    func cancel() {
        flag.set()
        let waiting = phase.withLock { phase -> Continuation? in
            switch phase {
            case .made:
                phase = .cancelledEarly
                return nil
            case .waiting(let continuation):
                phase = .done
                return continuation
            case .running, .done, .cancelledEarly:
                return nil
            }
        }
        waiting?.resume(returning: .failure(Self.cancelled))
    }

    private func take(where condition: (Phase) -> Bool) -> Continuation? {
        phase.withLock { phase in
            switch phase {
            case .waiting(let continuation), .running(let continuation):
                phase = .done
                return continuation
            case .made, .done, .cancelledEarly:
                return nil
            }
        }
    }

    private static let cancelled = HTTPFailure(.cancelled, "cancelled", wasSent: false)
}

/// The threads, and the jobs for which none is free.
private final class CurlPool: Sendable {
    private struct State {
        var idle: [CurlWorker] = []
        var waiting: [CurlJob] = []
        var workers = 0
        var isClosed = false
    }

    private let settings: CurlSettings
    private let state = Mutex(State())

    init(_ settings: CurlSettings) {
        self.settings = settings
    }

    func submit(_ job: CurlJob) {
        enum Move { case wake(CurlWorker), spawn, wait }
        let move = state.withLock { state -> Move in
            if let worker = state.idle.popLast() { return .wake(worker) }
            if state.workers < max(1, settings.connectionsMax) {
                state.workers += 1
                return .spawn
            }
            state.waiting.append(job)
            return .wait
        }
        switch move {
        case .wake(let worker): worker.give(job)
        case .spawn: CurlWorker(settings).start(with: job, for: self)
        case .wait: break
        }
    }

    /// The next job for a worker that has finished one; nil sends it to sleep, or to its end where the pool is closed.
    func next(for worker: CurlWorker) -> (job: CurlJob?, ends: Bool) {
        state.withLock { state in
            if !state.waiting.isEmpty { return (state.waiting.removeFirst(), false) }
            if state.isClosed { return (nil, true) }
            state.idle.append(worker)
            return (nil, false)
        }
    }

    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for worker in idle { worker.give(nil) }
    }
}

/// One thread with one handle.
private final class CurlWorker: Sendable {
    private let settings: CurlSettings
    private let mailbox = Mutex<CurlJob?>(nil)
    private let bell = DispatchSemaphore(value: 0)

    init(_ settings: CurlSettings) {
        self.settings = settings
    }

    /// Wakes the thread; nil ends it.
    func give(_ job: CurlJob?) {
        mailbox.withLock { $0 = job }
        bell.signal()
    }

    func start(with first: CurlJob, for pool: CurlPool) {
        let thread = Thread { self.run(first, pool) }
        thread.name = "varve-http"
        thread.stackSize = 512 << 10
        thread.start()
    }

    private func run(_ first: CurlJob, _ pool: CurlPool) {
        let handle = CurlHandle(settings)
        var next: CurlJob? = first
        while true {
            if let job = next {
                let result: Result<HTTPResponse, HTTPFailure>? =
                    job.begin() ? Result { () throws(HTTPFailure) in try handle.perform(job.request, job.flag) } : nil
                // Free before the answer is out: whoever sends its next request at once gets this warm connection.
                let answer = pool.next(for: self)
                if let result { job.finish(result) }
                if answer.ends { return }
                next = answer.job
            } else {
                bell.wait()
                next = mailbox.withLock { mailbox in
                    defer { mailbox = nil }
                    return mailbox
                }
                if next == nil { return }
            }
        }
    }
}
