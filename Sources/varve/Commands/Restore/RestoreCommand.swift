import ArgumentParser
import Catalog
import Foundation
import LakeModel
import Maintenance
import ObjectStorage

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Sends events of a table back to a Kafka topic, byte for byte.",
        discussion: """
            Key, value, headers and timestamp are those that were produced, null is not empty, and each topic \
            partition keeps its order. Events are sent in transactions that keep the progress too: a restore that was \
            killed goes on where it stopped when the same command is given again, and every event is there exactly \
            once for readers of committed events. Without --yes it only says what it would do.

              varve restore orders --from 2026-11-21T05:00:00Z --to 2026-11-21T06:00:00Z --to-topic orders-again
              varve restore orders --where "user_id = 'u-17'" --to-topic inspect --partitions key --yes
              varve restore orders --topic orders --partition 3 --offsets 100..200 --rate 500 --yes

            Only what the table held when the restore began is sent. A writer that consumes the target's topic takes \
            the events into the lake again.


            """ + ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var filter: ObjectFilter
    @OptionGroup var target: RestoreOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The table, or a side table such as orders.late.")
    var table: TableAddress

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only events with \"field = 'value'\", as 'varve erase' takes it; or a field alone with --ids.",
            valueName: "condition"))
    var condition: String?

    @Option(help: ArgumentHelp("A file with one value on each line.", valueName: "file"))
    var ids: String?

    @Option(
        help: ArgumentHelp(
            "The restore's name, by which it is taken up again (default: made of the selection and the target).",
            valueName: "name"))
    var name: String?

    @Flag(help: "Begin again, whatever an earlier run of this name has sent.")
    var restart = false

    @Flag(help: "Send what would not be byte for byte: payload lines without key, headers and timestamp.")
    var lossy = false

    func validate() throws {
        if ids != nil, condition == nil { throw ValidationError("--ids needs --where") }
        if let name, !Self.isName(name) {
            throw ValidationError("--name has 1 to 100 letters, digits, '-', '_' and '.'")
        }
    }

    static func isName(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || $0 == 0x2E || $0 == 0x2D || $0 == 0x5F
            }
    }

    func run() async throws {
        var lake = lake
        lake.brokers = target.brokers
        let session = try await lake.open()
        let run = try await restoreRun(session)
        guard target.yes else {
            await run.sayWhatStops(try await run.plan())
            session.console.say("nothing was sent; add --yes to send")
            return
        }
        try await run.send()
    }

    private func restoreRun(_ session: LakeSession) async throws -> RestoreRun {
        var selection = RestoreSelection(
            side: table.side, topic: filter.topic, partition: filter.partition, offsets: filter.offsets?.range)
        let source = try await session.lake.openExisting(table.table)
        let query = filter.query(side: table.side, of: await source.head().layout, now: session.now)
        (selection.times, selection.hours, selection.shards) = (query.eventTime, query.hours, query.shards)
        if let condition {
            selection.request = try ErasureRequest(where: condition, ids: try FileOfValues.read(ids))
        }
        let digest = RestoreState.digest(try identity(session))
        var restorer = Restorer(
            table: source, selection: selection, clock: session.context.clock,
            request: digest)
        (restorer.limits, restorer.isLossy, restorer.restarts) = (target.limits, lossy, restart)
        var destination = RestoreDestination(
            settings: try target.kafkaIfNeeded(session), topic: target.toTopic, partitions: target.partitions,
            name: name ?? digest)
        (destination.isTransactional, destination.isLossy) = (!target.atLeastOnce, lossy)
        return RestoreRun(
            restorer: restorer, destination: destination, options: target, format: format, session: session,
            label: "\(table)")
    }

    /// What makes two command lines the same restore: all but the name, the rate and the output.
    private func identity(_ session: LakeSession) throws -> [String] {
        [
            session.store.location, "\(table)", filter.topic ?? "", "\(filter.partition.map(String.init) ?? "")",
            "\(filter.offsets?.range.description ?? "")", "\(filter.hour.map(String.init(describing:)) ?? "")",
            "\(filter.from.map(String.init(describing:)) ?? "")", "\(filter.to.map(String.init(describing:)) ?? "")",
            filter.shard.sorted().map(String.init).joined(separator: ","), condition ?? "",
            try FileOfValues.read(ids).joined(separator: "\n"), target.toTopic ?? "", target.partitions.rawValue,
            lossy ? "lossy" : "",
        ]
    }
}

/// A file with one value on each line.
enum FileOfValues {
    static func read(_ path: String?) throws(CommandFailure) -> [String] {
        guard let path else { return [] }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.noInput, "cannot be read", at: path, fix: "check the path and its permissions")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw CommandFailure(.noInput, "is no text in UTF-8", at: path, fix: "write one value on each line")
        }
        // psql and spreadsheets put white space around a value; values are exact, so it would match nothing.
        func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
        return text.split { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }.compactMap { line in
            guard let first = line.firstIndex(where: { !isSpace($0) }),
                let last = line.lastIndex(where: { !isSpace($0) })
            else { return nil }
            return String(line[first...last])
        }
    }
}
