import ArgumentParser
import Catalog
import Ingest
import LakeModel
import Maintenance

struct CompactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Merges small objects of complete or cold hours.",
        discussion: """
            Each merge is one commit that removes its inputs and adds its outputs; writers, other compactions and \
            other machines go on meanwhile. Old bytes stay until `varve vacuum` deletes them after their grace. Events \
            are copied line by line, never changed; the counts of every topic partition are compared before the commit.

            For more than one machine, write a plan once and give each a slice of it:

              varve compact --lake s3://b/lake orders --plan-to s3://b/plan.json
              varve compact --lake s3://b/lake --plan-from s3://b/plan.json --index 0 --of 8


            """
                + ExitStatus.readerHelp(own: [(.temporaryFailure, "some merges failed; what was done stays")]))

    @OptionGroup var lake: LakeOptions
    @OptionGroup var choice: CompactionChoice
    @OptionGroup var format: OutputOptions

    @Argument(help: "The tables; by default all of them.")
    var tables: [TableAddress] = []

    @Flag(help: "Only say what would be merged, with sizes, requests and their cost.")
    var plan = false

    @Option(help: ArgumentHelp("Write the plan of one table to a file instead of doing it.", valueName: "file|url"))
    var planTo: PlanFile?

    @Option(help: ArgumentHelp("Do what this plan says.", valueName: "file|url"))
    var planFrom: PlanFile?

    @Option(help: ArgumentHelp("Which slice of the plan, from 0.", valueName: "number"))
    var index = 0

    @Option(help: ArgumentHelp("Into how many slices the plan is cut.", valueName: "number"))
    var of = 1

    @Option(help: ArgumentHelp("Merges that are worked on at once.", valueName: "number"))
    var parallel = 2

    @Option(help: ArgumentHelp("What all merges at work may take together.", valueName: "size"))
    var memory = SizeArgument(bytes: 512 << 20)

    @Option(help: ArgumentHelp("Go on for ever, with this pause between rounds.", valueName: "duration"))
    var every: DurationArgument?

    func validate() throws {
        for table in tables { try table.checkIsWhole() }
        if of < 1 || index < 0 || index >= of { throw ValidationError("--index goes from 0 to one less than --of") }
        if planFrom == nil, of != 1 { throw ValidationError("--of needs --plan-from") }
        if planTo != nil, tables.count != 1 { throw ValidationError("--plan-to needs one table") }
        if planFrom != nil, !tables.isEmpty || every != nil || planTo != nil {
            throw ValidationError("--plan-from names its table itself and is done once")
        }
        if parallel < 1 { throw ValidationError("--parallel is at least 1") }
        if memory.bytes < 128 << 20 { throw ValidationError("--memory is at least 128MiB") }
    }

    func run() async throws {
        if plan || planTo != nil { return try await showPlan(try await lake.open()) }
        let session = try await lake.openForChange()
        guard let every else { return try await compactOnce(session) }
        while true {
            do {
                try await compactOnce(session)
            } catch {
                try session.sayIfPassing(error)
            }
            try session.console.flush()
            try await session.context.clock.sleep(for: every.duration)
        }
    }

    private func plans(_ session: LakeSession) async throws -> [(Table, CompactionPlan)] {
        if let planFrom {
            var plan = try CompactionPlan.decode(try await planFrom.read(session))
            let table = try await session.lake.openExisting(try TableName.parse(plan.table))
            try await refuseArchive(table)
            // Holds that were set since it was written hold too.
            plan.policy.holds += session.tableSettings(table.name)?.lifecycle.policy.holds ?? []
            choice.addHold(to: &plan.policy)
            session.warnOfUnknownHolds([table.name])
            return [(table, plan)]
        }
        var plans: [(Table, CompactionPlan)] = []
        let names = try await session.chosenTables(tables)
        for name in names {
            let table = try await session.lake.openExisting(name)
            try await refuseArchive(table)
            let settings = session.tableSettings(name)
            var policy = try choice.policy(settings?.compact.policy, memoryBytes: memory.bytes)
            if policy.format == .parquet, settings?.schema.sources.isEmpty == false { policy.shreds = true }
            policy.holds += settings?.lifecycle.policy.holds ?? []
            let plan = try await CompactionPlan.make(
                try await table.snapshot(), policy: policy, now: session.now, memoryBytesMax: Int64(memory.bytes))
            plans.append((table, plan))
        }
        session.warnOfUnknownHolds(names)
        return plans
    }

    private func refuseArchive(_ table: Table) async throws {
        try await table.refuseArchive(
            "the table that it follows would not know its merged objects",
            fix: "compact in the lake that it was archived from; 'varve lifecycle apply' there brings it over")
    }

    private static let skippedShown = 10

    private func showPlan(_ session: LakeSession) async throws {
        let plans = try await plans(session).map(\.1)
        if let planTo, let plan = plans.first { try await planTo.write(try plan.encoded(), session) }
        let rows = plans.flatMap { plan in
            plan.slice(index, of: of).map { CompactionPlanRow(table: plan.table, group: $0) }
        }
        try Listing(rows).print(as: format.output, to: session.console)
        for plan in plans {
            let dollars = decimal(plan.requests.dollars, places: 3)
            session.console.say(
                "\(plan.table): \(plan.inputs) objects would become \(plan.outputs), \(humanBytes(plan.bytes)) read "
                    + "and written, \(plan.requests.total) requests, about $\(dollars)")
        }
    }

    private func compactOnce(_ session: LakeSession) async throws {
        var random = SystemRandomNumberGenerator()
        var outcomes: [CompactionOutcome] = []
        for (table, plan) in try await plans(session) {
            var compactor = Compactor(table: table, writer: .ofThisProcess())
            (compactor.parallelMax, compactor.memoryBytesMax) = (parallel, Int64(memory.bytes))
            if let parquet = try session.tableSettings(table.name)?.parquetSettings() {
                (compactor.shape, compactor.bloomFilters) = (parquet.shape, parquet.bloomFilters)
                if case .inferred = parquet.fields { compactor.infersShape = true }
            }
            let groups = plan.slice(index, of: of)
            let progress = ProgressLine(session.console)
            defer { progress.clear() }
            progress.show("\(plan.table): 0 of \(groups.count) merges")
            var ended = 0
            let report = try await compactor.run(groups, policy: plan.policy, using: &random) { outcome in
                ended += 1
                outcomes.append(outcome)
                progress.show("\(plan.table): \(ended) of \(groups.count) merges")
            }
            progress.clear()
            session.console.say("\(plan.table): \(report.summary)")
            if groups.isEmpty {
                let reason = plan.policy.format == .parquet ? "; value lines are never turned into Parquet" : ""
                session.console.say(
                    "\(plan.table): nothing to merge in hours that are complete, or cold (--cold-after)\(reason)")
            }
        }
        for skipped in outcomes.filter({ $0.state == .skipped }).prefix(Self.skippedShown) {
            session.console.say("skipped \(skipped.group.partition): \(skipped.problem ?? "others had done it")")
        }
        try Listing(outcomes.map(CompactionRow.init)).print(as: format.output, to: session.console)
        let failed = outcomes.filter { $0.state == .failed }
        guard let first = failed.first else { return }
        throw CommandFailure(
            .temporaryFailure, "\(failed.count) of \(outcomes.count) merges failed", at: "\(first.group.partition)",
            fix: first.problem ?? "run it again")
    }
}

extension CompactionReport {
    /// One line for people.
    fileprivate var summary: String {
        var text =
            "\(objectsRead) objects became \(objectsWritten), \(humanBytes(bytesRead)) read, "
            + "\(humanBytes(bytesWritten)) written, \(records) events"
        if droppedRecords > 0 { text += ", \(droppedRecords) left out for later ones of their key" }
        if skipped > 0 { text += ", \(skipped) merges skipped" }
        if failed > 0 { text += ", \(failed) failed" }
        return text
    }
}
