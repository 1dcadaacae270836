import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// Serves `/healthz`, `/readyz` and `/metrics`: to GET and HEAD, on one thread, within tight limits.
///
/// Anything else is 404 or 405. It asks nobody who they are, so it listens on loopback unless told otherwise.
public struct OperationsServer: Service {
    public typealias Health = @Sendable () async -> HealthReport

    /// A listening address that cannot be had.
    public struct ListenError: Error, CustomStringConvertible {
        public let description: String
    }

    private static let connectionsMax = 64
    private static let headerBytesMax = 16 << 10
    private static let idleSeconds: Int64 = 15

    private let host: String
    private let port: Int
    private let answers: OperationsAnswers
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - port: 0 for any that is free.
    ///   - liveness: whether the process works at all; an orchestrator restarts it where not.
    ///   - readiness: whether it does its job at the moment.
    ///   - onListening: called with the real port as soon as connections are taken.
    public init(
        host: String = "127.0.0.1", port: Int, registry: PrometheusRegistry,
        liveness: @escaping Health = { HealthReport() }, readiness: @escaping Health, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        (self.host, self.port, self.logger, self.onListening) = (host, port, logger, onListening)
        answers = OperationsAnswers(registry: registry, liveness: liveness, readiness: readiness)
    }

    /// Serves until the task is cancelled or a graceful shutdown is asked for.
    public func run() async throws {
        let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = ApplicationConfiguration(address: .hostname(host, port: port))
        configuration.availableConnectionsDelegate = MaximumAvailableConnections(Self.connectionsMax)
        let application = Application(
            responder: answers,
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(Self.idleSeconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Self.headerBytesMax, maxHeaderListSize: Self.headerBytesMax,
                        maxHeaderFieldCount: 100))),
            configuration: configuration,
            onServerRunning: { [onListening, port] channel in
                await onListening(channel.localAddress?.port ?? port)
            },
            eventLoopGroupProvider: .shared(eventLoops),
            logger: quietLogger)
        do {
            try await application.run()
        } catch {
            try? await eventLoops.shutdownGracefully()
            guard let failure = error as? IOError else { throw error }
            // strerror is thread-safe since glibc 2.32.
            let reason = strerror(failure.errnoCode).map { String(cString: $0).lowercased() } ?? "refused"
            throw ListenError(
                description: "cannot listen on \(host):\(port): \(reason); choose another address or port")
        }
        try? await eventLoops.shutdownGracefully()
    }

    /// The server's own notices of every start and request are of no use here.
    private var quietLogger: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}

/// What is answered to which request.
struct OperationsAnswers: HTTPResponder {
    typealias Context = BasicRequestContext

    let registry: PrometheusRegistry
    let liveness: OperationsServer.Health
    let readiness: OperationsServer.Health

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        let isKnown = ["/healthz", "/readyz", "/metrics"].contains(request.uri.path)
        guard isKnown else { return plain(.notFound, "not found; there are /healthz, /readyz and /metrics\n", request) }
        guard [.get, .head].contains(request.method) else {
            var response = plain(.methodNotAllowed, "only GET and HEAD\n", request)
            response.headers[.allow] = "GET, HEAD"
            return response
        }
        switch request.uri.path {
        case "/healthz": return try json(await liveness(), request)
        case "/readyz": return try json(await readiness(), request)
        default: return answer(.ok, await registry.render(), PrometheusText.contentType, request)
        }
    }

    private func json(_ report: HealthReport, _ request: Request) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
        return answer(report.isOK ? .ok : .serviceUnavailable, text, "application/json", request)
    }

    private func plain(_ status: HTTPResponse.Status, _ text: String, _ request: Request) -> Response {
        answer(status, text, "text/plain; charset=utf-8", request)
    }

    private func answer(
        _ status: HTTPResponse.Status, _ text: String, _ contentType: String, _ request: Request
    ) -> Response {
        let headers: HTTPFields = [
            .contentType: contentType, .contentLength: "\(text.utf8.count)", .cacheControl: "no-store",
            .xContentTypeOptions: "nosniff",
        ]
        let body = request.method == .head ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(string: text))
        // A body nobody asked for is thrown away as it comes; the connection ends with it.
        var response = Response(status: status, headers: headers, body: body)
        if request.headers[.contentLength] ?? "0" != "0" || request.headers[.transferEncoding] != nil {
            response.headers[.connection] = "close"
        }
        return response
    }
}
