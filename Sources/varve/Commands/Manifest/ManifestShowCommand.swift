import ArgumentParser
import Catalog
import Foundation
import LakeModel

struct ManifestShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a table's state: layout, totals and the next offset of each topic partition.",
        discussion: ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The table.")
    var table: TableAddress

    @Option(parsing: .unconditional, help: ArgumentHelp("As of a version or a time.", valueName: "version|time"))
    var at: HistoryArgument?

    @Option(help: ArgumentHelp("Print this one commit as it stands in the log, as JSON.", valueName: "version"))
    var commit: Int64?

    func validate() throws {
        try table.checkIsWhole()
        if at != nil, commit != nil { throw ValidationError("--at and --commit exclude each other") }
    }

    func run() async throws {
        let session = try await lake.open()
        if let commit { return try await printCommit(commit, session) }
        let snapshot = try await session.snapshot(of: table, at: at)
        let progress = snapshot.head.progress.sorted { $0.key < $1.key }.map { ProgressRow(source: $0, progress: $1) }
        switch format.output {
        case .json:
            try session.console.print(StateSummary(snapshot, progress).json.pretty)
        case .table:
            for line in StateSummary(snapshot, progress).lines { try session.console.print(line) }
            if !progress.isEmpty { try session.console.print("") }
            try Listing(progress).print(as: .table, to: session.console)
        case .csv:
            try Listing(progress).print(as: .csv, to: session.console)
        }
    }

    private func printCommit(_ version: Int64, _ session: LakeSession) async throws {
        let table = try await session.table(table)
        guard let commit = try await table.commits(version...max(version, version)).first else {
            throw CommandFailure(
                .noInput, "no such commit", at: "\(self.table) version \(version)",
                fix: "see 'varve manifest log \(self.table)'; early ones may have been collected")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try session.console.write(try encoder.encode(commit))
        try session.console.print("")
    }
}

/// Where one topic partition stands.
private struct ProgressRow: Listable {
    var source: TopicPartition
    var progress: Catalog.Progress

    static let columns: [Column] = [.left("topic"), .right("partition"), .right("next_offset"), .left("watermark")]

    var cells: [Cell] {
        [
            .text(source.topic), .integer(Int64(source.partition)), .integer(progress.next),
            .optional(progress.watermark),
        ]
    }
}

/// A table's state as names and values.
private struct StateSummary {
    private var members: [(name: String, value: Cell)]
    private var progress: [ProgressRow]

    init(_ snapshot: Snapshot, _ progress: [ProgressRow]) {
        let head = snapshot.head
        self.progress = progress
        members = [
            ("table", .text(snapshot.table.description)), ("version", .integer(head.version)),
            ("commit", .optional(head.id?.description)), ("at", .optional(head.at)),
            ("watermark", .optional(head.watermark())),
            ("complete_through", .optional(head.closedThrough?.description)),
            ("horizon", .optional(head.horizon)), ("checkpoint", .integer(snapshot.checkpointVersion)),
            ("manifests", .integer(Int64(snapshot.manifests.count))),
        ]
        if let layout = head.layout {
            members += [
                ("granularity", .text(layout.granularity.rawValue)), ("zone", .text(layout.zone)),
                ("time", .text(layout.time)), ("shards", .integer(Int64(layout.shards))),
                ("shard_by", .text(layout.shardBy)),
            ]
        }
        for side in TableSide.allCases where side == .main || head.total(of: side).objects > 0 {
            let totals = head.total(of: side)
            let prefix = side == .main ? "" : side.rawValue + "_"
            members += [
                (prefix + "objects", .integer(totals.objects)), (prefix + "records", .integer(totals.records)),
                (prefix + "bytes", .bytes(totals.bytes)),
                (prefix + "uncompressed_bytes", .bytes(totals.uncompressedBytes)),
            ]
        }
    }

    var lines: [String] {
        let width = members.map(\.name.count).max() ?? 0
        return members.map { $0.name.replacing("_", with: " ").rightPadded(to: width + 2) + $0.value.tableText }
    }

    var json: JSONText {
        let offsets = progress.map { row in
            JSONText.object(zip(ProgressRow.columns, row.cells).map { .init(name: $0.name, value: $1.json) })
        }
        return .object(
            members.map { .init(name: $0.name, value: $0.value.json) } + [
                .init(name: "offsets", value: .array(offsets))
            ])
    }
}
