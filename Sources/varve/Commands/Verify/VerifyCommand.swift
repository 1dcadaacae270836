import ArgumentParser
import Catalog
import LakeModel
import Maintenance
import ObjectStorage

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Proves that a lake holds what its catalog says: every object, every event, once.",
        discussion: """
            Checks the log, that every live object is there with its size, that the counts of events add up, and that \
            no offsets overlap. --deep reads every byte: checksums, records, and every offset. Findings are listed one \
            on a line.


            """
                + ExitStatus.readerHelp(own: [
                    (.success, "nothing is wrong"), (.checkFailed, "there are findings"),
                ]))

    @OptionGroup var lake: LakeOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The table; by default all of them.")
    var table: TableAddress?

    @Flag(help: "Read every object.")
    var deep = false

    @Flag(help: "Compare with the brokers too: were events lost, how far behind is the lake.")
    var kafka = false

    @Option(help: ArgumentHelp("The brokers for --kafka, where no configuration names them.", valueName: "list"))
    var brokers: String?

    @Option(help: ArgumentHelp("Check only this certificate of 'varve erase' against the lake.", valueName: "file|url"))
    var erasure: PlanFile?

    @Option(
        help: ArgumentHelp(
            "Whose signature the certificate has to bear, 'ed25519-public:HEX'; by default that of "
                + "erasure.signing_key.",
            valueName: "key"))
    var signedBy: String?

    func validate() throws {
        try table?.checkIsWhole()
        if erasure != nil, table != nil || deep || kafka {
            throw ValidationError("--erasure goes without a table, --deep and --kafka: the certificate names its table")
        }
        if signedBy != nil, erasure == nil { throw ValidationError("--signed-by needs --erasure") }
    }

    func run() async throws {
        var lake = lake
        lake.brokers = brokers
        let session = try await lake.open()
        if let erasure { return try await check(erasure, session) }
        var rows: [FindingRow] = []
        for name in try await tables(session) {
            let report = try await verify(name, session)
            rows += report.findings.map { FindingRow(table: name, finding: $0) }
            if kafka { rows += try await compare(report, session).map { FindingRow(table: name, finding: $0) } }
            if report.findingsLeftOut > 0 {
                session.console.say("\(name): \(report.findingsLeftOut) more findings are left out")
            }
        }
        try session.console.ifRead { try Listing(rows).print(as: format.output, to: session.console) }
        if !rows.isEmpty { throw CommandFailure.checkFailed }
    }

    private func tables(_ session: LakeSession) async throws -> [TableName] {
        if let table { return [table.table] }
        let names = try await session.lake.tables()
        // What was to be proved is not there: a lost prefix, or a misspelled one.
        guard !names.isEmpty else {
            throw CommandFailure(
                .noInput, "no tables are there", at: session.store.location, fix: "check the lake's URL")
        }
        for table in session.settings.tables where !names.contains(where: { $0.description == table.name }) {
            session.console.say("the configuration has a table \(table.name), the lake has none")
        }
        return names
    }

    private func verify(_ name: TableName, _ session: LakeSession) async throws -> VerifyReport {
        let table = try await session.lake.openExisting(name)
        let progress = ProgressLine(session.console)
        defer { progress.clear() }
        let report = try await TableVerifier(table: table, depth: deep ? .everything : .listed).run { done, total in
            progress.show("\(name): \(done) of \(total) objects")
        }
        progress.clear()
        let verdict = report.findings.isEmpty ? "ok" : "\(report.findings.count + report.findingsLeftOut) findings"
        session.console.say(
            "\(name): version \(report.version), \(report.objects) objects, \(report.records) records, "
                + "\(humanBytes(report.bytes))\(deep ? ", all read" : ""): \(verdict)")
        return report
    }
}

extension VerifyCommand {
    private func check(_ file: PlanFile, _ session: LakeSession) async throws {
        let certificate = try ErasureCertificate.decode(try await file.read(session))
        let key = try givenKey ?? session.settings.erasure.key
        if key == nil { session.console.say(Self.signer(of: certificate)) }
        let name = try TableName.parse(certificate.table)
        let verifier = ErasureVerifier(table: try await session.lake.openExisting(name), certificate: certificate)
        let findings = try await verifier.findings(key: key ?? certificate.ownKey, now: session.now)
        try session.console.ifRead {
            try Listing(findings.map { FindingRow(table: name, finding: $0) }).print(
                as: format.output, to: session.console)
        }
        let verdict = findings.isEmpty ? "holds" : "\(findings.count) findings"
        session.console.say(
            "\(name): erasure \(certificate.request) of \(certificate.finishedAt), \(certificate.eventsErased) events: "
                + verdict)
        if let through = certificate.throughVersion {
            session.console.say(
                "it is about what the table had at version \(through): later commits brought matches again")
        }
        if session.now < certificate.olderCopiesGoneBy {
            session.console.say("older copies may be there until \(certificate.olderCopiesGoneBy); check again then")
        }
        if !findings.isEmpty { throw CommandFailure.checkFailed }
    }

    private var givenKey: CertificateKey? {
        get throws(CommandFailure) {
            guard let signedBy else { return nil }
            guard let key = CertificateKey(signedBy) else {
                throw CommandFailure(
                    .usage, "not a key", at: "option --signed-by", fix: "write ed25519-public: and 64 hex digits")
            }
            return key
        }
    }

    /// What is known of the signature where nobody has said whose it has to be.
    private static func signer(of certificate: ErasureCertificate) -> String {
        guard let signature = certificate.signature else { return "the certificate is not signed" }
        guard certificate.ownKey != nil, let key = signature.publicKey else {
            return "no key is known, so the signature is not checked; see --signed-by"
        }
        return "signed with ed25519-public:\(key), by the certificate's own word; say whose it has to be by --signed-by"
    }

    /// Compares the catalog's next offsets with the brokers'.
    private func compare(_ report: VerifyReport, _ session: LakeSession) async throws -> [VerifyFinding] {
        let settings = try session.settings.kafkaSettings(in: session.context)
        let questions = BrokerQuestions(settings: settings, logger: session.logger)
        let offsets = try await questions.offsets(ofTopics: Set(report.next.keys.map(\.topic)))
        let lag = KafkaComparison.lag(next: report.next, broker: offsets)
        // Nobody can tell them from events without reading on from there.
        let markers = lag > 0 ? "; markers that end transactions count too" : ""
        session.console.say("\(report.table): \(lag) events behind the brokers\(markers)")
        return KafkaComparison.findings(next: report.next, broker: offsets)
    }
}

struct FindingRow: Listable {
    var table: TableName
    var finding: VerifyFinding

    static let columns: [Column] = [.left("table"), .left("kind"), .left("place"), .left("finding")]

    var cells: [Cell] {
        [.text(table.description), .text(finding.kind.rawValue), .text(finding.place), .text(finding.detail)]
    }
}
