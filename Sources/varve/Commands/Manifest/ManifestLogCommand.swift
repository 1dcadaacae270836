import ArgumentParser
import Catalog
import LakeModel

struct ManifestLogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Lists the commits of a table, the newest first.",
        discussion: ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The table.")
    var table: TableAddress

    @Option(help: ArgumentHelp("At most this many.", valueName: "number"))
    var limit: Int64 = 20

    @Option(help: ArgumentHelp("Begin with this version and go back from there.", valueName: "version"))
    var before: Int64?

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit is at least 0") }
    }

    func run() async throws {
        let session = try await lake.open()
        let table = try await session.table(table)
        let newest = await table.head().version
        let last = min(newest, before ?? newest)
        guard last > 0, limit > 0 else { return }
        let commits = try await table.commits(max(1, last - min(limit, last) + 1)...last)
        let rows = commits.reversed().map { CommitRow(commit: $0, side: self.table.side) }
        try Listing(Array(rows)).print(as: format.output, to: session.console)
    }
}

private struct CommitRow: Listable {
    var commit: Commit
    var side: TableSide

    static let columns: [Column] = [
        .right("version"), .left("at"), .left("kind"), .right("added"), .right("removed"), .right("records"),
        .right("bytes"), .left("offsets"), .left("complete"), .left("writer"), .detail("host"), .detail("program"),
        .detail("id"), .left("reason"),
    ]

    var cells: [Cell] {
        let added = side == .main ? commit.add : commit.add.filter { $0.side == side }
        return [
            .integer(commit.version), .time(commit.at), .text(commit.kind.rawValue), .integer(Int64(added.count)),
            .integer(Int64(commit.remove.count)), .integer(added.reduce(0) { $0 &+ $1.records }),
            .bytes(added.reduce(0) { $0 &+ $1.bytes }), .list(commit.offsets.map(\.text)),
            .list(commit.closed.map(\.description)), .text(commit.writer.id), .text(commit.writer.host),
            .text(commit.writer.program), .text(commit.id.description), .optional(commit.reason),
        ]
    }
}
