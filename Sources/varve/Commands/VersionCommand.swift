import ArgumentParser

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the program's version.", discussion: ExitStatus.help())

    func run() async throws {
        try CommandContext.current.console.print(Varve.fullVersion)
    }
}
