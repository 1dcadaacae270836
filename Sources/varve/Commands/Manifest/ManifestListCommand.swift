import ArgumentParser
import Catalog
import LakeModel
import Maintenance
import ObjectStorage

struct ManifestListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Lists the live data objects of a table.", discussion: ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var filter: ObjectFilter
    @OptionGroup var format: OutputOptions

    @Argument(help: "The table, or a side table such as orders.dead_letter.")
    var table: TableAddress

    @Option(help: ArgumentHelp("Only objects with this label; repeat for more.", valueName: "label"))
    var tag: [String] = []

    @Option(parsing: .unconditional, help: ArgumentHelp("As of a version or a time.", valueName: "version|time"))
    var at: HistoryArgument?

    @Option(help: ArgumentHelp("At most this many.", valueName: "number"))
    var limit: Int?

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit is at least 0") }
    }

    func run() async throws {
        let session = try await lake.open()
        let snapshot = try await session.snapshot(of: table, at: at)
        let query = filter.query(side: table.side, of: snapshot.head.layout, now: session.now, tags: tag)
        var writer = ListingWriter(of: ObjectRow.self, as: format.output, to: session.console)
        var left = limit ?? .max
        try await snapshot.forEachStretch(query) { objects in
            for object in objects where left > 0 && filter.matchesTopic(object) {
                try writer.write(ObjectRow(object, of: snapshot.table, in: session.store))
                left -= 1
            }
            return left > 0
        }
        try writer.finish()
    }
}

/// A data object in a listing.
struct ObjectRow: Listable {
    var object: DataObject
    /// Where other programs find it; what was adopted lies outside of the table's folder.
    var url: String

    init(_ object: DataObject, of table: TableName, in store: any ObjectStore) {
        self.object = object
        url = "\(store.location)/\(object.key(in: table)?.description ?? "\(table)/\(object.path)")"
    }

    static let columns: [Column] = [
        .left("path"), .detail("side"), .detail("date"), .detail("hour"), .detail("shard"), .detail("format"),
        .right("records"), .right("bytes"), .detail("uncompressed_bytes"), .left("first_event"), .left("last_event"),
        .left("offsets"), .left("tags"), .detail("uploaded_at"), .detail("checksum"), .detail("adopted"),
        .detail("url"),
    ]

    var cells: [Cell] {
        let partition = object.partition
        return [
            .text(object.path), .text(object.side.rawValue), .text(partition.date.description),
            .optional(partition.hour.map(Int64.init)), .integer(Int64(partition.shard)), .text(object.format.rawValue),
            .integer(object.records), .bytes(object.bytes), .bytes(object.uncompressedBytes),
            .optional(object.eventTime?.min), .optional(object.eventTime?.max), .list(object.offsets.map(\.text)),
            .list(object.tags), .time(object.uploadedAt),
            .text("\(object.checksum.algorithm.rawValue):\(object.checksum.value)"), .optional(object.adopted?.key),
            .text(url),
        ]
    }
}

extension OffsetSpan {
    /// `orders/3:100-199`, both ends in it.
    var text: String { "\(topicPartition):\(first)-\(last)" }
}

extension OffsetRange {
    /// `orders/3:100..200`, the end not in it, as `--offsets` takes it.
    var text: String { "\(topicPartition):\(from)..\(to)" }
}
