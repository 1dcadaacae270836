import ArgumentParser
import Catalog
import LakeModel
import Maintenance
import ObjectStorage

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Adopts files that Kafka Connect, Vector or Firehose wrote into a table, without copying them.",
        discussion: """
            The files lie below the lake's root, beside the tables' folders, and stay where they are. Each is read \
            once, to count its events and for its checksum: lines of JSON, plain, gzip or zstd. Without --yes it only \
            says what it would do. What was adopted before is not adopted again.

              varve import --lake s3://events --table orders --from topics/orders
              varve import --lake s3://events --table orders --from topics/orders --yes
              varve import --lake s3://events --table clicks --from raw --layout firehose

            With --offsets from-names the names of Kafka Connect's files tell offsets: 'varve run' goes on behind what \
            was adopted. A file is adopted where its lines count up to the beginning of the next one; a gap ends the \
            import in front of it. The last file of each topic partition, whose end nothing proves, is left to 'varve \
            run', unless --ends is counted.

            'varve compact' makes objects of the table's own out of adopted files. Varve never deletes the files.


            """
                + ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Option(help: "The table; made where there is none.")
    var table: TableAddress

    @Option(
        help: ArgumentHelp(
            "The folder of the files, below the lake's root: topics/orders, or its URL.", valueName: "folder"))
    var from: String

    @Option(help: "Who wrote the files: hive, kafka-connect, vector or firehose.")
    var layout = ImportLayout.hive

    @Option(help: "Whether names tell offsets: none or from-names.")
    var offsets = ImportRequest.OffsetSource.none

    @Option(
        help: """
            With from-names, where a file's offsets end: proved by the next file, so that the last one is left, or \
            counted by its lines. Counting is right only where every offset has an event: no transactions, \
            compaction, filters.
            """)
    var ends = ImportRequest.OffsetEnds.proved

    @Option(help: "Files whose folders tell no date: pass-over, or modified for the hour in which the store took them.")
    var undated = ImportRequest.UndatedFiles.passOver

    @Option(help: ArgumentHelp("Leave files for the next time that are younger than this.", valueName: "duration"))
    var minAge = DurationArgument(milliseconds: 300_000)

    @Option(
        help: ArgumentHelp(
            "Time zone of the folders; has to be the table's. UTC for a new one without settings.", valueName: "name"))
    var zone: String?

    @Option(help: ArgumentHelp("Files that are read at once.", valueName: "number"))
    var parallel = 4

    @Flag(help: "Only say what would be done; so it is without --yes.")
    var plan = false

    @Flag(help: "Do it.")
    var yes = false

    func validate() throws {
        if plan, yes { throw ValidationError("--plan and --yes exclude each other") }
        if parallel < 1 { throw ValidationError("--parallel is at least 1") }
        if table.side != .main { throw ValidationError("files are adopted into a table itself, not into \(table)") }
        if offsets == .fromNames, layout != .kafkaConnect {
            throw ValidationError("only names of --layout kafka-connect tell offsets")
        }
        if offsets == .none, ends == .counted { throw ValidationError("--ends is about --offsets from-names") }
    }

    func run() async throws {
        let session = try await yes ? lake.openForChange() : lake.open()
        let folder = try ImportFolder.prefix(from, lake: session.settings.lake)
        let importer = try await importer(session, prefix: folder)
        let plan = try await importer.plan()
        if plan.items.isEmpty, plan.known == 0, plan.young == 0 {
            throw CommandFailure(.noInput, "no files lie there", at: "--from \(from)", fix: "check the folder's name")
        }
        guard yes else {
            try Listing(plan.items.map { ImportRow($0, offsets) }).print(as: format.output, to: session.console)
            say(plan, session)
            session.console.say("nothing was adopted; add --yes to do it")
            return
        }
        let progress = ProgressLine(session.console)
        defer { progress.clear() }
        var random = SystemRandomNumberGenerator()
        let report = try await importer.run(plan, using: &random) {
            progress.show("\(table.table): \($0) of \(plan.files.count) files")
        }
        progress.clear()
        let rows =
            report.adopted.map(ImportRow.init) + report.passedOver.map(ImportRow.init)
            + plan.items.filter { $0.isPassedOver || $0.isLast }.map { ImportRow($0, offsets) }
        try Listing(rows).print(as: format.output, to: session.console)
        session.console.say(
            "\(table.table): \(report.adopted.count) files with \(report.records) events adopted in "
                + "\(report.commits) commits; "
                + "\(report.passedOver.count + plan.items.count(where: \.isPassedOver)) passed over, "
                + "\(Int(report.known) + plan.known) adopted before, \(plan.young) too young")
        sayRest(plan, session)
        if let fault = report.fault { throw MaintenanceError.invalid(fault) }
    }

    private func importer(_ session: LakeSession, prefix: String) async throws -> Importer {
        let request = ImportRequest(
            prefix: prefix, layout: layout, offsets: offsets, ends: ends, undated: undated,
            minAge: minAge.duration)
        let table = try await session.lake.open(self.table.table)
        try await table.refuseArchive("the table that it follows would not know the files")
        var importer = Importer(
            table: table, request: request, clock: session.context.clock,
            writer: .ofThisProcess())
        (importer.layout, importer.zone) = (session.tableSettings(table.name)?.partition.layout, zone)
        importer.parallelMax = parallel
        return importer
    }

    private func say(_ plan: ImportPlan, _ session: LakeSession) {
        let bytes = plan.files.reduce(0) { $0 &+ $1.listed.bytes }
        session.console.say(
            "\(table.table): \(plan.files.count) files of \(humanBytes(bytes)) to adopt; "
                + "\(plan.items.count(where: \.isPassedOver)) passed over, \(plan.known) adopted before, "
                + "\(plan.young) too young")
        sayRest(plan, session)
    }

    private func sayRest(_ plan: ImportPlan, _ session: LakeSession) {
        let last = plan.items.count(where: \.isLast)
        if last > 0 {
            session.console.say(
                "\(table.table): \(last) files are the last of their topic partition and left to 'varve run', as "
                    + "nothing proves where they end; see --ends")
        }
        guard plan.leftOut > 0 else { return }
        session.console.say(
            "\(table.table): \(plan.leftOut) more objects have keys that no lake can name, such as with //, and are "
                + "not listed; copy them to other keys")
    }
}

/// Where files to adopt may lie: below the lake's root, so that everyone who reads the lake reaches them.
enum ImportFolder {
    /// The folder relative to the lake's root, with a slash behind it.
    static func prefix(_ text: String, lake: LakeURL) throws(CommandFailure) -> String {
        var folder = text[...]
        if text.contains("://") {
            guard let url = try? LakeURL(text), let inside = below(url, lake) else {
                throw CommandFailure(
                    .usage, "the files do not lie below the lake's root", at: "--from \(text)",
                    fix: "name a lake as --lake whose root holds both, such as the bucket itself")
            }
            folder = inside[...]
        }
        while folder.hasSuffix("/") { folder.removeLast() }
        guard ObjectKey(String(folder)) != nil else {
            throw CommandFailure(
                .usage, "not a folder below the lake's root", at: "--from \(text)",
                fix: "write it relative to the root, such as topics/orders")
        }
        return folder + "/"
    }

    private static func below(_ url: LakeURL, _ lake: LakeURL) -> String? {
        switch (url, lake) {
        case (.s3(let bucket, let prefix), .s3(let own, let root)):
            return bucket == own ? rest(prefix, below: root) : nil
        case (.directory(let path), .directory(let root)):
            return rest(path, below: root.hasSuffix("/") ? String(root.dropLast()) : root)
        default:
            return nil
        }
    }

    private static func rest(_ path: String, below root: String) -> String? {
        if root.isEmpty { return path }
        return path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : nil
    }
}

/// What becomes of one file.
struct ImportRow: Listable {
    private var file: String
    private var verdict: String
    private var partition: String?
    private var records: Int64?
    private var bytes: Int64
    private var span: String?
    private var reason: String?
    private var version: Int64?

    init(_ item: ImportItem, _ offsets: ImportRequest.OffsetSource) {
        (file, bytes) = (item.listed.key.description, item.listed.bytes)
        switch item.verdict {
        case .adopt(let file):
            (verdict, partition) = ("adopt", LakeHour(file.partition).description)
            if offsets == .fromNames, let source = file.name.source, let first = file.name.firstOffset {
                span = "\(source):\(first)-"
            }
        case .last(let source):
            (verdict, reason) = ("left", "the last of \(source): no file behind it proves where it ends")
        case .known: verdict = "known"
        case .young: verdict = "young"
        case .passOver(let why): (verdict, reason) = ("passed over", why)
        }
    }

    init(_ adopted: ImportReport.Adopted) {
        let object = adopted.object
        (file, verdict, bytes) = (object.adopted?.key ?? object.path, "adopted", object.bytes)
        (partition, records, version) = (LakeHour(object.partition).description, object.records, adopted.version)
        span = object.offsets.first?.text
    }

    init(_ passed: ImportReport.PassedOver) {
        (file, verdict, bytes) = (passed.file.key, "passed over", passed.file.listed.bytes)
        reason = passed.reason
    }

    static let columns: [Column] = [
        .left("file"), .left("verdict"), .left("partition"), .right("records"), .right("bytes"), .left("offsets"),
        .left("reason"), .detail("version"),
    ]

    var cells: [Cell] {
        [
            .text(file), .text(verdict), .optional(partition), .optional(records), .bytes(bytes), .optional(span),
            .optional(reason), .optional(version),
        ]
    }
}

extension ImportItem {
    fileprivate var isPassedOver: Bool {
        if case .passOver = verdict { true } else { false }
    }

    fileprivate var isLast: Bool {
        if case .last = verdict { true } else { false }
    }
}

extension ImportPlan {
    fileprivate var known: Int { items.count { $0.verdict == .known } }
    fileprivate var young: Int { items.count { $0.verdict == .young } }
}
