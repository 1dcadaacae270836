import Foundation
import Ingest
import LakeModel
import Logging
import ObjectStorage
import Operations
import S3

/// Turns what the writer did into spans, and sends them to the collector of the configuration.
///
/// Each commit is a trace of its own: `varve.commit_cycle` from the first event of its oldest object to the end of the
/// commit; below it, for each object, `varve.poll` while it was filled and `varve.upload` until the store had it; and
/// `varve.commit`.
final class RunTracing: IngestTracer {
    let exporter: SpanExporter
    private let clock: any LakeClock

    /// Nil where the configuration names no collector.
    init?(_ settings: Settings, clock: any LakeClock, logging: RunLogging) {
        guard let endpoint = settings.tracing.endpoint, let target = Self.target(endpoint) else { return nil }
        let authorization = settings.tracing.authorization
        var connection = CurlSettings()
        (connection.connectionsMax, connection.connectTimeout) = (1, .seconds(5))
        (connection.totalTimeout, connection.caFile) = (.seconds(10), settings.s3.caFile)
        let transport = CurlTransport(connection)
        let identity = WriterIdentity.ofThisProcess()
        self.clock = clock
        exporter = SpanExporter(
            service: ("varve", Varve.version, "\(identity.host)/\(identity.id)"), clock: clock,
            logger: logging.logger("varve.tracing")
        ) { body in
            var request = HTTPRequest("POST", target, body: ObjectBody(chunks: [body]), responseBytesMax: 1 << 16)
            request.headers["Content-Type"] = "application/json"
            if let authorization { request.headers["Authorization"] = authorization }
            guard let answer = try? await transport.send(request) else { return false }
            // What is refused for good is not sent again (OTLP/HTTP: 429, 502, 503, 504 may be tried again).
            return ![429, 502, 503, 504].contains(answer.status)
        }
    }

    /// `http://collector:4318`, with `/v1/traces` where no path is given.
    static func target(_ endpoint: String) -> HTTPTarget? {
        guard let parts = URLComponents(string: endpoint), let scheme = parts.scheme, let host = parts.host else {
            return nil
        }
        let authority = parts.port.map { "\(host):\($0)" } ?? host
        let path = parts.percentEncodedPath
        return HTTPTarget(
            scheme: scheme, authority: authority, path: path.isEmpty || path == "/" ? "/v1/traces" : path)
    }

    func ended(_ trace: CommitTrace) {
        var random = SystemRandomNumberGenerator()
        let id = hex(random.next()) + hex(random.next() | 1)
        func spanID() -> String { hex(random.next() | 1) }
        let offset = clock.now().milliseconds * 1_000_000 - Self.nanoseconds(clock.elapsed())
        func time(_ elapsed: Duration) -> Int64 { offset + Self.nanoseconds(elapsed) }
        let root = spanID()
        let first = trace.objects.map(\.openedAt).min() ?? trace.startedAt
        var common: [(name: String, value: Span.Value)] = [
            ("varve.table", .text(trace.table)), ("varve.commit", .text("\(trace.id)")),
        ]
        if let version = trace.version { common.append(("varve.version", .integer(version))) }
        var spans = [
            Span(
                traceID: id, spanID: root, name: "varve.commit_cycle", start: time(first), end: time(trace.endedAt),
                attributes: common + [
                    ("varve.events", .integer(trace.events)), ("varve.objects", .integer(Int64(trace.objectCount))),
                ], failure: trace.failure)
        ]
        for object in trace.objects {
            var attributes: [(name: String, value: Span.Value)] = [
                ("varve.table", .text(trace.table)), ("varve.object", .text(object.path)),
                ("varve.events", .integer(object.records)), ("varve.bytes", .integer(object.bytes)),
            ]
            if let reason = object.rotation { attributes.append(("varve.rotation", .text(reason.rawValue))) }
            spans.append(
                Span(
                    traceID: id, spanID: spanID(), parentID: root, name: "varve.poll", start: time(object.openedAt),
                    end: time(object.sealedAt), attributes: attributes))
            spans.append(
                Span(
                    traceID: id, spanID: spanID(), parentID: root, name: "varve.upload", start: time(object.sealedAt),
                    end: time(object.storedAt), attributes: attributes))
        }
        spans.append(
            Span(
                traceID: id, spanID: spanID(), parentID: root, name: "varve.commit", start: time(trace.startedAt),
                end: time(trace.endedAt), attributes: common, failure: trace.failure))
        exporter.offer(spans)
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
    }
}
