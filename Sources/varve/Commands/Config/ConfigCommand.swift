import ArgumentParser

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Checks, prints and explains configurations.",
        subcommands: [ConfigCheckCommand.self, ConfigPrintCommand.self, ConfigSchemaCommand.self])
}

struct ConfigCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Says whether a configuration is valid, and every line that is not.",
        discussion: """
            One that says nothing of Kafka and of topics is taken for that of maintenance and of readers.


            """ + ExitStatus.help(.noInput, .configuration))

    @OptionGroup var options: IngestOptions

    func run() async throws {
        let context = CommandContext.current
        var source = try options.source(in: context)
        var loaded = try source.load(for: .lake)
        let isForIngest = loaded.tree.tellsOfKafka
        // It has been warned of already.
        source.warn = { _ in }
        if isForIngest { loaded = try source.load(for: .ingest) }
        // Schemas stand in files of their own.
        for table in loaded.settings.tables { _ = try table.parquetSettings() }
        let count = loaded.settings.tables.count
        let use = isForIngest ? "" : ", without Kafka: for maintenance and reading, not for 'varve run'"
        context.console.say("\(loaded.file): valid, \(count) \(count == 1 ? "table" : "tables")\(use)")
    }
}

extension SettingTree {
    /// Whether somebody wrote anything that only a writer needs.
    fileprivate var tellsOfKafka: Bool {
        guard case .list(let tables, _) = self["tables"], !tables.isEmpty else { return true }
        return self["kafka"]?.isWritten == true || tables.contains { $0["topics"]?.isWritten == true }
    }

    private var isWritten: Bool {
        switch self {
        case .scalar(let scalar): scalar.origin != .fallback
        case .list(let elements, _): elements.contains(where: \.isWritten)
        case .record(let entries, _): entries.contains(where: \.value.isWritten)
        case .empty: false
        }
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
