import Compression
import Dispatch
import Formats
import Foundation
import Synchronization

/// A frame to be compressed.
struct FrameJob: Sendable {
    var object: Int
    var frame: Int
    var buffer: FrameBuffer
    var level: Int32
}

/// Compresses frames and encodes rows somewhere, and reports each job to the mailbox.
protocol FrameCompressing: Sendable {
    func submit(_ job: FrameJob)
    func submit(_ job: RowJob)
    func stop()
}

/// A fixed number of threads, each with its own zstd contexts.
final class CompressionPool: FrameCompressing {
    private struct State {
        var jobs: [EncodingJob] = []
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
        submit(.frame(job))
    }

    func submit(_ job: RowJob) {
        submit(.rows(job))
    }

    private func submit(_ job: EncodingJob) {
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
                let job: EncodingJob? = state.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
                if let job {
                    mailbox.post(workbench.run(job))
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
        mailbox.post(workbench.withLock { $0.run(.frame(job)) })
    }

    func submit(_ job: RowJob) {
        mailbox.post(workbench.withLock { $0.run(.rows(job)) })
    }

    func stop() {}
}

enum EncodingJob: Sendable {
    case frame(FrameJob)
    case rows(RowJob)
}

/// What jobs need that is too large to be made for each: zstd contexts of the level in use.
struct FrameWorkbench: ~Copyable {
    private var level: Int32?
    private var compressor: FrameCompressor?
    private var scratch: (level: Int32, memory: ParquetScratch)?

    init() {}

    mutating func run(_ job: EncodingJob) -> Completion {
        switch job {
        case .frame(let job): compress(job)
        case .rows(let job): encode(job)
        }
    }

    private mutating func encode(_ job: RowJob) -> Completion {
        let result: Result<RowJob.Outcome, ParquetError>
        do throws(ParquetError) {
            let memory: ParquetScratch
            if let scratch, scratch.level == job.encoder.level {
                memory = scratch.memory
            } else {
                memory = try job.encoder.makeScratch()
                scratch = (job.encoder.level, memory)
            }
            result = .success(try job.encoder.run(job, scratch: memory))
        } catch {
            result = .failure(error)
        }
        return .rowsEncoded(object: job.object, memoryBytes: job.memoryBytes, result)
    }

    private mutating func compress(_ job: FrameJob) -> Completion {
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
