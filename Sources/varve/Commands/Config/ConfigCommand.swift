import ArgumentParser

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Checks, prints and explains configurations.",
        subcommands: [ConfigCheckCommand.self, ConfigPrintCommand.self, ConfigSchemaCommand.self])
}

struct ConfigCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Says whether a configuration is valid, and every line that is not.",
        discussion: ExitStatus.help(.noInput, .configuration))

    @OptionGroup var options: IngestOptions

    func run() async throws {
        let context = CommandContext.current
        let loaded = try options.load(in: context)
        // Schemas stand in files of their own.
        for table in loaded.settings.tables { _ = try table.parquetSettings() }
        let count = loaded.settings.tables.count
        context.console.say("\(loaded.file): valid, \(count) \(count == 1 ? "table" : "tables")")
    }
}

struct ConfigPrintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "print",
        abstract: "Prints the configuration as varve understands it, with all defaults, without secrets.",
        discussion: ExitStatus.help(.noInput, .configuration))

    @OptionGroup var options: LakeOptions

    @Flag(help: "Say behind each value where it comes from.")
    var origins = false

    func run() async throws {
        let context = CommandContext.current
        let loaded = try options.load(in: context)
        for line in SettingsPrinter(showsOrigins: origins).lines(loaded.tree) { try context.console.print(line) }
    }
}

struct ConfigSchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Prints the JSON Schema of the configuration, for editors.",
        discussion: ExitStatus.help())

    func run() async throws {
        try CommandContext.current.console.print(SettingsSchema.document.pretty)
    }
}
