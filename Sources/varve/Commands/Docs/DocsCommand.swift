import ArgumentParser

/// Prints the pages under docs/ that are made from the program itself; a test compares them with the files.
struct DocsCommand: AsyncParsableCommand {
    enum Page: String, ExpressibleByArgument, CaseIterable { case cli, configuration }

    static let configuration = CommandConfiguration(
        commandName: "docs", abstract: "Prints docs/cli.md or docs/configuration.md.", shouldDisplay: false)

    @Argument(help: "Which page: cli or configuration.")
    var page: Page

    func run() async throws {
        let text =
            switch page {
            case .cli: CommandPage.markdown
            case .configuration: ConfigurationPage.markdown
            }
        try CommandContext.current.console.write(text.utf8)
    }
}

/// docs/cli.md: what `--help` prints of every command.
enum CommandPage {
    private static let columns = 100

    static var markdown: String {
        """
        # Command line

        Made by `varve docs cli` from the program's own `--help`; a test keeps the two in step.

        Every command writes data to standard output and talk to standard error. What is wrong is said in one line,
        `varve: what: where: what to do`, and in the exit status: 0, 1 for a check that failed, else a code of
        `sysexits.h`. Secrets are taken from the configuration's `${NAME}` and `${file:/path}`, never from arguments.

        """ + sections(of: Varve.self, path: "varve").joined()
    }

    private static func sections(of command: any ParsableCommand.Type, path: String) -> [String] {
        guard command.configuration.shouldDisplay else { return [] }
        let help = Varve.helpMessage(for: command, columns: columns)
        let trimmed = help.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = line
            while line.last == " " { line.removeLast() }
            return line
        }
        var body = trimmed[...]
        while body.last?.isEmpty == true { body.removeLast() }
        let section = "\n## `\(path)`\n\n```\n" + body.joined(separator: "\n") + "\n```\n"
        return [section]
            + command.configuration.subcommands.flatMap { child in
                sections(of: child, path: path + " " + (child.configuration.commandName ?? ""))
            }
    }
}

/// docs/configuration.md: every key with its values, default and reason.
enum ConfigurationPage {
    static var markdown: String {
        var text = introduction
        appendTable(SettingsGrammar.root, to: &text)
        appendGroups(SettingsGrammar.root, path: "", to: &text)
        return text
    }

    private static func appendGroups(_ keys: [SettingKey], path: String, to text: inout String) {
        for key in keys {
            switch key.shape {
            case .record(let inner):
                appendGroup(key, inner, path: path + key.name, to: &text)
            case .list(.record(let inner), _):
                appendGroup(key, inner, path: path + key.name + "[]", to: &text)
            default:
                continue
            }
        }
    }

    private static func appendGroup(_ key: SettingKey, _ inner: [SettingKey], path: String, to text: inout String) {
        text += "\n## `\(path)`\n\n\(key.about)\n\n"
        appendTable(inner, to: &text)
        appendGroups(inner, path: path + ".", to: &text)
    }

    private static func appendTable(_ keys: [SettingKey], to text: inout String) {
        text += "| key | values | default | what and why |\n| --- | --- | --- | --- |\n"
        for key in keys {
            let fallback = key.fallback.map { "`\($0)`" } ?? (key.isRequired ? "required" : "")
            let cells = ["`\(key.name)`", values(of: key), fallback, key.about + (key.isSecret ? " A secret." : "")]
            text += "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
        }
    }

    private static func values(of key: SettingKey) -> String {
        switch key.shape {
        case .choice(let names): names.map { "`\($0)`" }.joined(separator: ", ")
        case .list(.record, _): "a list, see below"
        case .record: "see below"
        case .list(let element, _): "a list, each \(element.expectation)"
        default: key.shape.expectation
        }
    }

    private static let introduction = """
        # Configuration

        Made by `varve docs configuration` from the program's own descriptions; a test keeps the two in step.
        `varve config check` tells what is wrong in a file, `varve config print` shows what varve understood, and
        `varve config schema` prints a JSON Schema for editors ([schemas/config.v1.json](../schemas/config.v1.json)).

        ```yaml
        lake: s3://events/lake                 # or file:///var/lib/varve/lake
        s3: { endpoint: "http://127.0.0.1:9000", region: us-east-1, addressing: path }
        kafka:
          brokers: 127.0.0.1:9092
          group: varve
          properties: { security.protocol: SASL_SSL, sasl.password: "${file:/run/secrets/kafka}" }
        memory: 512MiB
        commit: { every: 10s }
        tables:
          - name: orders
            topics: [orders]
            partition: { time: "field:/created_at", unit: iso8601, shards: 4, shard_by: key }
            rotate: { bytes: 128MiB, age: 5m }
            late: { after: 1h, policy: separate }
        ```

        - **Sizes** are `512MiB` (1024) or `128MB` (1000) or bytes; **times** are `250ms`, `10s`, `5m`, `1h`, `7d`.
        - **Secrets**: `${NAME}` inside a value stands for an environment variable, `${file:/path}` for a file's text;
          `$${` is a plain `${`. What comes from there, and every key that is marked a secret, is shown as `***`.
          Texts of fewer than four bytes are not searched for in logs and errors, as they would mask ordinary words.
          Secrets that stand in a file which everyone can read are answered with a warning.
        - **Environment**: every key can be overridden by a variable: `VARVE_KAFKA_BROKERS`, `VARVE_MEMORY`,
          `VARVE_TABLES_0_ROTATE_AGE`. Lists take commas (`VARVE_TABLES_0_TOPICS=a,b`) or an index
          (`VARVE_TABLES_0_TOPICS_0`); in `kafka.properties` an underscore stands for a dot
          (`VARVE_KAFKA_PROPERTIES_SECURITY_PROTOCOL`). `VARVE_CONFIG` names the file itself.
        - **Order**: the command line wins over the environment, the environment over the file, the file over defaults.
        - An unknown key, a wrong type or a value out of its range is refused with its line; nothing is guessed.


        """
}
