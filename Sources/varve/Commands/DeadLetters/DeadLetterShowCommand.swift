import ArgumentParser
import Catalog
import Formats
import LakeModel
import Maintenance

struct DeadLetterShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Prints one dead letter with its reason, safely for a terminal.",
        discussion: """
            Bytes that are not plain text are shown as \\x and two digits, so that no payload can move the cursor or \
            worse. --raw writes the payload as it is.

              varve dlq show orders orders/3/1042


            """ + ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The table.")
    var table: TableAddress

    @Argument(help: "Which event: TOPIC/PARTITION/OFFSET, as 'varve dlq ls' prints it.")
    var event: EventAddress

    @Flag(help: "Write the payload to standard output as it is, and nothing else.")
    var raw = false

    @Option(help: ArgumentHelp("At most this much of key, payload and each header is shown.", valueName: "size"))
    var bytes = SizeArgument(bytes: 4096)

    func run() async throws {
        let session = try await lake.open()
        var selection = RestoreSelection(
            side: .deadLetter, topic: event.source.topic, partition: event.source.partition)
        selection.offsets = event.offset..<(event.offset + 1)
        let letters = DeadLetters(table: try await session.lake.openExisting(table.table), selection: selection)
        var found: DeadLetter?
        try await letters.forEach { letter in
            found = letter
            return false
        }
        guard let found else {
            throw CommandFailure(
                .noInput, "no such dead letter", at: "\(table.table) \(event)", fix: "see 'varve dlq ls --each'")
        }
        guard !raw else { return try session.console.write(found.event.value ?? []) }
        switch format.output {
        case .json: try session.console.print(DeadLetterField.json(of: found, bytesMax: bytes.bytes).pretty)
        case .table, .csv:
            try Listing(DeadLetterField.fields(of: found, bytesMax: bytes.bytes)).print(
                as: format.output, to: session.console)
        }
    }
}

/// `orders/3/1042`: one event of a topic.
struct EventAddress: Hashable, Sendable, ExpressibleByArgument, CustomStringConvertible {
    var source: TopicPartition
    var offset: Int64

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let partition = Int32(parts[1]), partition >= 0,
            let offset = Int64(parts[2]), offset >= 0, offset < .max
        else { return nil }
        source = TopicPartition(topic: String(parts[0]), partition: partition)
        self.offset = offset
    }

    var description: String { "\(source)/\(offset)" }
}

/// One line of what `varve dlq show` prints.
struct DeadLetterField: Listable {
    var name: String
    var value: Cell

    static let columns: [Column] = [.left("field"), .left("value")]

    var cells: [Cell] { [.text(name), value] }

    static func fields(of letter: DeadLetter, bytesMax: Int) -> [DeadLetterField] {
        place(of: letter)
            + letter.event.headers.map { header in
                DeadLetterField(
                    name: "header \(printable(header.name, bytesMax: 200))", value: text(header.value, bytesMax))
            } + payload(of: letter, bytesMax)
    }

    /// One object, with its headers as they came: in their order, names twice where they came twice.
    static func json(of letter: DeadLetter, bytesMax: Int) -> JSONText {
        func members(_ fields: [DeadLetterField]) -> [JSONText.Member] {
            fields.map { JSONText.Member(name: $0.name, value: $0.value.json) }
        }
        let headers = letter.event.headers.map { header in
            JSONText.object([
                "name": .string(printable(header.name, bytesMax: 200)), "value": text(header.value, bytesMax).json,
            ])
        }
        return .object(
            members(place(of: letter)) + [JSONText.Member(name: "headers", value: .array(headers))]
                + members(payload(of: letter, bytesMax)))
    }

    private static func text(_ bytes: [UInt8]?, _ bytesMax: Int) -> Cell {
        bytes.map { .text(printable($0, bytesMax: bytesMax)) } ?? .none
    }

    private static func place(of letter: DeadLetter) -> [DeadLetterField] {
        let event = letter.event
        return [
            DeadLetterField(name: "event", value: .text("\(event.topicPartition)/\(event.offset)")),
            DeadLetterField(name: "timestamp", value: .optional(event.timestamp)),
            DeadLetterField(name: "reason", value: .optional(event.reason)),
            DeadLetterField(name: "detail", value: .optional(event.detail)),
            DeadLetterField(name: "replayed", value: .boolean(letter.isReplayed)),
            DeadLetterField(name: "path", value: .text(letter.path)),
        ]
    }

    private static func payload(of letter: DeadLetter, _ bytesMax: Int) -> [DeadLetterField] {
        let event = letter.event
        return [
            DeadLetterField(name: "key", value: text(event.key, bytesMax)),
            DeadLetterField(name: "value_bytes", value: .optional(event.value.map { Int64($0.count) })),
            DeadLetterField(name: "value", value: text(event.value, bytesMax)),
        ]
    }
}

/// Bytes as text that does nothing to a terminal: printable ASCII and well-formed letters of other alphabets stay,
/// anything else is written as `\x` and two digits.
func printable(_ bytes: [UInt8], bytesMax: Int) -> String {
    var text = ""
    var left = bytes.prefix(max(0, bytesMax))[...]
    while let first = left.first {
        if (0x20..<0x7F).contains(first), first != UInt8(ascii: "\\") {
            text.unicodeScalars.append(Unicode.Scalar(first))
            left = left.dropFirst()
        } else if let scalar = harmlessScalar(left) {
            text.unicodeScalars.append(scalar)
            left = left.dropFirst(String(scalar).utf8.count)
        } else {
            let digits = String(first, radix: 16)
            text += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            left = left.dropFirst()
        }
    }
    return bytes.count > max(0, bytesMax) ? text + "… (\(bytes.count) bytes)" : text
}

/// A letter, digit, mark or sign outside of ASCII; no control or format character, such as those that change the
/// direction of writing.
private func harmlessScalar(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
    guard let first = bytes.first, first >= 0xC2 else { return nil }
    let count = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard bytes.count >= count, let text = String(validating: bytes.prefix(count), as: UTF8.self),
        let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1
    else { return nil }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
        .nonspacingMark, .enclosingMark:
        return nil
    default: return scalar
    }
}
