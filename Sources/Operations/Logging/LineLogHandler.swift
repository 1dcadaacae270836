import Glibc
public import LakeModel
public import Logging
import Synchronization

/// Where all log handlers of the process write: one format, one stream, one set of secrets.
public final class LogOutput: Sendable {
    let format: LogFormat
    let levels: LogLevels
    private let secrets: SecretRegistry
    private let clock: any LakeClock
    private let repeats: LogRepeats
    private let write: @Sendable (String) -> Void
    private let isWriting = Mutex<Void>(())

    /// - Parameters:
    ///   - repeatsMax: how often the same message is written within `repeatsWindow`; the rest is counted.
    ///   - write: takes one whole line without its end; standard error where nothing else is said.
    public init(
        format: LogFormat, levels: LogLevels = LogLevels(), secrets: SecretRegistry, clock: any LakeClock,
        repeatsMax: Int = 20, repeatsWindow: Duration = .seconds(10),
        write: @escaping @Sendable (String) -> Void = LogOutput.writeToStandardError
    ) {
        (self.format, self.levels, self.secrets, self.clock) = (format, levels, secrets, clock)
        self.write = write
        repeats = LogRepeats(burstMax: max(1, repeatsMax), window: repeatsWindow, clock: clock)
    }

    /// For `LoggingSystem.bootstrap` and `Logger(label:factory:)`.
    @Sendable
    public func makeHandler(_ label: String) -> any LogHandler {
        LineLogHandler(label: label, output: self)
    }

    @Sendable
    public static func writeToStandardError(_ line: String) {
        var line = line + "\n"
        // One write(2) per line keeps lines whole; an unwritable standard error is nobody's failure.
        line.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
                if count < 0 && errno != EINTR { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(max(0, count)))
            }
        }
    }

    func log(_ event: LogEvent, label: String, metadata: Logger.Metadata) {
        let message = "\(event.message)"
        guard case .write(let heldBack) = repeats.record("\(label)\u{0}\(event.level)\u{0}\(message)") else { return }
        var metadata = metadata
        if let error = event.error { metadata["error"] = "\(error)" }
        if heldBack > 0 { metadata["repeats_held_back"] = .stringConvertible(heldBack) }
        let line = LogText.line(
            format, time: "\(clock.now())", level: event.level, label: label, message: message,
            fields: metadata.sorted { $0.key < $1.key })
        let masked = secrets.masked(line)
        isWriting.withLock { _ in write(masked) }
    }
}

/// A swift-log handler that writes each record as one line, JSON or text, with secrets masked.
public struct LineLogHandler: LogHandler {
    private let label: String
    private let output: LogOutput
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    public init(label: String, output: LogOutput) {
        (self.label, self.output) = (label, output)
        logLevel = output.levels.level(for: label)
    }

    public subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { $1 } }
        if let given = event.metadata { merged.merge(given) { $1 } }
        output.log(event, label: label, metadata: merged)
    }
}
