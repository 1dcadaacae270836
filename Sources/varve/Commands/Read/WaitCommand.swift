import ArgumentParser
import Catalog
import LakeModel
import ObjectStorage

struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Waits until an hour of a table is complete.",
        discussion: "An hour is complete once the log says so: no event that is not late can come any more.\n\n"
            + ExitStatus.readerHelp(own: [
                (.success, "the hour is complete"), (.temporaryFailure, "it was not within --timeout"),
            ]))

    @OptionGroup var lake: LakeOptions

    @Option(help: "The table.")
    var table: TableAddress

    @Option(help: ArgumentHelp("The hour: 2026-11-21/05, or a day: 2026-11-21.", valueName: "hour"))
    var hour: LakeHour

    @Option(help: ArgumentHelp("How long to wait, such as 30m (default: for ever).", valueName: "duration"))
    var timeout: DurationArgument?

    @Option(help: ArgumentHelp("How long to pause between looks.", valueName: "duration"))
    var every: DurationArgument = DurationArgument(milliseconds: 2000)

    func validate() throws { try table.checkIsWhole() }

    func run() async throws {
        let session = try await lake.open()
        let clock = session.context.clock
        let deadline = timeout.map { clock.elapsed() + $0.duration }
        let table = try await session.lake.open(table.table)
        var head = await table.head()
        if head.version == 0 {
            session.console.say("there is no table \(self.table) in \(session.store.location) yet: waiting for it")
        }
        while !head.isComplete(hour) {
            if let deadline, clock.elapsed() >= deadline {
                throw incomplete(head)
            }
            let pause = deadline.map { min(every.duration, $0 - clock.elapsed()) } ?? every.duration
            try await clock.sleep(for: max(pause, .milliseconds(10)))
            head = try await table.refresh()
        }
        session.console.say("\(self.table) \(hour) is complete")
    }

    private func incomplete(_ head: TableHead) -> CommandFailure {
        let fix =
            if head.version == 0 {
                "there is no such table yet; see 'varve tables'"
            } else if let closed = head.closedThrough {
                "it is complete through \(closed); wait longer"
            } else {
                "no hour of it is complete yet; wait longer"
            }
        return CommandFailure(.temporaryFailure, "the hour \(hour) is not complete", at: "table \(table)", fix: fix)
    }
}

/// A span of time on the command line: `30m`.
struct DurationArgument: Hashable, Sendable, ExpressibleByArgument {
    var milliseconds: Int

    init(milliseconds: Int) { self.milliseconds = milliseconds }

    init?(argument: String) {
        guard let milliseconds = parseMilliseconds(argument) else { return nil }
        self.milliseconds = milliseconds
    }

    var duration: Duration { .milliseconds(milliseconds) }
    var defaultValueDescription: String { exactDuration(milliseconds) }
}
