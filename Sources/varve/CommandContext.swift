import Foundation
import LakeModel

/// What a command may use of the world; tests run commands with another one.
struct CommandContext: Sendable {
    var console: Console
    var environment: [String: String]
    var clock: any LakeClock
    /// The text of a file, or nil where it cannot be read as UTF-8.
    var readFile: @Sendable (String) -> String?
    /// Whether every user of the machine can read a file.
    var isReadableByAll: @Sendable (String) -> Bool = { _ in false }

    /// This context without the settings of the environment, which are those of the first configuration, for reading a
    /// second one: else `VARVE_LAKE` and `VARVE_KAFKA_BROKERS` would stand above what it says.
    var forSecondConfiguration: CommandContext {
        var context = self
        let kept: Set = ["VARVE_FAILPOINT"]
        context.environment = environment.filter { !$0.key.hasPrefix("VARVE_") || kept.contains($0.key) }
        return context
    }

    /// The context of the command that is running.
    @TaskLocal static var current = CommandContext.process

    /// The real one.
    static var process: CommandContext {
        let environment = ProcessInfo.processInfo.environment
        return CommandContext(
            console: .process(environment: environment), environment: environment, clock: SystemClock(),
            readFile: { readTextFile($0) }, isReadableByAll: { isReadable(byAll: $0) })
    }
}

private func isReadable(byAll path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    guard attributes?[.type] as? FileAttributeType == .typeRegular else { return false }
    return ((attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0) & 0o004 != 0
}

/// Secrets and configurations are small; what is larger than this is not one.
private let textFileBytesMax = 2 << 20

private func readTextFile(_ path: String) -> String? {
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    do {
        guard let data = try file.read(upToCount: textFileBytesMax) else { return "" }
        return String(data: data, encoding: .utf8)
    } catch {
        return nil
    }
}
