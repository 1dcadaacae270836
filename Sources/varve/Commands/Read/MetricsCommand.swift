import ArgumentParser
import Catalog
import LakeModel
import Operations
import Synchronization

struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Prints what the catalog says of a lake as Prometheus metrics.",
        discussion: """
            A running writer's own metrics are at its /metrics. These tell of the lake as a whole: what is live, what \
            compaction would merge, and with --dead what vacuum would delete. Without --listen they are printed once, \
            for a textfile collector; with it they are served, and read anew --every so often.


            """ + ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions

    @Argument(help: "The tables; by default all of them.")
    var tables: [TableAddress] = []

    @Flag(help: "Count dead objects too, by listing the store: one request for a thousand objects.")
    var dead = false

    @Option(help: ArgumentHelp("Serve /metrics here, such as 127.0.0.1:9465.", valueName: "address:port"))
    var listen: ListenAddress?

    @Option(help: ArgumentHelp("With --listen, how long to pause between readings.", valueName: "duration"))
    var every: DurationArgument = DurationArgument(milliseconds: 300_000)

    func validate() throws {
        for table in tables { try table.checkIsWhole() }
        if every.milliseconds < 1000 { throw ValidationError("--every is at least 1s") }
    }

    func run() async throws {
        let session = try await lake.open()
        let reader = LakeMetricsReader(session: session, tables: tables, countsDead: dead)
        guard let listen else {
            let families = try await reader.read()
            let registry = PrometheusRegistry()
            registry.addCollector { families }
            return try session.console.write(Array((await registry.render()).utf8))
        }
        try await serve(reader, at: listen)
    }

    private func serve(_ reader: LakeMetricsReader, at listen: ListenAddress) async throws {
        let session = reader.session
        // The first reading tells whether the lake can be read at all.
        let state = LakeMetricsState(try await reader.read(), at: session.now)
        // Its own counters (requests to the store) were made when the store was opened, before this registry.
        let registry = PrometheusRegistry()
        registry.addCollector { state.families }
        registry.addCollector { ProcessMetrics.collect() + [RunMetrics.build] }
        let server = OperationsServer(
            host: listen.host, port: listen.port, registry: registry, readiness: { state.health },
            logger: session.logger
        ) { port in
            session.console.say("listening on \(listen.host):\(port)")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask {
                while true {
                    try await session.context.clock.sleep(for: every.duration)
                    do {
                        state.set(try await reader.read(), at: session.now)
                    } catch {
                        for problem in CommandFailure(error).problems {
                            state.fail(problem.description)
                            session.console.say(problem.description)
                        }
                    }
                }
            }
            do {
                // Whichever ends first, ends it: the server does where its address cannot be had.
                _ = try await group.next()
                group.cancelAll()
            } catch let error as OperationsServer.ListenError {
                throw CommandFailure(.unavailable, error.description, at: "--listen", fix: "")
            }
        }
    }
}

extension ListenAddress: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}

/// The newest reading, and whether the last try to read worked.
private final class LakeMetricsState: Sendable {
    private struct State {
        var families: [MetricFamily]
        var at: Timestamp
        var failures = 0
        var problem: String?
    }

    private let state: Mutex<State>

    init(_ families: [MetricFamily], at time: Timestamp) {
        state = Mutex(State(families: families, at: time))
    }

    func set(_ families: [MetricFamily], at time: Timestamp) {
        state.withLock { ($0.families, $0.at, $0.problem) = (families, time, nil) }
    }

    func fail(_ problem: String) {
        state.withLock {
            $0.failures += 1
            $0.problem = problem
        }
    }

    var families: [MetricFamily] {
        let (known, at, failures) = state.withLock { ($0.families, $0.at, $0.failures) }
        return known + [
            MetricFamily(
                "varve_lake_read_time_seconds", .gauge, help: "When the lake was last read, since 1970.",
                samples: [.init(Double(at.milliseconds) / 1000)]),
            MetricFamily(
                "varve_lake_read_failures_total", .counter, help: "Readings of the lake that failed.",
                samples: [.init(Double(failures))]),
        ]
    }

    var health: HealthReport {
        let problem = state.withLock { $0.problem }
        return HealthReport([.init("lake", isOK: problem == nil, detail: problem ?? "was read")])
    }
}
