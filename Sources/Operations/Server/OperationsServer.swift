import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// Serves `/healthz`, `/readyz` and `/metrics`: to GET and HEAD, on one thread, within tight limits. Other pages can be
/// added.
///
/// Anything else is 404 or 405. It asks nobody who they are, so it listens on loopback unless told otherwise.
public struct OperationsServer: Service {
    public typealias Health = @Sendable () async -> HealthReport

    /// A listening address that cannot be had.
    public struct ListenError: Error, CustomStringConvertible {
        public let description: String
    }

    /// The largest body that pages are handed; a larger one is 413.
    public static let bodyBytesMax = 4096
    private static let connectionsMax = 64
    private static let headerBytesMax = 16 << 10
    private static let idleSeconds: Int64 = 15
    /// However busy a connection is: who sends or reads a byte at a time does not hold it for ever.
    var connectionLifeMax = Duration.seconds(120)

    /// Outlives every server: what closes a connection may still hand work to its thread when `run` is over, and a
    /// thread that has ended then would complain to standard error.
    private static let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private let host: String
    private let port: Int
    private let answers: OperationsAnswers
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - port: 0 for any that is free.
    ///   - liveness: whether the process works at all; an orchestrator restarts it where not.
    ///   - readiness: whether it does its job at the moment.
    ///   - pages: are asked for every path that is not the server's own.
    ///   - onListening: called with the real port as soon as connections are taken.
    public init(
        host: String = "127.0.0.1", port: Int, registry: PrometheusRegistry,
        liveness: @escaping Health = { HealthReport() }, readiness: @escaping Health,
        pages: WebPages? = nil, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        (self.host, self.port, self.logger, self.onListening) = (host, port, logger, onListening)
        answers = OperationsAnswers(registry: registry, liveness: liveness, readiness: readiness, pages: pages)
    }

    /// Serves until the task is cancelled or a graceful shutdown is asked for.
    public func run() async throws {
        var configuration = ApplicationConfiguration(address: .hostname(host, port: port))
        configuration.availableConnectionsDelegate = MaximumAvailableConnections(Self.connectionsMax)
        let application = Application(
            responder: answers,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [LifeLimit(TimeAmount(connectionLifeMax))],
                    idleTimeout: .seconds(Self.idleSeconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Self.headerBytesMax, maxHeaderListSize: Self.headerBytesMax,
                        maxHeaderFieldCount: 100))),
            configuration: configuration,
            onServerRunning: { [onListening, port] channel in
                await onListening(channel.localAddress?.port ?? port)
            },
            eventLoopGroupProvider: .shared(Self.eventLoops),
            logger: quietLogger)
        do {
            try await application.run()
        } catch {
            guard let failure = error as? IOError else { throw error }
            // strerror is thread-safe since glibc 2.32.
            let reason = strerror(failure.errnoCode).map { String(cString: $0).lowercased() } ?? "refused"
            throw ListenError(
                description: "cannot listen on \(host):\(port): \(reason); choose another address or port")
        }
    }

    /// The server's own notices of every start and request are of no use here.
    private var quietLogger: Logger {
        var logger = logger
        logger.logLevel = .critical
        return logger
    }
}

/// Closes its connection when the time is over. Scrapers connect anew.
private final class LifeLimit: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let life: TimeAmount
    private var end: Scheduled<Void>?

    init(_ life: TimeAmount) {
        self.life = life
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        end = context.eventLoop.scheduleTask(in: life) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end?.cancel()
    }
}

/// What is answered to which request.
struct OperationsAnswers: HTTPResponder {
    typealias Context = BasicRequestContext

    let registry: PrometheusRegistry
    let liveness: OperationsServer.Health
    let readiness: OperationsServer.Health
    let pages: WebPages?

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        let isKnown = ["/healthz", "/readyz", "/metrics"].contains(request.uri.path)
        guard isKnown else { return await page(request) }
        guard [.get, .head].contains(request.method) else {
            var response = plain(.methodNotAllowed, "only GET and HEAD\n", request)
            response.headers[.allow] = "GET, HEAD"
            return response
        }
        switch request.uri.path {
        case "/healthz": return try json(await liveness(), request)
        case "/readyz": return try json(await readiness(), request)
        default: return answer(.ok, await registry.renderBytes(), PrometheusText.contentType, request)
        }
    }

    private func page(_ request: Request) async -> Response {
        let notFound = "not found; there are /healthz, /readyz and /metrics\n"
        guard let pages else { return plain(.notFound, notFound, request) }
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard length <= OperationsServer.bodyBytesMax,
            let body = try? await request.body.collect(upTo: OperationsServer.bodyBytesMax)
        else { return plain(.contentTooLarge, "the body is too large\n", request, closing: true) }
        guard let answer = await pages(WebRequest(request, body: Array(body.readableBytesView))) else {
            return plain(.notFound, notFound, request)
        }
        var headers: HTTPFields = [
            .contentType: answer.contentType, .contentLength: "\(answer.body.count)", .xContentTypeOptions: "nosniff",
        ]
        for (name, value) in answer.headers {
            guard let field = HTTPField.Name(name) else { continue }
            headers[field] = value
        }
        // 204 and 304 have neither a body nor its length (RFC 9110, section 8.6).
        let isBare = answer.status == 204 || answer.status == 304
        if isBare { headers[.contentLength] = nil }
        let isEmpty = isBare || request.method == .head
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: headers,
            body: isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }

    private func json(_ report: HealthReport, _ request: Request) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
        return answer(report.isOK ? .ok : .serviceUnavailable, text, "application/json", request)
    }

    private func plain(
        _ status: HTTPResponse.Status, _ text: String, _ request: Request, closing: Bool = false
    ) -> Response {
        var response = answer(status, text, "text/plain; charset=utf-8", request)
        if closing { response.headers[.connection] = "close" }
        return response
    }

    private func answer(
        _ status: HTTPResponse.Status, _ text: String, _ contentType: String, _ request: Request
    ) -> Response {
        answer(status, Array(text.utf8), contentType, request)
    }

    private func answer(
        _ status: HTTPResponse.Status, _ bytes: [UInt8], _ contentType: String, _ request: Request
    ) -> Response {
        let headers: HTTPFields = [
            .contentType: contentType, .contentLength: "\(bytes.count)", .cacheControl: "no-store",
            .xContentTypeOptions: "nosniff",
        ]
        let body = request.method == .head ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        // A body nobody asked for is thrown away as it comes; the connection ends with it.
        var response = Response(status: status, headers: headers, body: body)
        if request.headers[.contentLength] ?? "0" != "0" || request.headers[.transferEncoding] != nil {
            response.headers[.connection] = "close"
        }
        return response
    }
}

extension WebRequest {
    fileprivate init(_ request: Request, body: [UInt8]) {
        let query = request.uri.queryParameters.map { (name: String($0.key), value: String($0.value)) }
        var headers: [String: String] = [:]
        for field in request.headers where headers[field.name.canonicalName] == nil {
            headers[field.name.canonicalName] = field.value
        }
        // HTTP/1.1's Host is kept apart from the other fields.
        if let authority = request.head.authority { headers["host"] = authority }
        let path = request.uri.path.removingPercentEncoding ?? request.uri.path
        self.init(request.method.rawValue, path, query: query, headers: headers, body: body)
    }
}
