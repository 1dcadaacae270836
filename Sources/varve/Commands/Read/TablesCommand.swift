import ArgumentParser
import Catalog
import LakeModel
import ObjectStorage

struct TablesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tables", abstract: "Lists the tables of a lake.", discussion: ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let session = try await lake.open()
        var rows: [TableRow] = []
        let names = try await session.lake.tables()
        var unread: [CommandFailure] = []
        for name in names {
            do {
                let head = await (try session.lake.open(name)).head()
                rows += TableSide.allCases.compactMap { TableRow(name, side: $0, head) }
            } catch {
                guard error.isOfOneTable else { throw error }
                unread.append(CommandFailure(error))
            }
        }
        if names.isEmpty { session.console.say("no tables in \(session.store.location)") }
        try Listing(rows).print(as: format.output, to: session.console)
        guard let first = unread.first else { return }
        throw CommandFailure(first.status, unread.flatMap(\.problems))
    }
}

/// A table, or a side table that has objects.
private struct TableRow: Listable {
    var address: TableAddress
    var head: TableHead
    var totals: SideTotals

    init?(_ name: TableName, side: TableSide, _ head: TableHead) {
        (address, self.head, totals) = (TableAddress(table: name, side: side), head, head.total(of: side))
        if side != .main, totals.objects == 0 { return nil }
    }

    static let columns: [Column] = [
        .left("table"), .right("version"), .right("objects"), .right("bytes"), .detail("uncompressed_bytes"),
        .right("records"), .left("topics"), .left("watermark"), .left("complete_through"), .left("last_commit"),
    ]

    var cells: [Cell] {
        [
            .text(address.description), .integer(head.version), .integer(totals.objects), .bytes(totals.bytes),
            .bytes(totals.uncompressedBytes), .integer(totals.records),
            .list(Set(head.progress.keys.map(\.topic)).sorted()), .optional(head.watermark()),
            .optional(head.closedThrough?.description), .optional(head.at),
        ]
    }
}

extension CatalogError {
    /// Says nothing about the lake's other tables.
    fileprivate var isOfOneTable: Bool {
        switch self {
        case .corrupt, .newerFormat: true
        default: false
        }
    }
}
