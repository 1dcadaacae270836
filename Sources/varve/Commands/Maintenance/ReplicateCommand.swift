import ArgumentParser
import Catalog
import LakeModel
import Maintenance
import ObjectStorage

struct ReplicateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replicate",
        abstract: "Keeps a copy of tables in another lake, catalog and all, for the day the first one is lost.",
        discussion: """
            Only what is new is copied, and every object is checked against its checksum on the way. The copy is a \
            lake of its own, the same table commit for commit: read it, verify it, and let writers go on with it once \
            the original is given up; until then nobody else may write to it.

              varve replicate --lake s3://events/lake --to s3://events-copy/lake
              varve replicate --config varve.yaml orders --to-config copy.yaml --every 5m
              varve verify --lake s3://events-copy/lake --deep

            See docs/runbooks/disaster-recovery.md.


            """
                + ExitStatus.readerHelp(own: [(.checkFailed, "the copy's store would not delete some objects")]))

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The tables; by default all of them.")
    var tables: [TableAddress] = []

    @Option(help: ArgumentHelp("The lake that takes the copy, reached as the first one is.", valueName: "url"))
    var to: String?

    @Option(help: ArgumentHelp("A configuration that names the lake that takes the copy.", valueName: "file"))
    var toConfig: String?

    @Flag(help: "Only say what would be copied, and with --prune what deleted.")
    var plan = false

    @Flag(help: "Delete objects of the copy that the original has not had for --prune-after; needs --yes.")
    var prune = false

    @Option(help: ArgumentHelp("How old such objects have to be in the copy's store.", valueName: "duration"))
    var pruneAfter = DurationArgument(milliseconds: 7 * 86_400_000)

    @Flag(help: "Delete, with --prune.")
    var yes = false

    @Option(help: ArgumentHelp("Objects that are copied at once.", valueName: "number"))
    var parallel = 4

    @Option(help: ArgumentHelp("Go on for ever, with this pause between rounds.", valueName: "duration"))
    var every: DurationArgument?

    func validate() throws {
        for table in tables { try table.checkIsWhole() }
        if (to == nil) == (toConfig == nil) { throw ValidationError("give one of --to and --to-config") }
        if parallel < 1 { throw ValidationError("--parallel is at least 1") }
        if prune, !yes, !plan { throw ValidationError("--prune deletes objects of the copy: add --yes") }
        if every != nil, plan { throw ValidationError("--every and --plan exclude each other") }
        if pruneAfter.milliseconds < 3_600_000 { throw ValidationError("--prune-after is at least 1h") }
    }

    func run() async throws {
        let session = try await lake.open()
        let second = SecondLake(
            url: to, config: toConfig, role: "copy", place: to == nil ? "--to-config" : "--to", status: .usage)
        let target = try await second.open(besides: lake, forChange: !plan, in: session.context)
        let memory = ReplicationMemory()
        while true {
            guard let every else { return try await round(session, target, memory) }
            do {
                try await round(session, target, memory)
            } catch {
                // What the original's log has lost meanwhile, the next round copies otherwise.
                try session.sayIfPassing(error, [.temporaryFailure, .unavailable, .noInput])
            }
            try await session.context.clock.sleep(for: every.duration)
        }
    }

    private func round(
        _ session: LakeSession, _ target: any ObjectStore, _ memory: ReplicationMemory
    ) async throws {
        var rows: [ReplicationRow] = []
        var failures = 0
        let lake = Lake(store: target, clock: session.context.clock, logger: session.logger)
        for name in try await session.chosenTables(tables) {
            var replicator = Replicator(
                table: try await session.lake.openExisting(name), target: lake, clock: session.context.clock)
            (replicator.parallelMax, replicator.memory) = (parallel, memory)
            let progress = ProgressLine(session.console)
            defer { progress.clear() }
            guard !plan else {
                var report = try await replicator.plan()
                if prune {
                    report.pruned = try await replicator.prune(olderThan: pruneAfter.duration, isDry: true).deleted
                    session.console.say("\(name): \(report.pruned) objects of the copy would be deleted")
                }
                rows.append(ReplicationRow(report: report))
                session.console.say("\(name): \(report.summary), about $\(decimal(report.requests.dollars, places: 3))")
                continue
            }
            var report = try await replicator.run { report in
                progress.show("\(name): \(report.objects) objects, \(humanBytes(report.bytes)) copied")
            }
            if prune {
                let (deleted, failed) = try await replicator.prune(olderThan: pruneAfter.duration)
                report.pruned = deleted
                failures += failed.count
                for failure in failed.prefix(10) { session.console.say("  \(failure.key): \(failure.reason)") }
            }
            progress.clear()
            rows.append(ReplicationRow(report: report))
            session.console.say("\(name): \(report.summary)")
        }
        try Listing(rows).print(as: format.output, to: session.console)
        try session.console.flush()
        if plan {
            let done = prune ? "nothing was copied or deleted; leave --plan out, and add --yes" : "nothing was copied"
            session.console.say(prune ? "\(done), to do both" : "\(done); leave --plan out to copy")
        }
        if failures > 0 { throw CommandFailure.checkFailed }
    }
}

extension ReplicationReport {
    fileprivate var summary: String {
        "version \(from) to \(to), \(objects) objects (\(humanBytes(bytes))), \(entries) log entries"
    }
}

/// What was copied of one table.
struct ReplicationRow: Listable {
    var report: ReplicationReport

    static let columns: [Column] = [
        .left("table"), .right("from_version"), .right("to_version"), .right("objects"), .right("bytes"),
        .right("skipped"), .right("log_entries"), .right("pruned"),
    ]

    var cells: [Cell] {
        [
            .text(report.table.description), .integer(report.from), .integer(report.to), .integer(report.objects),
            .bytes(report.bytes), .integer(report.skipped), .integer(report.entries), .integer(report.pruned),
        ]
    }
}
