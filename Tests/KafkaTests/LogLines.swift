import Logging
import Synchronization

/// Keeps what is logged, from the finest level on.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "kept") { _ in Handler(target: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let target: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            target.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}
