internal import CRDKafka
internal import Glibc
internal import Synchronization

/// Ends the wait of a consumer's `poll` from any thread: a pipe(7), which librdkafka's queues write to as well.
public final class KafkaWakeUp: Sendable {
    private let readEnd: Int32
    let writeEnd: Int32
    private let isSignalled = Atomic(false)

    init() throws(KafkaError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw KafkaError(
                RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, operation: "kafka client",
                message: "no pipe (errno \(errno)); raise the limit of open files")
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
        for end in ends {
            // Neither end ever blocks; children do not inherit them.
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        Glibc.close(readEnd)
        Glibc.close(writeEnd)
    }

    /// What is written to signal.
    static let signalByte: UInt8 = 1

    public func signal() {
        isSignalled.store(true, ordering: .releasing)
        var byte = Self.signalByte
        // Fails only when the pipe is full, and then the waiter wakes anyway.
        _ = write(writeEnd, &byte, 1)
    }

    /// True once after `signal`; what the queues write does not count.
    func takeSignal() -> Bool {
        isSignalled.exchange(false, ordering: .acquiring)
    }

    /// Waits until somebody writes, or the time is over.
    func wait(milliseconds: Int32) {
        var request = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        guard Glibc.poll(&request, 1, milliseconds) > 0 else { return }
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            while read(readEnd, buffer.baseAddress, buffer.count) == buffer.count {}
        }
    }
}
