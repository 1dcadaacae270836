import Logging

/// Warnings of the libraries as lines of talk, for commands that read: `varve: warning: message (key: value)`.
struct TalkLogHandler: LogHandler {
    var console: Console
    var mask: SecretMask
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    init(console: Console, mask: SecretMask) {
        (self.console, self.mask) = (console, mask)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let details = all.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        let text = "\(event.level): \(event.message)" + (details.isEmpty ? "" : " (\(details))")
        console.say("varve: " + mask.masked(text).onOneLine)
    }
}
