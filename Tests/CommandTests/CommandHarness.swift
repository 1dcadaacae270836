import Foundation
import LakeModel
import Synchronization
import TestSupport

@testable import varve

/// What one command line did.
struct CommandOutcome {
    var status: ExitStatus
    var output: String
    var errors: String

    var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
}

/// The time at which the tests' clock stands: 2026-11-21T05:07:09.250Z.
let standingTime = Timestamp(milliseconds: 1_795_237_629_250)

/// Runs a command line in this process, with an environment and files of its own.
func runVarve(
    _ arguments: [String], environment: [String: String] = [:], files: [String: String] = [:],
    clock: any LakeClock = ManualClock(now: standingTime), isRead: Bool = true
) async -> CommandOutcome {
    let output = ByteSink()
    let errors = ByteSink()
    let console = Console(
        bufferBytesMax: isRead ? 64 << 10 : 0,
        output: { bytes in
            guard isRead else { throw Console.OutputClosed() }
            output.append(bytes)
        }, errors: { errors.append($0) })
    let context = CommandContext(
        console: console, environment: environment, clock: clock, readFile: { files[$0] })
    let status = await Program.run(arguments, in: context)
    return CommandOutcome(status: status, output: output.text, errors: errors.text)
}

/// Collects what a command writes.
final class ByteSink: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    func append(_ more: UnsafeRawBufferPointer) {
        bytes.withLock { $0.append(contentsOf: more) }
    }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
    var data: [UInt8] { bytes.withLock { $0 } }
}

/// The repository's root, from this file's path.
let repositoryRoot: URL = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// Loads settings from YAML as `varve run` would.
func loadSettings(
    _ yaml: String, environment: [String: String] = [:], files: [String: String] = [:], need: SettingsNeed = .ingest
) throws -> LoadedSettings {
    var source = SettingsSource(environment: environment, readFile: { files[$0] })
    source.yaml = (yaml, "v.yaml")
    return try source.load(for: need)
}
