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
            levels: Self.levels(loaded.settings.log), secrets: secrets, clock: clock)
    }

    private static func levels(_ settings: Settings.Log) -> LogLevels {
        LogLevels(
            Logger.Level(rawValue: settings.level) ?? .info,
            components: settings.levels.compactMapValues { Logger.Level(rawValue: $0) })
    }

    func logger(_ label: String) -> Logger {
        Logger(label: label, factory: output.makeHandler)
    }
}
