import LakeModel
import TestSupport

/// A configuration that archives a lake's table `orders` into a lake of its own.
struct ArchivedSettings {
    private let archive: TemporaryDirectory
    /// The file's name and text.
    let file: String
    let files: [String: String]

    /// - Parameter rules: as they stand in the configuration.
    init(for lake: SplitLake, rules: String = "[]") throws {
        archive = try TemporaryDirectory("varve-archive")
        file = lake.directory.path + "/v.yaml"
        files = [
            file: """
            tables:
              - name: orders
                lifecycle:
                  archive: { to: "file://\(archive.path)", after: 0s }
                  rules: \(rules)
            """
        ]
    }

    /// Runs a command on the archive, which is a lake.
    func run(_ arguments: [String], files: [String: String] = [:]) async -> CommandOutcome {
        await runVarve(arguments + ["--lake", "file://\(archive.path)"], files: files, clock: SystemClock())
    }
}
