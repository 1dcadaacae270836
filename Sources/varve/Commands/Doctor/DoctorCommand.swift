import ArgumentParser
import LakeModel
import Logging

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Finds out whether store, brokers and configuration can keep varve's promises.",
        discussion: """
            Tries the store with some forty small requests under _varve/probe/ in the lake, and removes what it wrote. \
            Brokers are asked where some are configured. Nothing is read from topics and no group is joined.


            """
                + ExitStatus.help(
                    own: [(.success, "nothing failed"), (.checkFailed, "something failed")], .noInput, .configuration))

    @OptionGroup var options: IngestOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let context = CommandContext.current
        let loaded = try options.load(in: context, for: .lake)
        let mask = SecretMask(loaded.secrets)
        let logger = Logger(label: "varve.doctor") { _ in QuietLogHandler() }
        let progress = ProgressLine(context.console)
        defer { progress.clear() }
        var findings = DoctorReport.configuration(loaded.settings)
        progress.show("asking the store")
        findings += await StoreExamination(settings: loaded.settings, context: context).findings()
        if loaded.settings.kafka.brokers != nil {
            progress.show("asking the brokers")
            findings += await BrokerExamination(
                settings: loaded.settings, logger: logger, context: CommandContext.current
            ).findings()
        }
        progress.clear()
        findings = findings.map { $0.masked(by: mask) }
        try Listing(findings).print(as: format.output, to: context.console)
        let failed = findings.count { $0.outcome == .failed }
        context.console.say(failed == 0 ? "nothing failed" : "\(failed) of \(findings.count) checks failed")
        if failed > 0 { throw CommandFailure.checkFailed }
    }
}

/// One line of the doctor's report.
struct DoctorFinding: Hashable, Sendable, Listable {
    enum Area: String, Sendable { case config, store, kafka }

    enum Outcome: String, Sendable {
        case ok, failed
        /// It works, but look at it.
        case warning
        /// Not there, and not needed; or left out after an earlier failure.
        case absent
    }

    var area: Area
    var check: String
    var outcome: Outcome
    var detail: String

    static let columns: [Column] = [.left("area"), .left("check"), .left("outcome"), .left("detail")]

    var cells: [Cell] { [.text(area.rawValue), .text(check), .text(outcome.rawValue), .text(detail)] }

    func masked(by mask: SecretMask) -> DoctorFinding {
        DoctorFinding(area: area, check: check, outcome: outcome, detail: mask.masked(detail))
    }
}

enum DoctorReport {
    /// The verdict of `varve check` in short: its warnings, or that there are none.
    static func configuration(_ settings: Settings) -> [DoctorFinding] {
        guard !settings.tables.isEmpty else {
            return [DoctorFinding(area: .config, check: "guarantee", outcome: .absent, detail: "no tables are given")]
        }
        let warnings = Guarantee.findings(for: settings).filter { $0.level == .warning }
        guard !warnings.isEmpty else {
            return [DoctorFinding(area: .config, check: "guarantee", outcome: .ok, detail: "exactly once")]
        }
        return warnings.map { finding in
            let check = finding.table.map { "\($0) \(finding.key)" } ?? finding.key
            return DoctorFinding(area: .config, check: check, outcome: .warning, detail: finding.finding)
        }
    }
}

/// Swallows what libraries log: the report itself says what is wrong.
private struct QuietLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.critical

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {}
}
