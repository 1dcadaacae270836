import ArgumentParser

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Consumes Kafka topics and writes them to the lake until told to stop.",
        discussion: ExitStatus.help(
            own: [
                (.success, "stopped as asked, or with --once: drained"),
                (.noInput, "a file or lake does not exist, or with --once: a topic that is named"),
                (.temporaryFailure, "not now: try again later; with --once: stopped before all was drained"),
            ], .dataError, .unavailable, .ioError, .noPermission, .configuration))

    @OptionGroup var ingest: IngestOptions

    @Flag(
        help: """
            Drain every topic partition to the end that it has at the start, commit, and exit. Topics that do not \
            exist are not waited for.
            """)
    var once = false

    // Optimised, with all of the session inlined, Swift 6.3.1 crashes while it splits this coroutine.
    @_optimize(none)
    func run() async throws {
        let loaded = try ingest.load(in: CommandContext.current)
        try await RunSession(loaded: loaded, once: once).run()
    }
}

/// Everything that a run needs, in the configuration or given whole on the command line.
struct IngestOptions: ParsableArguments {
    @OptionGroup var lake: LakeOptions

    @Option(help: ArgumentHelp("The brokers: host:port, several with commas between.", valueName: "list"))
    var brokers: String?

    @Option(
        name: .customLong("topic"),
        help: ArgumentHelp(
            "A topic, or a /regular expression/, to write to a table; repeat for more tables.", valueName: "name"))
    var topics: [String] = []

    @Option(
        help: ArgumentHelp("The one table that takes every --topic; else each has its own name.", valueName: "name"))
    var table: String?

    @Option(help: ArgumentHelp("The consumer group.", valueName: "name"))
    var group: String?

    @Option(help: ArgumentHelp("Where unknown topic partitions start: earliest, latest or a time."))
    var start: String?

    @Option(help: ArgumentHelp("How events are written: envelope, value or parquet."))
    var format: String?

    @Option(help: ArgumentHelp("Into how many objects an hour is spread.", valueName: "number"))
    var shards: String?

    func load(in context: CommandContext, for need: SettingsNeed = .ingest) throws -> LoadedSettings {
        try source(in: context).load(for: need)
    }

    /// The file, which is read once (it may be a pipe), with what these options say.
    func source(in context: CommandContext) throws -> SettingsSource {
        var source = try lake.file.source(in: context)
        func set(_ path: [SettingStep], _ text: String?, _ option: String) {
            if let text { source.options.append((path, text, option)) }
        }
        set([.key("lake")], lake.lake, "--lake")
        set([.key("kafka"), .key("brokers")], brokers, "--brokers")
        set([.key("kafka"), .key("group")], group, "--group")
        for (index, table) in try tables().enumerated() {
            let path: [SettingStep] = [.key("tables"), .index(index)]
            set(path + [.key("name")], table.name, table.option)
            for (position, topic) in table.topics.enumerated() {
                set(path + [.key("topics"), .index(position)], topic, "--topic")
            }
            set(path + [.key("start")], start, "--start")
            set(path + [.key("format")], format, "--format")
            set(path + [.key("partition"), .key("shards")], shards, "--shards")
        }
        if !topics.isEmpty, source.yaml?.text.contains("tables:") == true {
            throw CommandFailure(
                .usage, "tables are given twice", at: "option --topic", fix: "use --topic or the configuration's tables"
            )
        }
        return source
    }

    private func tables() throws(CommandFailure) -> [(name: String, topics: [String], option: String)] {
        if let table { return [(table, topics.isEmpty ? [table] : topics, "--table")] }
        guard let pattern = topics.first(where: { $0.hasPrefix("/") }) else {
            if topics.isEmpty, start != nil || format != nil || shards != nil {
                throw CommandFailure(
                    .usage, "an option for a table without one", at: "command line", fix: "give --topic too")
            }
            return topics.map { ($0, [$0], "--topic") }
        }
        throw CommandFailure(
            .usage, "no table is named for the topics of \(pattern)", at: "option --topic", fix: "give --table too")
    }
}
