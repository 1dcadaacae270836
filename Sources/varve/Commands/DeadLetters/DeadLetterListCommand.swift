import ArgumentParser
import Catalog
import Formats
import LakeModel
import Maintenance

struct DeadLetterListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "Counts dead letters by reason and topic, or lists them.",
        discussion: """
              varve dlq ls orders
              varve dlq ls orders --by-hour --from -1d
              varve dlq ls orders --each --reason not_json --limit 20


            """ + ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var filter: DeadLetterFilter
    @OptionGroup var format: OutputOptions

    @Argument(help: "The table.")
    var table: TableAddress

    @Flag(help: "Count each hour apart, by Kafka's timestamp in UTC.")
    var byHour = false

    @Flag(help: "List each event instead of counting.")
    var each = false

    @Option(help: ArgumentHelp("With --each: at most this many events (default: 100).", valueName: "number"))
    var limit: Int?

    @Flag(help: "Leave out what was sent again.")
    var outstanding = false

    func validate() throws {
        if each, byHour { throw ValidationError("--each and --by-hour exclude each other") }
        if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
        if limit != nil, !each { throw ValidationError("--limit needs --each: counts are never cut off") }
    }

    func run() async throws {
        let session = try await lake.open()
        let source = try await session.lake.openExisting(table.table)
        var selection = try filter.selection(of: await source.head().layout, now: session.now)
        if outstanding { selection.excludedTags = [DeadLetters.replayedTag] }
        let letters = DeadLetters(table: source, selection: selection)
        let progress = ProgressLine(session.console)
        defer { progress.clear() }
        if each { return try await list(letters, session) }
        var tally = DeadLetterTally(byHour: byHour)
        var seen: Int64 = 0
        try await letters.forEach { letter in
            try tally.add(letter)
            seen += 1
            if seen % 4096 == 0 { progress.show("\(table.table): \(seen) dead letters") }
            return true
        }
        progress.clear()
        let counts = tally.sorted
        try Listing(counts.map(DeadLetterCountRow.init)).print(as: format.output, to: session.console)
        let replayed = counts.reduce(0) { $0 + $1.replayed }
        session.console.say("\(table.table): \(seen) dead letters, \(replayed) of them sent again")
    }

    private func list(_ letters: DeadLetters, _ session: LakeSession) async throws {
        var rows: [DeadLetterRow] = []
        var isCut = false
        try await letters.forEach { letter in
            guard rows.count < limit ?? 100 else {
                isCut = true
                return false
            }
            rows.append(DeadLetterRow(letter: letter))
            return true
        }
        try Listing(rows).print(as: format.output, to: session.console)
        if isCut { session.console.say("there are more; see --limit") }
    }
}

struct DeadLetterCountRow: Listable {
    var count: DeadLetterCount

    static let columns: [Column] = [
        .left("reason"), .left("topic"), .left("hour"), .right("events"), .right("replayed"), .right("bytes"),
        .left("first"), .left("last"), .left("example"),
    ]

    var cells: [Cell] {
        [
            .text(count.reason), .text(count.topic), .optional(count.hour?.description), .integer(count.events),
            .integer(count.replayed), .bytes(count.bytes), .optional(count.first), .optional(count.last),
            .text(count.example),
        ]
    }
}

struct DeadLetterRow: Listable {
    var letter: DeadLetter

    static let columns: [Column] = [
        .left("event"), .left("timestamp"), .left("reason"), .right("key_bytes"), .right("value_bytes"),
        .left("replayed"), .left("detail"), .detail("path"),
    ]

    var cells: [Cell] {
        let event = letter.event
        return [
            .text("\(event.topicPartition)/\(event.offset)"), .optional(event.timestamp),
            .text(event.reason ?? ""), .optional(event.key.map { Int64($0.count) }),
            .optional(event.value.map { Int64($0.count) }), .boolean(letter.isReplayed), .text(event.detail ?? ""),
            .text(letter.path),
        ]
    }
}
