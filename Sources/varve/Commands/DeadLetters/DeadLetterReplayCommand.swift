import ArgumentParser
import Catalog
import LakeModel
import Maintenance

struct DeadLetterReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Sends dead letters again, to their own topic or to another one.",
        discussion: """
            What was sent is marked by a commit: it stays in the dead-letter table with the label 'replayed' and is \
            not sent twice. A replay that was killed is finished by the same command; until then no other one begins. \
            Without --yes it only says what it would do.

              varve dlq replay orders --reason not_json --to-topic orders-repaired --yes


            """ + ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var filter: DeadLetterFilter
    @OptionGroup var target: RestoreOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The table.")
    var table: TableAddress

    @Flag(help: "Give up an unfinished replay: what it has sent is not marked, and may be sent again.")
    var forget = false

    func run() async throws {
        var lake = lake
        lake.brokers = target.brokers
        let session = try await target.yes || forget ? lake.openForChange() : lake.open()
        let table = try await session.lake.openExisting(self.table.table)
        let unfinished = try await ReplayIntent.read(table)
        if forget {
            try await unfinished?.release(table)
            session.console.say(unfinished.map { "the replay \($0.id) was given up" } ?? "no replay is unfinished")
            if !target.yes { return }
        }
        try await table.refuseArchive(
            "its table would not know what was sent",
            fix: "replay in the lake that it was archived from; 'varve restore' sends events of an archive")
        let digest = RestoreState.digest([command])
        if let unfinished, !forget { try check(unfinished, digest) }
        let selection = try selection(of: await table.head().layout, session)
        guard target.yes else {
            try await replay(table, selection, session, name: "plan", digest: digest).plan()
            if let unfinished { session.console.say("it has begun at \(unfinished.startedAt) and is not finished") }
            session.console.say("nothing was sent; add --yes to send")
            return
        }
        try await send(table, selection, session, digest)
    }

    private func send(
        _ table: Table, _ selection: RestoreSelection, _ session: LakeSession, _ digest: String
    ) async throws {
        var random = SystemRandomNumberGenerator()
        let new = ReplayIntent(
            id: CommitID(using: &random), request: digest, command: command, startedAt: session.now,
            writer: .ofThisProcess())
        // What cannot be sent is said before it is announced; what was announced is finished whatever there is now.
        if try await ReplayIntent.read(table) == nil {
            let trial = try replay(table, selection, session, name: "plan", digest: digest)
            guard try await trial.check() else { return }
        }
        let intent = try await new.claim(table)
        try check(intent, digest)
        let report = try await replay(table, selection, session, name: "dlq-\(intent.id)", digest: digest).send()
        // Nothing of the table was asked for, so nothing was sent.
        guard let state = report.state else { return try await intent.release(table) }
        var done = selection
        done.times = state.times
        var marker = ReplayMarker(table: table, selection: done, writer: .ofThisProcess())
        if let level = session.tableSettings(table.name)?.compact.level { marker.level = level }
        let marked = try await marker.mark(state, replay: intent.id, using: &random)
        try await intent.release(table)
        session.console.say("\(table.name): \(marked) dead letters are marked as sent again")
    }

    private func replay(
        _ table: Table, _ selection: RestoreSelection, _ session: LakeSession, name: String, digest: String
    ) throws -> RestoreRun {
        var restorer = Restorer(
            table: table, selection: selection, clock: session.context.clock, request: digest)
        // A dead letter without a timestamp is one because of that.
        (restorer.limits, restorer.isLossy) = (target.limits, true)
        var destination = RestoreDestination(
            settings: try target.kafkaIfNeeded(session), topic: target.toTopic, partitions: target.partitions,
            name: name)
        (destination.isTransactional, destination.isLossy) = (!target.atLeastOnce, true)
        return RestoreRun(
            restorer: restorer, destination: destination, options: target, format: format, session: session,
            label: "\(self.table.table)")
    }

    private func selection(of layout: TableLayout?, _ session: LakeSession) throws -> RestoreSelection {
        var selection = try filter.selection(of: layout, now: session.now)
        selection.excludedTags = [DeadLetters.replayedTag]
        selection.holds = session.tableSettings(table.table)?.lifecycle.policy.holds ?? []
        return selection
    }

    /// What was asked for, without what only says how fast.
    private var command: String {
        var words = ["varve", "dlq", "replay", "\(table.table)"] + filter.words
        if let topic = target.toTopic { words += ["--to-topic", topic] }
        if target.partitions != .keep { words += ["--partitions", target.partitions.rawValue] }
        if target.atLeastOnce { words.append("--at-least-once") }
        if let file = target.toConfig { words += ["--to-config", file] }
        return words.joined(separator: " ")
    }

    private func check(_ unfinished: ReplayIntent, _ digest: String) throws(CommandFailure) {
        guard unfinished.request != digest else { return }
        throw CommandFailure(
            .temporaryFailure, "another replay is not finished", at: "\(table.table)",
            fix: "finish it with '\(unfinished.command) --yes', or give it up with --forget")
    }
}
