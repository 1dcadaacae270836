import Glibc
import Synchronization

/// Where a command's data and talk go: data to standard output, talk to standard error.
///
/// Tests replace the two sinks and read what a command wrote.
final class Console: Sendable {
    /// Standard output was closed by its reader, as by `head`: the command ends quietly.
    struct OutputClosed: Error {}

    typealias Sink = @Sendable (UnsafeRawBufferPointer) throws -> Void

    private let buffer: Mutex<[UInt8]>
    private let output: Sink
    private let errors: Sink
    /// True where standard error is a terminal, so that progress may be shown.
    let showsProgress: Bool
    /// True where standard output is a terminal that wants colour.
    let usesColor: Bool
    private let bufferBytesMax: Int

    init(
        showsProgress: Bool = false, usesColor: Bool = false, bufferBytesMax: Int = 64 << 10, output: @escaping Sink,
        errors: @escaping Sink
    ) {
        buffer = Mutex([])
        self.bufferBytesMax = bufferBytesMax
        (self.showsProgress, self.usesColor, self.output, self.errors) = (showsProgress, usesColor, output, errors)
    }

    /// The process's own streams. `NO_COLOR` set to anything but nothing turns colour off (no-color.org).
    static func process(environment: [String: String]) -> Console {
        let plain = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        return Console(
            showsProgress: isatty(STDERR_FILENO) == 1, usesColor: !plain && isatty(STDOUT_FILENO) == 1,
            output: { try writeAll($0, to: STDOUT_FILENO) }, errors: { try writeAll($0, to: STDERR_FILENO) })
    }

    /// Adds data to standard output, which is written in blocks.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try buffer.withLock { buffer in
            buffer.append(contentsOf: bytes)
            if buffer.count >= bufferBytesMax { try drain(&buffer) }
        }
    }

    func write(_ bytes: some Collection<UInt8>) throws {
        let handled: Void? = try bytes.withContiguousStorageIfAvailable { try write(UnsafeRawBufferPointer($0)) }
        if handled == nil { try Array(bytes).withUnsafeBytes { try write($0) } }
    }

    func print(_ line: String) throws {
        var line = line
        line += "\n"
        try line.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
    }

    /// Prints what is for whoever reads it. Where the reader went away (`varve erase … | head`) it goes on: what is
    /// left to do, and the exit status, do not hang on it.
    func ifRead(_ body: () throws -> Void) throws {
        do { try body() } catch is OutputClosed {}
    }

    func flush() throws {
        try buffer.withLock { try drain(&$0) }
    }

    /// Writes a line of talk to standard error at once; a standard error that is gone is no reason to stop.
    func say(_ line: String) {
        sayRaw(line + "\n")
    }

    /// Writes to standard error as it is: for progress that rewrites its own line.
    func sayRaw(_ text: String) {
        var text = text
        text.withUTF8 { try? errors(UnsafeRawBufferPointer($0)) }
    }

    private func drain(_ buffer: inout [UInt8]) throws {
        guard !buffer.isEmpty else { return }
        defer { buffer.removeAll(keepingCapacity: true) }
        try buffer.withUnsafeBytes { try output($0) }
    }
}

/// Writes every byte or throws; `write(2)` may take only a part, and may be interrupted.
private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written >= 0 {
            rest = rest.dropFirst(written)
        } else if errno == EPIPE {
            throw Console.OutputClosed()
        } else if errno == EAGAIN {
            var descriptors = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&descriptors, 1, -1)
        } else if errno != EINTR {
            // strerror is thread-safe since glibc 2.32.
            let reason = strerror(errno).map { String(cString: $0).lowercased() } ?? "error \(errno)"
            throw CommandFailure(
                .ioError, "writing failed: \(reason)", at: descriptor == STDOUT_FILENO ? "standard output" : "",
                fix: "check that the disk is not full and the output is open")
        }
    }
}
