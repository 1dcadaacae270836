import ArgumentParser
import LakeModel

extension OutputFormat: ExpressibleByArgument {}

struct OutputOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("How to print: table, json or csv.", valueName: "format"))
    var output: OutputFormat = .table
}

struct ConfigOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The configuration, a YAML file (default: $VARVE_CONFIG).", valueName: "file"))
    var config: String?

    /// The configuration's source without options; nil yaml where no file is named.
    func source(in context: CommandContext) throws(CommandFailure) -> SettingsSource {
        var source = SettingsSource(environment: context.environment, readFile: context.readFile)
        guard let path = config ?? context.environment["VARVE_CONFIG"], !path.isEmpty else { return source }
        guard let text = context.readFile(path) else {
            throw CommandFailure(
                .noInput, "the configuration cannot be read as text", at: path,
                fix: "check the path, its permissions, and that it is UTF-8")
        }
        source.yaml = (text, path)
        source.isReadableByAll = context.isReadableByAll(path)
        source.warn = { context.console.say($0) }
        return source
    }
}

/// Which lake to read: named itself, or by a configuration.
struct LakeOptions: ParsableArguments {
    @OptionGroup var file: ConfigOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The lake: s3://bucket/prefix or file:///directory.", valueName: "url"))
    var lake: String?

    /// From an option of the command's own.
    var brokers: String?

    enum CodingKeys: CodingKey { case file, lake }

    func load(in context: CommandContext) throws(CommandFailure) -> LoadedSettings {
        var source = try file.source(in: context)
        if let brokers { source.options.append(([.key("kafka"), .key("brokers")], brokers, "--brokers")) }
        if let lake { source.options.append(([.key("lake")], lake, "--lake")) }
        guard source.yaml != nil || lake != nil || context.environment["VARVE_LAKE"] != nil else {
            throw CommandFailure(.usage, "no lake is named", at: "command line", fix: "give --lake or --config")
        }
        return try source.load(for: .lake)
    }
}
