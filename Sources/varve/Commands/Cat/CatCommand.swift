import ArgumentParser
import Catalog
import LakeModel
import Maintenance

struct CatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Prints the events of a table again.",
        discussion: """
            One line for each event, as it stands in the lake; rows of Parquet objects as envelope lines, too. --raw \
            prints payloads as they were produced. Objects are read in the order of hour, shard and first offset, and \
            checked while they are read. With --offsets or --limit only the parts of large objects that are needed are \
            read, where the object tells which.


            """ + ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var filter: ObjectFilter

    @Argument(help: "The table, or a side table such as orders.dead_letter.")
    var table: TableAddress

    @Option(help: ArgumentHelp("Only events with this key.", valueName: "text"))
    var key: String?

    @Option(help: ArgumentHelp("Only events with this header, and with this value of it.", valueName: "name[=value]"))
    var header: HeaderArgument?

    @Option(
        help: ArgumentHelp(
            "Only events of this trace: the 32 hex digits of their W3C traceparent header.", valueName: "trace"))
    var trace: TraceArgument?

    @Flag(help: "Print payloads only, each with a line feed; tombstones are left out.")
    var raw = false

    @Option(help: ArgumentHelp("At most this many events.", valueName: "number"))
    var limit: Int64?

    @Option(parsing: .unconditional, help: ArgumentHelp("As of a version or a time.", valueName: "version|time"))
    var at: HistoryArgument?

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit is at least 0") }
    }

    func run() async throws {
        let session = try await lake.open()
        let snapshot = try await session.snapshot(of: table, at: at)
        do {
            try await print(snapshot, session)
        } catch ReadError.missing(let path) where at != nil {
            throw CommandFailure(
                .noInput, "version \(snapshot.version) cannot be read whole any more", at: path,
                fix: "'varve vacuum' has deleted what later versions removed; read a newer one")
        }
    }

    private func print(_ snapshot: Snapshot, _ session: LakeSession) async throws {
        let query = filter.query(side: table.side, of: snapshot.head.layout, now: session.now)
        let objects = try await snapshot.objects(query).filter(filter.matchesTopic).sorted(by: Self.readsBefore)
        let selection = EventSelection(
            filter: filter, key: key, header: header, trace: trace?.id, raw: raw, layout: snapshot.head.layout,
            now: session.now)
        var reader = ObjectLineReader(store: session.store, table: table.table)
        reader.offsets = filter.offsets?.range
        if limit != nil { reader.firstChunkBytes = 256 << 10 }
        var left = limit ?? .max
        for object in objects where left > 0 && selection.mayMatch(object) {
            try selection.check(object, table: table)
            reader.filters = selection.parquetFilters(for: object)
            var picker = selection.picker(for: object)
            try await reader.forEachLine(of: object) { line in
                let isPrinted = try picker.pick(line) { text in
                    try session.console.write(text)
                    try session.console.write(CollectionOfOne(0x0A))
                }
                if isPrinted { left -= 1 }
                return left > 0
            }
        }
    }

    private static func readsBefore(_ a: DataObject, _ b: DataObject) -> Bool {
        let (first, second) = (a.offsets.first, b.offsets.first)
        if a.partition != b.partition { return a.partition < b.partition }
        if first?.topicPartition != second?.topicPartition, let x = first, let y = second {
            return x.topicPartition < y.topicPartition
        }
        return (first?.first ?? 0, a.path) < (second?.first ?? 0, b.path)
    }
}
