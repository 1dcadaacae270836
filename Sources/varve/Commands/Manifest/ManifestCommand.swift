import ArgumentParser

struct ManifestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest", abstract: "Shows what the catalog knows of a table.",
        subcommands: [
            ManifestListCommand.self, ManifestShowCommand.self, ManifestLogCommand.self, ManifestDiffCommand.self,
            ManifestSQLCommand.self,
        ])
}
