import ArgumentParser

/// How the values of options are written, by the placeholder that stands for them in help texts.
enum ArgumentForms {
    private static let forms = [
        "event": "TOPIC/PARTITION/OFFSET, such as orders/3/1042",
        "duration": "a number with its unit, such as 90s, 36h or 7d",
        "hour": "a date and an hour, such as 2026-11-21/05",
        "number": "a whole number",
        "range": "offsets such as 100..200 (without 200), 100.. or ..200",
        "size": "a number with its unit, such as 512MiB",
        "table": "the name of a table, such as orders, or of a side table, such as orders.dead_letter",
        "time": "RFC 3339 or a date, such as 2026-11-21T05:00Z, or back from now, such as -36h",
        "trace": "a trace's 32 hex digits, or a whole traceparent",
        "version": "a whole number",
        "version|time": "a version's number, RFC 3339, a date, or back from now, such as -1d",
    ]

    /// Writes `--from -1h` as `--from=-1h`: after any mistake the parser takes the `h` for a request for help.
    static func joiningSpans(_ arguments: [String]) -> [String] {
        var joined: [String] = []
        for (index, argument) in arguments.enumerated() {
            let isSpan = argument.hasPrefix("-") && argument.dropFirst().first?.isNumber == true
            if isSpan, let option = joined.last, option.hasPrefix("--"), option != "--", !option.contains("=") {
                joined[joined.count - 1] = "\(option)=\(argument)"
            } else {
                joined.append(argument)
            }
            if argument == "--" { return joined + arguments[(index + 1)...] }
        }
        return joined
    }

    /// Refuses `varve help nope`, for which the parser prints the overview.
    static func refuseHelpForNothing(_ arguments: [String]) throws {
        guard arguments.first == "help" else { return }
        var commands = Varve.configuration.subcommands
        for name in arguments.dropFirst() where !name.hasPrefix("-") {
            let names = commands.map { $0.configuration.commandName ?? "" }
            guard let index = names.firstIndex(of: name) else {
                let near = Suggestion.nearest(to: name, among: names).map { "did you mean '\($0)'?" }
                throw CommandFailure(
                    .usage, "unknown command '\(name)'", at: "command line", fix: near ?? "see 'varve help'")
            }
            commands = commands[index].configuration.subcommands
        }
    }

    /// What to write instead, where the parser refused a value: its message ends with `'--option <placeholder>'`.
    static func remedy(for message: String) -> String? {
        let unexpected = message.prefix(while: { $0 != "'" }).lowercased() == "unexpected argument "
        if unexpected, let word = message.split(separator: "'").dropFirst().first {
            let names = Varve.configuration.subcommands.map { $0.configuration.commandName ?? "" }
            return Suggestion.nearest(to: String(word), among: names).map { "did you mean '\($0)'?" }
        }
        guard message.contains(" is invalid for "), let open = message.lastIndex(of: "<"),
            let close = message[open...].firstIndex(of: ">")
        else { return nil }
        return forms[String(message[message.index(after: open)..<close])].map { "write \($0)" }
    }
}
