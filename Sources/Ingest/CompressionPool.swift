import Compression
import Dispatch
import Foundation
import Synchronization

/// A frame to be compressed.
struct FrameJob: Sendable {
    var object: Int
    var frame: Int
    var buffer: FrameBuffer
    var level: Int32
}

/// Compresses frames somewhere and reports each to the mailbox.
protocol FrameCompressing: Sendable {
    func submit(_ job: FrameJob)
    func stop()
}

/// A fixed number of threads, each with its own zstd context.
final class CompressionPool: FrameCompressing {
    private struct State {
        var jobs: [FrameJob] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)
    private let threads: Int
    private let mailbox: Mailbox

    init(threads: Int, mailbox: Mailbox) {
        (self.threads, self.mailbox) = (threads, mailbox)
        for _ in 0..<threads { start() }
    }

    func submit(_ job: FrameJob) {
        state.withLock { $0.jobs.append(job) }
        available.signal()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        for _ in 0..<threads { available.signal() }
    }

    private func start() {
        let thread = Thread { [self] in
            var workbench = FrameWorkbench()
            while true {
                available.wait()
                let job: FrameJob? = state.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
                if let job {
                    mailbox.post(workbench.compress(job))
                } else if state.withLock({ $0.isStopped }) {
                    return
                }
            }
        }
        thread.name = "zstd"
        thread.start()
    }
}

/// Compresses at once, on the caller's thread: for simulations, where one thread does everything.
final class InlineCompression: FrameCompressing {
    private let workbench = Mutex(FrameWorkbench())
    private let mailbox: Mailbox

    init(mailbox: Mailbox) {
        self.mailbox = mailbox
    }

    func submit(_ job: FrameJob) {
        mailbox.post(workbench.withLock { $0.compress(job) })
    }

    func stop() {}
}

/// One zstd context for each level in use.
struct FrameWorkbench: ~Copyable {
    private var level: Int32?
    private var compressor: FrameCompressor?

    init() {}

    mutating func compress(_ job: FrameJob) -> Completion {
        let result: Result<[UInt8], CompressionError>
        do throws(CompressionError) {
            if level != job.level {
                compressor = try FrameCompressor(level: job.level)
                level = job.level
            }
            // Set just above, for every level.
            result = .success(try compressor?.compress(job.buffer) ?? [])
        } catch {
            result = .failure(error)
        }
        return .compressed(object: job.object, frame: job.frame, buffer: job.buffer, result)
    }
}
