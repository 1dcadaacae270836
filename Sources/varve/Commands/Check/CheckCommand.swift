import ArgumentParser

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Says which guarantee a configuration gives, and why.",
        discussion: "Reads the configuration only; 'varve doctor' asks the store and the brokers.\n\n"
            + ExitStatus.help(own: [(.checkFailed, "with --strict: there are warnings")], .noInput, .configuration))

    @OptionGroup var options: IngestOptions
    @OptionGroup var format: OutputOptions

    @Flag(help: "End with status 1 where there is a warning.")
    var strict = false

    func run() async throws {
        let context = CommandContext.current
        let loaded = try options.load(in: context)
        let findings = Guarantee.findings(for: loaded.settings)
        try Listing(findings).print(as: format.output, to: context.console)
        let warnings = findings.count { $0.level == .warning }
        if warnings > 0 { context.console.say("\(warnings) \(warnings == 1 ? "warning" : "warnings")") }
        if strict, warnings > 0 { throw CommandFailure.checkFailed }
    }
}
