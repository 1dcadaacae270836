import Catalog
import Foundation
import Glibc
import Ingest
import Kafka
import LakeModel
import Logging
import Maintenance
import ObjectStorage
import Operations
import WebConsole

/// One run of the writer: wires source, ingest, catalog and server together.
struct RunSession {
    var loaded: LoadedSettings
    var once: Bool
    var context: CommandContext

    private let failpoints: Failpoints?

    init(loaded: LoadedSettings, once: Bool, context: CommandContext = .current) {
        (self.loaded, self.once, self.context) = (loaded, once, context)
        failpoints = Failpoints(context.environment)
    }

    private var settings: Settings { loaded.settings }

    func run() async throws {
        let logging = RunLogging(loaded, clock: context.clock)
        let control = IngestControl()
        // Before the store: what it counts goes to the factory that is there when it is made.
        let registry = RunMetrics.registry(control: control, clock: context.clock)
        let store = try await openStore()
        let tables = try await openTables(in: store, logging: logging)
        let tracing = RunTracing(settings, clock: context.clock, logging: logging)
        if let exporter = tracing?.exporter { registry.addCollector { exporter.families() } }
        let export = tracing.map { tracing in Task { await tracing.exporter.run() } }
        let server = try await serve(registry, store, control, logging)
        let signals = StopSignals { control.stop() }
        defer { signals.cancel() }
        logging.logger("varve.run").info(
            "running",
            metadata: [
                "lake": "\(store.location)", "tables": "\(tables.count)", "pid": "\(getpid())",
                "listen": "\(server?.address ?? "off")",
            ])
        let outcome: IngestOutcome
        let absent: [TopicCensus.Absent]
        do {
            let census = TopicCensus(settings.tables, clock: context.clock, logger: logging.logger("varve.run"))
            absent = once ? try await askAbsent(census, control, logging) : []
            // Where nothing is there, there is nothing to wait for.
            outcome =
                absent.isEmpty || absent.count < census.wanted.count
                ? try await ingest(tables, store, control, logging, tracing) : .finished
        } catch {
            await finish(tracing, export)
            await server?.stop()
            throw error
        }
        await finish(tracing, export)
        await server?.stop()
        try report(outcome, control.status, logging.logger("varve.run"))
        if let failure = TopicCensus.failure(absent) { throw failure }
    }

    private func askAbsent(_ census: TopicCensus, _ control: IngestControl, _ logging: RunLogging) async throws
        -> [TopicCensus.Absent]
    {
        let questions = BrokerQuestions(
            settings: try settings.kafkaSettings(in: context), logger: logging.logger("varve.kafka"))
        let absent = try await census.absent(isStopped: { control.isStopRequested }) {
            try await questions.metadata().topics.filter { $0.error?.code != .unknownTopic }.map(\.name)
        }
        census.sayUnmatched(absent)
        return absent
    }

    /// Sends the last spans, within the few seconds that a request to the collector may take.
    private func finish(_ tracing: RunTracing?, _ export: Task<Void, Never>?) async {
        export?.cancel()
        await export?.value
        await tracing?.exporter.flush()
    }

    /// The server, where the configuration wants one.
    private func serve(
        _ registry: PrometheusRegistry, _ store: any ObjectStore, _ control: IngestControl, _ logging: RunLogging
    ) async throws -> RunServer? {
        guard let listen = settings.server.listen else { return nil }
        var pages: WebPages?
        if settings.server.servesConsole {
            var options = ConsoleOptions()
            // The writer comes first.
            options.pauseFactor = 3
            pages = RunConsole.pages(
                settings.server, store: store, clock: context.clock, logger: logging.logger("varve.console"),
                options: options, writer: { RunConsole.view(control.status) })
        }
        return try await RunServer.start(
            listen, registry,
            readiness: { [clock = context.clock] in
                RunServer.readiness(control.status, now: clock.elapsed())
            }, pages: pages, logging: logging)
    }

    /// Runs the loop on a thread of its own, the consumer with it.
    private func ingest(
        _ tables: [(TableSettings, Table)], _ store: any ObjectStore, _ control: IngestControl, _ logging: RunLogging,
        _ tracing: RunTracing?
    ) async throws -> IngestOutcome {
        let kafka = try settings.kafkaSettings(in: context)
        let ingest = settings.ingestSettings(once: once, cores: ProcessInfo.processInfo.activeProcessorCount)
        let topics = settings.tables.flatMap { $0.topics.map(\.subscription) }
        let (clock, failpoints) = (context.clock, failpoints)
        return try await onOwnThread(named: "ingest") {
            let consumer = try KafkaConsumer(kafka, logger: logging.logger("varve.kafka"))
            try consumer.subscribe(topics)
            let loop = try IngestLoop(
                settings: ingest, tables: tables, source: KafkaEventSource(consumer, failpoints: failpoints),
                store: store, writer: .ofThisProcess(), clock: clock,
                random: SystemRandomNumberGenerator(), logger: logging.logger("varve.ingest"), control: control,
                tracer: tracing)
            return try loop.run()
        }
    }

    private func openStore() async throws -> any ObjectStore {
        let metered = MeteredStore(
            try await StoreOpening.openKeepingVersions(settings, in: context), clock: context.clock)
        let store: any ObjectStore = failpoints.map { FailpointStore(metered, $0) } ?? metered
        guard case .s3 = settings.lake else { return store }
        // A directory obeys by construction; a server has to show it (design: a conforming store or no start).
        var random = SystemRandomNumberGenerator()
        let probe = StoreProbe(store: store, clock: context.clock, id: CommitID(using: &random))
        let report = await probe.run(onlyRequired: true)
        guard report.supportsExactlyOnce else {
            if let failure = report.failure { throw failure }
            throw CommandFailure(.configuration, report.verdict, at: store.location, fix: "see 'varve doctor'")
        }
        return store
    }

    private func openTables(in store: any ObjectStore, logging: RunLogging) async throws -> [(TableSettings, Table)] {
        var tables: [(TableSettings, Table)] = []
        var options = CatalogOptions()
        options.checkpointEvery = Int64(settings.commit.checkpointEvery)
        for table in settings.tables {
            let name = try TableName.parse(table.name)
            let log = try await Table.open(
                name, in: store, options: options, clock: context.clock, logger: logging.logger("varve.catalog"))
            try await log.refuseArchive("what Kafka still has would come twice")
            tables.append((try table.ingestSettings(), log))
        }
        return tables
    }

    private func report(_ outcome: IngestOutcome, _ status: IngestStatus, _ logger: Logger) throws {
        let committed = status.tables.reduce(0) { $0 + $1.counters.eventsCommitted }
        let objects = status.tables.reduce(0) { $0 + $1.counters.objectsCommitted }
        logger.info("stopped", metadata: ["events_committed": "\(committed)", "objects": "\(objects)"])
        switch outcome {
        case .finished: return
        case .stoppedEarly:
            throw CommandFailure(
                .temporaryFailure, "stopped before everything was drained; \(committed) events are committed",
                at: "run --once", fix: "run it again for the rest")
        case .timedOut(let events):
            throw CommandFailure(
                .temporaryFailure, "stopped with \(events) events not committed", at: "shutdown.timeout",
                fix: "nothing is lost, the next run reads them again; see the log for what held the store up")
        }
    }
}

extension WriterIdentity {
    /// Unique for this start of this process.
    static func ofThisProcess() -> WriterIdentity {
        var random = SystemRandomNumberGenerator()
        let host = ProcessInfo.processInfo.hostName
        return WriterIdentity(id: hex(random.next()), host: host, program: "varve \(Varve.version)")
    }
}
