import ArgumentParser
import Catalog
import LakeModel
import Maintenance
import ObjectStorage

struct LifecycleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lifecycle",
        abstract: "Archives, expires, moves and packs objects by their age, as the configuration says.",
        discussion: """
            Age is that of events, not of files. Rules and legal holds stand under `lifecycle` of each table in the \
            configuration; every change is a commit that names its rule. With `lifecycle.archive` objects are copied \
            to another lake first, and expire only once that has them.
            """,
        subcommands: [LifecyclePlanCommand.self, LifecycleApplyCommand.self, LifecycleHistoryCommand.self])
}

struct LifecyclePlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Lists what 'apply' would do now.", discussion: ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The tables; by default all that have rules.")
    var tables: [TableAddress] = []

    func validate() throws { for table in tables { try table.checkIsWhole() } }

    func run() async throws {
        let session = try await lake.open()
        try await showLifecyclePlan(session, lake, tables, format.output)
    }
}

struct LifecycleApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Does what the rules say.",
        discussion: "Without --yes it only says what it would do. Bytes of expired objects go with 'varve vacuum'.\n\n"
            + ExitStatus.readerHelp(own: [(.temporaryFailure, "some objects could not be changed")]))

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The tables; by default all that have rules.")
    var tables: [TableAddress] = []

    @Flag(help: "Do it.")
    var yes = false

    func validate() throws { for table in tables { try table.checkIsWhole() } }

    func run() async throws {
        guard yes else {
            let session = try await lake.open()
            try await showLifecyclePlan(session, lake, tables, format.output)
            session.console.say("nothing was changed; add --yes to do it")
            return
        }
        let session = try await lake.openForChange()
        var random = SystemRandomNumberGenerator()
        var listing = LifecycleListing(as: format.output, to: session.console)
        do {
            for name in try session.tablesWithRules(tables) {
                let progress = ProgressLine(session.console)
                defer { progress.clear() }
                var done = 0
                try await session.lifecycle(name, lake, forChange: true).apply(using: &random) { outcome in
                    done += 1
                    try session.console.ifRead { try listing.add(LifecycleRow(table: name, outcome)) }
                    progress.show("\(name): \(done) objects")
                }
            }
        } catch {
            // What was done is done.
            try? session.console.ifRead { try listing.finish() }
            throw error
        }
        try session.console.ifRead { try listing.finish() }
        session.console.say("\(listing.doable) objects changed")
        guard let first = listing.firstProblem else { return }
        throw CommandFailure(
            .temporaryFailure, "\(listing.failed) objects were not changed", at: first.item.object.path,
            fix: first.problem ?? "run it again")
    }
}

struct LifecycleHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Lists every change that was no append: who, what, when, why.",
        discussion: "Reaches back as far as the log is kept (`vacuum.log_after`).\n\n" + ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The table.")
    var table: TableAddress

    func run() async throws {
        let session = try await lake.open()
        var rows: [HistoryRow] = []
        try await session.table(table).maintenanceHistory { rows.append(HistoryRow(entry: $0)) }
        try Listing(rows).print(as: format.output, to: session.console)
    }
}

private func showLifecyclePlan(
    _ session: LakeSession, _ lake: LakeOptions, _ tables: [TableAddress], _ output: OutputFormat
) async throws {
    var listing = LifecycleListing(as: output, to: session.console)
    for name in try session.tablesWithRules(tables) {
        try await session.lifecycle(name, lake, forChange: false).plan { item, problem in
            try listing.add(LifecycleRow(table: name, item, problem: problem))
        }
    }
    try listing.finish()
    session.console.say(
        "\(listing.doable) objects (\(humanBytes(listing.bytes))) would be changed, \(listing.requests.total) "
            + "requests, about $\(decimal(listing.requests.dollars, places: 3))")
    guard let first = listing.firstProblem else { return }
    session.console.say(
        "\(listing.failed) objects cannot be changed, the first is \(first.item.object.path): "
            + (first.problem ?? ""))
}

/// Lists objects as they come, and counts them.
private struct LifecycleListing {
    private var writer: ListingWriter
    private(set) var doable = 0
    private(set) var failed = 0
    /// Of what can be done, as the requests.
    private(set) var bytes: Int64 = 0
    private(set) var requests = RequestCount()
    private(set) var firstProblem: LifecycleRow?

    init(as output: OutputFormat, to console: Console) {
        writer = ListingWriter(of: LifecycleRow.self, as: output, to: console)
    }

    mutating func add(_ row: LifecycleRow) throws {
        if row.problem == nil {
            doable += 1
            bytes &+= row.item.object.bytes
            requests += row.item.requests
        } else {
            failed += 1
            if firstProblem == nil { firstProblem = row }
        }
        try writer.write(row)
    }

    mutating func finish() throws { try writer.finish() }
}

extension LakeSession {
    fileprivate func tablesWithRules(_ addresses: [TableAddress]) throws -> [TableName] {
        let named = addresses.map(\.table)
        for name in named where tableSettings(name)?.lifecycle.isEmpty ?? true {
            throw CommandFailure(
                .configuration, "no rules for this table", at: "table \(name)",
                fix: "write lifecycle.rules or lifecycle.archive under the table in the configuration")
        }
        guard named.isEmpty else { return named }
        let names = try settings.tables.filter { !$0.lifecycle.isEmpty }.map { try TableName.parse($0.name) }
        guard !names.isEmpty else {
            throw CommandFailure(
                .configuration, "no table has rules", at: "tables",
                fix: "write lifecycle.rules or lifecycle.archive under a table")
        }
        return names
    }

    fileprivate func lifecycle(_ name: TableName, _ lake: LakeOptions, forChange: Bool) async throws -> Lifecycle {
        let settings = tableSettings(name)
        let table = try await self.lake.openExisting(name)
        try await table.refuseArchive(
            "the table that it follows would not know what rules did to it",
            fix: "write the rules for the lake that it was archived from")
        var lifecycle = Lifecycle(
            table: table, policy: settings?.lifecycle.policy ?? LifecyclePolicy(),
            clock: context.clock, writer: .ofThisProcess())
        guard let settings else { return lifecycle }
        lifecycle.bloomFilters = settings.parquet.fields
        let archive = settings.lifecycle.archive
        guard archive.rule != nil else { return lifecycle }
        let second = SecondLake(
            url: archive.to, config: archive.config, role: "archive", place: "tables.\(name).lifecycle.archive",
            status: .configuration)
        let target = try await second.open(besides: lake, forChange: forChange, in: context)
        lifecycle.archive = Lake(store: target, clock: context.clock, logger: logger)
        lifecycle.archiveStorageClass = archive.storageClass
        return lifecycle
    }
}

/// One object and what becomes of it.
struct LifecycleRow: Listable {
    var table: TableName
    var item: LifecycleItem
    var version: Int64?
    var replacement: String?
    var problem: String?

    init(table: TableName, _ item: LifecycleItem, problem: String?) {
        (self.table, self.item, self.problem) = (table, item, problem)
    }

    init(table: TableName, _ outcome: LifecycleOutcome) {
        (self.table, item, version) = (table, outcome.item, outcome.version)
        (replacement, problem) = (outcome.replacement?.path, outcome.problem)
    }

    static let columns: [Column] = [
        .left("table"), .left("rule"), .left("action"), .left("path"), .right("records"), .right("bytes"),
        .left("last_event"), .right("version"), .detail("replacement"), .detail("problem"),
    ]

    var cells: [Cell] {
        [
            .text(table.description), .text(item.rule.name), .text(item.words), .text(item.object.path),
            .integer(item.object.records), .bytes(item.object.bytes), .optional(item.object.eventTime?.max),
            .optional(version), .optional(replacement), .optional(problem),
        ]
    }
}

/// One commit of maintenance.
struct HistoryRow: Listable {
    var entry: MaintenanceEntry

    static let columns: [Column] = [
        .right("version"), .left("at"), .left("kind"), .left("who"), .left("why"), .right("added"), .right("removed"),
        .detail("bytes_added"), .right("bytes_removed"), .detail("records_added"), .right("records_removed"),
        .detail("commit"), .detail("program"),
    ]

    var cells: [Cell] {
        [
            .integer(entry.version), .time(entry.at), .text(entry.kind.rawValue),
            .text("\(entry.writer.id)@\(entry.writer.host)"), .optional(entry.reason), .integer(entry.added),
            .integer(entry.removed), .bytes(entry.bytesAdded), .bytes(entry.bytesRemoved),
            .integer(entry.recordsAdded), .integer(entry.recordsRemoved), .text(entry.id.description),
            .text(entry.writer.program),
        ]
    }
}
