import ArgumentParser
import CBuild

/// The program: its name, version and commands.
struct Varve: AsyncParsableCommand {
    static let version = "0.1.0"
    /// The commit that it was built from; empty where the build was not told (`make release` tells it).
    static let commit = String(cString: varve_build_commit())
    static let fullVersion = commit.isEmpty ? "varve \(version)" : "varve \(version) (commit \(commit))"

    static let configuration = CommandConfiguration(
        commandName: "varve",
        abstract: "Lays Kafka streams down in a data lake: batched, compressed, partitioned, exactly once.",
        discussion: """
            A first try, without a configuration:

              varve demo
              varve run --lake file:///tmp/lake --brokers 127.0.0.1:9092 --topic orders

            Data goes to standard output, talk to standard error. Times are RFC 3339, or relative such as -30m and -1d.
            """,
        version: fullVersion,
        subcommands: [
            RunCommand.self, DemoCommand.self, CheckCommand.self, DoctorCommand.self, ConfigCommand.self,
            TablesCommand.self, ManifestCommand.self, MetricsCommand.self,
            CatCommand.self, VerifyCommand.self, WaitCommand.self, CompactCommand.self, VacuumCommand.self,
            LifecycleCommand.self, EraseCommand.self, ImportCommand.self, RestoreCommand.self, DeadLetterCommand.self,
            ReplicateCommand.self, ConsoleCommand.self,
            VersionCommand.self, DocsCommand.self,
        ])
}
