import LakeModel
import Logging
import Operations

/// The log of a running writer: to standard error, in the configured format, secrets masked.
struct RunLogging: Sendable {
    private let output: LogOutput

    init(_ loaded: LoadedSettings, clock: any LakeClock) {
        let secrets = SecretRegistry()
        for secret in loaded.secrets { secrets.add(secret) }
        output = LogOutput(
            format: loaded.settings.log.format == .json ? .json : .text,
            levels: LogLevels(loaded.settings.log.level) ?? LogLevels(), secrets: secrets, clock: clock)
    }

    func logger(_ label: String) -> Logger {
        Logger(label: label, factory: output.makeHandler)
    }
}
