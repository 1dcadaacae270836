import Ingest
import Operations

/// The HTTP server of a running process: health, readiness, metrics, and the console where it is on.
struct RunServer {
    private let task: Task<Void, any Error>
    let address: String

    /// Starts listening in the background. An address that cannot be had ends the start-up.
    ///
    /// - Parameter setting: which setting or option named the address, for the error.
    static func start(
        _ listen: ListenAddress, _ registry: PrometheusRegistry, readiness: @escaping OperationsServer.Health,
        pages: WebPages?, logging: RunLogging, setting: String = "server.listen"
    ) async throws -> RunServer {
        let (ports, found) = AsyncThrowingStream.makeStream(of: Int.self)
        let server = OperationsServer(
            host: listen.host, port: listen.port, registry: registry, readiness: readiness, pages: pages,
            logger: logging.logger("varve.server")
        ) { port in
            found.yield(port)
            found.finish()
        }
        let task = Task {
            do {
                try await server.run()
            } catch {
                found.finish(throwing: error)
                throw error
            }
        }
        do {
            for try await port in ports { return RunServer(task: task, address: "\(listen.host):\(port)") }
        } catch let error as OperationsServer.ListenError {
            throw CommandFailure(.unavailable, error.description, at: setting, fix: "")
        }
        throw CommandFailure(.software, "the server ended at once", at: setting, fix: "turn it off to go on")
    }

    func stop() async {
        task.cancel()
        _ = try? await task.value
    }

    /// The ingest thread asks brokers for at most ten seconds at a time.
    static let silenceMax = Duration.seconds(30)

    /// Ready: in the group, polling, and the store takes what it is sent.
    ///
    /// - Parameter now: by the clock that stamped the status.
    static func readiness(_ status: IngestStatus, now: Duration) -> HealthReport {
        let refusals = status.partitions.compactMap(\.refusal)
        let age = status.age(at: now) ?? .zero
        return HealthReport([
            .init(
                "polling", isOK: age <= silenceMax,
                detail: age <= silenceMax
                    ? "the ingest thread reports"
                    : "the ingest thread has not reported for \(age.components.seconds) s"),
            .init("reading", isOK: refusals.isEmpty, detail: refusals.first ?? "brokers hand over what they have"),
            .init("assigned", isOK: status.hasAssignment, detail: "\(status.partitions.count) topic partitions"),
            .init("store", isOK: status.storeTrouble == nil, detail: status.storeTrouble ?? "takes what it is sent"),
            .init("running", isOK: !status.isStopping, detail: status.isStopping ? "stopping" : "running"),
        ])
    }
}
