import ArgumentParser
import Catalog
import LakeModel

struct ManifestDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Lists the data objects that came and went between two versions of a table.",
        discussion: ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The table, or a side table.")
    var table: TableAddress

    @Option(
        parsing: .unconditional, help: ArgumentHelp("The earlier version or time.", valueName: "version|time"))
    var from: HistoryArgument

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The later version or time (default: the newest).", valueName: "version|time"))
    var to: HistoryArgument?

    func run() async throws {
        let session = try await lake.open()
        let earlier = try await session.snapshot(of: table, at: from)
        let later = try await session.snapshot(of: table, at: to)
        let diff = try await earlier.diff(to: later, ObjectQuery(sides: [table.side]))
        func row(_ change: String, _ object: DataObject) -> DiffRow {
            DiffRow(change: change, row: ObjectRow(object, of: table.table, in: session.store))
        }
        var rows = diff.removed.map { row("removed", $0) } + diff.added.map { row("added", $0) }
        rows.sort { ($0.row.object.partition, $0.row.object.path) < ($1.row.object.partition, $1.row.object.path) }
        try Listing(rows).print(as: format.output, to: session.console)
        let records = later.head.total(of: table.side).records - earlier.head.total(of: table.side).records
        session.console.say(
            "version \(earlier.version) to \(later.version): \(rows.count) objects differ, "
                + "\(records < 0 ? "" : "+")\(records) records")
    }
}

private struct DiffRow: Listable {
    var change: String
    var row: ObjectRow

    static let columns: [Column] = [.left("change")] + ObjectRow.columns
    var cells: [Cell] { [.text(change)] + row.cells }
}
