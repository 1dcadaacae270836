import ArgumentParser
import Catalog
import LakeModel
import Maintenance
import ObjectStorage

struct VacuumCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vacuum",
        abstract: "Deletes what the store holds and nobody can need.",
        discussion: """
            Removed objects past their grace, objects that no commit ever added, abandoned multipart uploads, log \
            entries and checkpoints behind their age. Never an object of the newest snapshot. Safe while writers \
            write. Without --yes it only says what would go.


            """
                + ExitStatus.readerHelp(own: [(.checkFailed, "the store would not delete some objects")]))

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The tables; by default all of them.")
    var tables: [TableAddress] = []

    @Flag(help: "Only say what would be deleted; this is what happens without --yes too.")
    var plan = false

    @Flag(help: "Delete.")
    var yes = false

    @Option(help: ArgumentHelp("How long removed objects stay (default: 7d).", valueName: "duration"))
    var removedAfter: DurationArgument?

    @Option(help: ArgumentHelp("How long objects with erased events stay (default: 1d).", valueName: "duration"))
    var erasedAfter: DurationArgument?

    @Option(help: ArgumentHelp("How old objects have to be that no commit added (default: 3d).", valueName: "duration"))
    var orphansAfter: DurationArgument?

    @Option(help: ArgumentHelp("How old unfinished uploads have to be (default: 3d).", valueName: "duration"))
    var uploadsAfter: DurationArgument?

    @Option(help: ArgumentHelp("How long log entries are kept (default: 30d).", valueName: "duration"))
    var logAfter: DurationArgument?

    /// Rows that a plan lists; the rest is counted.
    private static let rowsMax = 100_000

    func validate() throws {
        for table in tables { try table.checkIsWhole() }
        if plan, yes { throw ValidationError("--plan and --yes exclude each other") }
    }

    func run() async throws {
        let session = try await yes ? lake.openForChange() : lake.open()
        if yes { try await delete(session) } else { try await showPlan(session) }
    }

    private func policy(_ name: TableName, _ session: LakeSession) throws -> VacuumPolicy {
        var policy = session.tableSettings(name)?.vacuum.policy ?? VacuumPolicy()
        if let removedAfter { policy.removedAfter = removedAfter.duration }
        if let erasedAfter { policy.erasedAfter = erasedAfter.duration }
        if let orphansAfter { policy.orphansAfter = orphansAfter.duration }
        if let uploadsAfter { policy.uploadsAfter = uploadsAfter.duration }
        if let logAfter { policy.logAfter = logAfter.duration }
        guard policy.orphansAfter >= .seconds(60), policy.uploadsAfter >= .seconds(60) else {
            throw CommandFailure(
                .usage, "too short for a writer to commit what it uploads", at: "--orphans-after, --uploads-after",
                fix: "give at least 1m")
        }
        return policy
    }

    private func showPlan(_ session: LakeSession) async throws {
        var rows: [VacuumRow] = []
        var leftOut: Int64 = 0
        for name in try await session.chosenTables(tables) {
            let table = try await session.lake.openExisting(name)
            let vacuum = Vacuum(table: table, policy: try policy(name, session), clock: session.context.clock)
            let report = try await vacuum.plan { item in
                guard rows.count < Self.rowsMax else {
                    leftOut += 1
                    return
                }
                rows.append(VacuumRow(table: name, item))
            }
            rows += report.uploads.map { VacuumRow(table: name, $0) }
            if report.logEntries > 0 { rows.append(VacuumRow(table: name, logThrough: report)) }
            session.console.say("\(name): \(report.summary(done: false))")
        }
        try Listing(rows).print(as: format.output, to: session.console)
        if leftOut > 0 { session.console.say("\(leftOut) more objects are left out of the list") }
        session.console.say("nothing was deleted; add --yes to delete")
    }

    private func delete(_ session: LakeSession) async throws {
        var random = SystemRandomNumberGenerator()
        var rows: [VacuumSummaryRow] = []
        for name in try await session.chosenTables(tables) {
            let table = try await session.lake.openExisting(name)
            let vacuum = Vacuum(table: table, policy: try policy(name, session), clock: session.context.clock)
            let progress = ProgressLine(session.console)
            defer { progress.clear() }
            let report = try await vacuum.run(id: CommitID(using: &random), writer: .ofThisProcess()) { seen, deleted in
                progress.show("\(name): \(seen) objects seen, \(deleted) deleted")
            }
            progress.clear()
            rows.append(VacuumSummaryRow(report: report))
            session.console.say("\(name): \(report.summary(done: true))")
            for failure in report.failures.prefix(10) { session.console.say("  \(failure.key): \(failure.reason)") }
        }
        try Listing(rows).print(as: format.output, to: session.console)
        if rows.contains(where: { !$0.report.failures.isEmpty }) { throw CommandFailure.checkFailed }
    }
}

extension VacuumReport {
    /// One line for people.
    fileprivate func summary(done: Bool) -> String {
        let dead = done ? deleted : dead
        var parts = [
            "\(dead.objects) objects (\(humanBytes(dead.bytes)))", "\(uploads.count) uploads",
            "\(collected.map { Int64($0.entriesDeleted) } ?? logEntries) log entries",
        ]
        if !done { parts.append("\(requests.total) requests, about $\(decimal(requests.dollars, places: 3))") }
        return parts.joined(separator: ", ") + (done ? " deleted" : " would be deleted")
    }
}

/// One thing that vacuum would delete.
struct VacuumRow: Listable {
    private var kind: String
    private var table: TableName
    private var name: String
    private var bytes: Int64?
    private var at: Timestamp?

    init(table: TableName, _ item: VacuumItem) {
        self.table = table
        (kind, name, bytes, at) = (item.verdict.rawValue, item.path, item.bytes, item.modifiedAt)
    }

    init(table: TableName, _ upload: PendingUpload) {
        self.table = table
        (kind, name, at) = ("upload", upload.key.description, upload.startedAt)
    }

    init(table: TableName, logThrough report: VacuumReport) {
        self.table = table
        (kind, name) = ("log", "\(report.logEntries) entries through version \(report.logThrough)")
    }

    static let columns: [Column] = [
        .left("table"), .left("kind"), .left("name"), .right("bytes"), .left("modified_at"),
    ]

    var cells: [Cell] {
        [.text(table.description), .text(kind), .text(name), bytes.map(Cell.bytes) ?? .none, .optional(at)]
    }
}

/// What a vacuum did to one table.
struct VacuumSummaryRow: Listable {
    var report: VacuumReport

    static let columns: [Column] = [
        .left("table"), .right("version"), .right("objects"), .right("bytes"), .right("uploads"),
        .right("log_entries"), .right("checkpoints"), .right("failures"), .left("horizon"), .detail("requests"),
    ]

    var cells: [Cell] {
        [
            .text(report.table.description), .integer(report.version), .integer(report.deleted.objects),
            .bytes(report.deleted.bytes), .integer(Int64(report.uploads.count)),
            .integer(Int64(report.collected?.entriesDeleted ?? 0)),
            .integer(Int64(report.collected?.checkpointsDeleted ?? 0)), .integer(Int64(report.failures.count)),
            .time(report.times.horizon), .integer(report.requests.total),
        ]
    }
}
