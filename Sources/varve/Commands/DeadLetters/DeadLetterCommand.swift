import ArgumentParser
import Catalog
import Formats
import LakeModel
import Maintenance

struct DeadLetterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlq",
        abstract: "Dead letters: what could not be placed, why, and how to send it again.",
        discussion: "See docs/runbooks/dead-letters.md for what to do when some appear.",
        subcommands: [
            DeadLetterListCommand.self, DeadLetterShowCommand.self, DeadLetterReplayCommand.self,
        ])
}

/// Which dead letters.
struct DeadLetterFilter: ParsableArguments {
    @OptionGroup var objects: ObjectFilter

    @Option(help: ArgumentHelp("Only events with this reason; repeat for more.", valueName: "reason"))
    var reason: [String] = []

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Only events with \"field = 'value'\", as 'varve erase' takes it.", valueName: "condition"))
    var condition: String?

    func validate() throws {
        let reasons = RejectReason.allCases.map(\.rawValue)
        if let unknown = reason.first(where: { !reasons.contains($0) }) {
            throw ValidationError(
                "'\(unknown.prefix(40))' is no reason of a dead letter; they are \(reasons.joined(separator: ", "))")
        }
    }

    func selection(of layout: TableLayout?, now: Timestamp) throws -> RestoreSelection {
        var selection = RestoreSelection(
            side: .deadLetter, topic: objects.topic, partition: objects.partition, offsets: objects.offsets?.range)
        let query = objects.query(side: .deadLetter, of: layout, now: now)
        (selection.times, selection.hours, selection.shards) = (query.eventTime, query.hours, query.shards)
        selection.reasons = Set(reason)
        if let condition { selection.request = try ErasureRequest(where: condition) }
        return selection
    }

    /// The selection as a command line says it.
    var words: [String] {
        var words: [String] = []
        if let topic = objects.topic { words += ["--topic", topic] }
        if let partition = objects.partition { words += ["--partition", "\(partition)"] }
        if let offsets = objects.offsets { words += ["--offsets", offsets.text] }
        if let hour = objects.hour { words += ["--hour", "\(hour)"] }
        if let from = objects.from { words += ["--from", from.text] }
        if let to = objects.to { words += ["--to", to.text] }
        for shard in objects.shard.sorted() { words += ["--shard", "\(shard)"] }
        for reason in reason.sorted() { words += ["--reason", reason] }
        if let condition { words += ["--where", "\"\(condition.replacing("\"", with: "\\\""))\""] }
        return words
    }
}

extension OffsetsArgument {
    /// As the command line says it.
    var text: String {
        (range.lowerBound == 0 ? "" : "\(range.lowerBound)") + ".."
            + (range.upperBound == .max ? "" : "\(range.upperBound)")
    }
}

extension TimeArgument {
    /// As the command line says it.
    var text: String {
        switch self {
        case .absolute(let time): time.description
        case .before(let milliseconds): milliseconds == 0 ? "now" : "-\(milliseconds)ms"
        }
    }
}
