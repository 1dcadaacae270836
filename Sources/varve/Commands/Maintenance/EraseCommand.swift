import ArgumentParser
import Catalog
import LakeModel
import Maintenance
import ObjectStorage

struct EraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Takes the events of some users, or of any other value, out of a table.",
        discussion: """
            Every live object that can hold a match is read; those with matching events are written again without \
            them, and committed. Parquet objects are ruled out by the bounds of keys in the catalog, and by their own \
            statistics and Bloom filters (`parquet.bloom_filters`). Without --yes it only says what it would do. The \
            certificate names objects, commits and counts, signed with erasure.signing_key; it holds none of the values.

              varve erase --table orders --where "user_id = 'u-17'" --yes --certificate u-17.json
              varve erase --table orders --where user.id --ids ids.txt --yes --certificate request-4.json
              varve verify --erasure u-17.json

            A field is user_id, user.id, /user/id (a JSON Pointer), @key, or @header:name. Old bytes go with 'varve \
            vacuum' after vacuum.erased_after, or at once with --grace 0s, as do those that earlier erasures of the \
            table have left; in buckets that keep versions set s3.delete_versions, or noncurrent ones stay. Adopted \
            files ('varve import') leave the table, and are named: another program wrote them, so deleting them is \
            yours to do.


            """
                + ExitStatus.readerHelp(own: [
                    (
                        .checkFailed,
                        "legal holds, adopted files or an archive's table keep matching events, or old bytes are left"
                    ),
                    (.cannotCreate, "the certificate cannot be written"),
                ]))

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Option(help: "The table; its side tables are looked through too.")
    var table: TableAddress

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Which events: \"field = 'value'\", or only a field with --ids.", valueName: "condition"))
    var condition: String

    @Option(help: ArgumentHelp("A file with one value on each line.", valueName: "file"))
    var ids: String?

    @Flag(help: "Erase payloads that are not JSON too where they contain a value anywhere.")
    var searchRaw = false

    @Flag(help: "Read every object, whatever bounds and Bloom filters say.")
    var readAll = false

    @Flag(help: "Do it.")
    var yes = false

    @Option(help: ArgumentHelp("Where to write the certificate.", valueName: "file|url"))
    var certificate: PlanFile?

    @Option(
        help: ArgumentHelp(
            "0s deletes old bytes at once; else they go with 'varve vacuum', after vacuum.erased_after.",
            valueName: "duration"))
    var grace: DurationArgument?

    @Option(help: ArgumentHelp("Objects that are looked through at once.", valueName: "number"))
    var parallel = 2

    func validate() throws {
        try table.checkIsWhole()
        if let grace, grace.milliseconds != 0 {
            throw ValidationError("--grace takes 0s only; else vacuum.erased_after says how long old bytes stay")
        }
        if parallel < 1 { throw ValidationError("--parallel is at least 1") }
        if ids != nil, condition.contains("=") {
            throw ValidationError("--where names a value and --ids has others: write only the field in --where")
        }
        if yes, certificate == nil { throw ValidationError("--yes needs --certificate: the proof is a part of it") }
    }

    func run() async throws {
        let request = try ErasureRequest(where: condition, ids: try FileOfValues.read(ids), searchesRaw: searchRaw)
        let session = try await yes ? lake.openForChange() : lake.open()
        let eraser = try await eraser(request, session)
        var random = SystemRandomNumberGenerator()
        let id = CommitID(using: &random)
        let progress = ProgressLine(session.console)
        defer { progress.clear() }
        let show: (Int64) -> Void = { progress.show("\(table.table): \($0) objects looked through") }
        guard yes else {
            let report = try await eraser.plan(id: id, progress: show)
            progress.clear()
            session.warnOfUnknownHolds([table.table])
            try print(report, of: request, session)
            try await sayLeftovers(eraser, session)
            session.console.say("nothing was erased; add --yes and --certificate to do it")
            return
        }
        try await certificate?.reserve(session)
        session.warnOfUnknownHolds([table.table])
        let report: ErasureReport
        var done: [ErasureReport.ErasedObject] = []
        do {
            report = try await eraser.run(id: id, using: &random, progress: show) { done += $0 }
        } catch {
            progress.clear()
            await certificate?.giveUp(session)
            if !done.isEmpty { await leave(done, eraser, session) }
            throw error
        }
        progress.clear()
        // Before the certificate, which tells when the old bytes were deleted; and both before anything is printed, for
        // a reader who goes away must not end what is left to do.
        var isPurged = true
        if deletesAtOnce { isPurged = await purge(report.objects, eraser, session) }
        try await writeCertificate(
            request, report, session, salt: CommitID(using: &random), isPurged: deletesAtOnce && isPurged)
        try session.console.ifRead { try print(report, of: request, session) }
        if (try? await eraser.table.hasAdopted()) ?? false {
            session.console.say(
                "files were imported into \(table.table): those whose objects have left it since are not looked into")
        }
        session.console.say(
            "\(table.table): erased \(report.events) events from \(report.objects.count) objects; "
                + whatIsLeft(report))
        let isWhole = report.held.isEmpty && report.filesLeft.isEmpty && report.unread.isEmpty && isPurged
        if !isWhole { throw CommandFailure.checkFailed }
    }

    private var deletesAtOnce: Bool { grace?.milliseconds == 0 }

    private func whatIsLeft(_ report: ErasureReport) -> String {
        var text = "version \(report.version) holds none"
        if let through = report.through {
            text += " of what the table had at version \(through) (writers kept adding matches: run it again for those)"
        }
        if report.heldByRules > 0 { text += " but in \(report.heldByRules) objects that legal holds keep" }
        if report.ofTable > 0 { text += " but in \(report.ofTable) objects that its table may still have" }
        if !report.unread.isEmpty { text += " but in \(report.unread.count) objects that could not be looked into" }
        if !report.filesLeft.isEmpty { text += ", but \(report.filesLeft.count) files of other programs do" }
        return text
    }

    /// Deletes the old bytes of these objects, and those that other erasures have left: of a run that was killed nobody
    /// knows which they are. False where some could not be deleted.
    private func purge(_ objects: [ErasureReport.ErasedObject], _ eraser: Eraser, _ session: LakeSession) async -> Bool
    {
        do {
            var failures = try await eraser.purge(objects).failures
            let left = try await eraser.purge(try await eraser.leftovers())
            failures += left.failures
            for failure in Set(failures.map { "\($0.key): \($0.reason)" }).sorted() {
                session.console.say("not deleted: \(failure)")
            }
            if left.deleted > 0 {
                session.console.say(
                    "\(table.table): the old bytes of \(left.deleted) objects that earlier erasures had replaced are "
                        + "deleted too")
            }
            if !failures.isEmpty { sayNotDeleted(session) }
            return failures.isEmpty
        } catch {
            session.console.say("not deleted: \(error)")
            sayNotDeleted(session)
            return false
        }
    }

    private func sayNotDeleted(_ session: LakeSession) {
        session.console.say(
            "\(table.table): old bytes are still there; run it again, or 'varve vacuum' after its grace")
    }

    private func sayLeftovers(_ eraser: Eraser, _ session: LakeSession) async throws {
        guard deletesAtOnce else { return }
        let count = try await eraser.leftovers().count
        guard count > 0 else { return }
        session.console.say(
            "\(table.table): the old bytes of \(count) objects that earlier erasures replaced are still there; with "
                + "--grace 0s they are deleted too")
    }

    /// Of a run that failed half-way: what it has replaced is not found again by the next one.
    private func leave(_ done: [ErasureReport.ErasedObject], _ eraser: Eraser, _ session: LakeSession) async {
        var isPurged = false
        if deletesAtOnce { isPurged = await purge(done, eraser, session) }
        let old = isPurged ? "their old bytes are deleted" : "their old bytes go with 'varve vacuum'"
        session.console.say(
            "\(table.table): erased \(done.reduce(0) { $0 + $1.events }) events from \(done.count) objects before it "
                + "failed; \(old); run it again for the rest")
    }

    private func eraser(_ request: ErasureRequest, _ session: LakeSession) async throws -> Eraser {
        var eraser = Eraser(
            table: try await session.lake.openExisting(table.table), request: request, clock: session.context.clock,
            writer: .ofThisProcess())
        let settings = session.tableSettings(table.table)
        eraser.holds = settings?.lifecycle.policy.holds ?? []
        if let level = settings?.compact.level { eraser.level = level }
        if let settings { eraser.bloomFilters = settings.parquet.fields }
        (eraser.parallelMax, eraser.readsAll) = (parallel, readAll)
        return eraser
    }

    private func writeCertificate(
        _ request: ErasureRequest, _ report: ErasureReport, _ session: LakeSession, salt: CommitID, isPurged: Bool
    ) async throws {
        let vacuum = session.tableSettings(table.table)?.vacuum.policy ?? VacuumPolicy()
        var proof = ErasureCertificate(
            table: table.table, request: request, report: report, writer: .ofThisProcess(), salt: salt,
            grace: vacuum.erasedAfter, olderGrace: vacuum.olderCopiesAfter, boundsGrace: vacuum.logAfter)
        if isPurged { proof.bytesGoneBy = max(report.finishedAt, session.now) }
        if let key = session.settings.erasure.key {
            try proof.sign(with: key)
        } else {
            session.console.say("the certificate is not signed: there is no erasure.signing_key in the configuration")
        }
        let text = try proof.encoded(pretty: true)
        do {
            try await certificate?.write(text, session)
        } catch {
            // What was done cannot be found out again: the proof must not be lost.
            session.console.say("the certificate could not be written; keep what follows:")
            try session.console.write(text)
            throw error
        }
    }

    private func print(_ report: ErasureReport, of request: ErasureRequest, _ session: LakeSession) throws {
        let rows =
            report.objects.map { ErasedRow(object: $0, isHeld: false) }
            + report.held.map { ErasedRow(object: $0, isHeld: true) }
        try Listing(rows).print(as: format.output, to: session.console)
        session.console.say(
            "\(table.table): \(report.events) events in \(report.objects.count) objects match, of "
                + "\(report.eventsExamined) in \(report.objectsExamined)")
        session.console.say(
            "ruled out: \(report.objectsPassedOver) objects by their bounds in the catalog, "
                + "\(report.objectsFiltered) by their own statistics and Bloom filters "
                + "(\(humanBytes(report.bytesAsked)) of those read)")
        session.console.say(
            "read: \(report.objectsExamined) objects, \(humanBytes(report.bytesExamined)), \(report.requests.gets) "
                + "requests in all, about $\(decimal(report.requests.dollars, places: 3))")
        if report.objectsExamined > 0, report.objectsWithField == 0 {
            session.console.say("no event that was read has the field \(request.fieldText): is it right?")
        }
        if report.unreadable > 0 {
            session.console.say(
                "\(report.unreadable) payloads are not JSON and could not be compared; see --search-raw")
        }
        if let first = report.filesLeft.first {
            session.console.say(
                "\(report.filesLeft.count) matching objects are files that another program wrote, which varve does not "
                    + "delete: delete them yourself, the first is \(first)")
        }
        for unread in report.unread {
            session.console.say("not looked into: \(unread.object.path): \(unread.reason)")
        }
        if report.keyless > 0 {
            session.console.say(
                "\(report.keyless) events are value lines, which keep neither key nor headers: they cannot match")
        }
        if report.heldByRules > 0 { session.console.say("\(report.heldByRules) objects are kept by legal holds") }
        if report.ofTable > 0 {
            session.console.say(
                "\(report.ofTable) objects of this archive are of days that its table still has, or came since 'varve "
                    + "lifecycle apply' last said so: erase in the table first, then run that, which carries it over"
            )
        }
        if session.tableSettings(table.table)?.lifecycle.archive.rule != nil {
            session.console.say(
                "\(table.table) has an archive: what is erased here leaves it with the next 'varve lifecycle apply'; "
                    + "what has expired here is only there, and was not looked through: see docs/maintenance.md")
        }
    }
}

/// One object with matching events.
struct ErasedRow: Listable {
    var object: ErasureReport.ErasedObject
    var isHeld: Bool

    static let columns: [Column] = [
        .left("path"), .right("events"), .right("records"), .right("bytes"), .left("held"), .detail("replacement"),
        .detail("adopted"),
    ]

    var cells: [Cell] {
        [
            .text(object.before.path), .integer(object.events), .integer(object.before.records),
            .bytes(object.before.bytes), .boolean(isHeld), .optional(object.after?.path),
            .optional(object.before.adopted),
        ]
    }
}
