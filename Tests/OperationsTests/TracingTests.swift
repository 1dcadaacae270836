import Foundation
import LakeModel
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Operations

@Suite("Spans")
struct TracingTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func span(_ number: Int, name: String = "varve.upload", failure: String? = nil) -> Span {
        Span(
            traceID: "0af7651916cd43dd8448eb211c80319c", spanID: hex(UInt64(number + 1)), parentID: "b7ad6b7169203331",
            name: name, start: 1_795_237_629_250_000_000, end: 1_795_237_629_350_000_000,
            attributes: [("varve.table", .text("a\"b\n")), ("varve.bytes", .integer(.max))], failure: failure)
    }

    private final class Collector: Sendable {
        let bodies = Mutex<[[UInt8]]>([])
        let takes = Mutex(true)

        func send(_ body: [UInt8]) -> Bool {
            guard takes.withLock({ $0 }) else { return false }
            bodies.withLock { $0.append(body) }
            return true
        }
    }

    private func exporter(_ collector: Collector, clock: any LakeClock) -> SpanExporter {
        SpanExporter(service: ("varve", "1.2.3", "here/1"), clock: clock, logger: logger) { collector.send($0) }
    }

    private func values(_ exporter: SpanExporter) -> [String: Double] {
        Dictionary(exporter.families().map { ($0.name, $0.samples[0].value) }) { first, _ in first }
    }

    @Test("a request is OTLP's JSON: ids in hex, 64-bit numbers as strings, one status")
    func json() async throws {
        let collector = Collector()
        let exporter = exporter(collector, clock: ManualClock())
        exporter.offer([span(0), span(1, failure: "offsets moved")])
        await exporter.flush()
        let body = try #require(collector.bodies.withLock { $0.first })
        let root = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
        let resource = try #require((root["resourceSpans"] as? [[String: Any]])?.first)
        let spans = try #require(((resource["scopeSpans"] as? [[String: Any]])?.first)?["spans"] as? [[String: Any]])
        #expect(spans.count == 2)
        #expect(spans[0]["traceId"] as? String == "0af7651916cd43dd8448eb211c80319c")
        #expect(spans[0]["parentSpanId"] as? String == "b7ad6b7169203331")
        #expect(spans[0]["startTimeUnixNano"] as? String == "1795237629250000000")
        #expect(spans[0]["kind"] as? Int == 1 && spans[0]["status"] == nil)
        let status = try #require(spans[1]["status"] as? [String: Any])
        #expect(status["code"] as? Int == 2 && status["message"] as? String == "offsets moved")
        let text = String(decoding: body, as: UTF8.self)
        #expect(text.contains(#"{"key":"varve.table","value":{"stringValue":"a\"b\n"}}"#))
        #expect(text.contains(#"{"intValue":"9223372036854775807"}"#))
        #expect(text.contains(#"{"key":"service.name","value":{"stringValue":"varve"}}"#))
    }

    @Test("a full queue drops and counts, and offering never waits")
    func full() {
        let exporter = exporter(Collector(), clock: ManualClock())
        exporter.offer((0..<SpanExporter.spansMax).map { span($0) })
        exporter.offer([span(1), span(2)])
        #expect(values(exporter)["varve_trace_spans_waiting"] == Double(SpanExporter.spansMax))
        #expect(values(exporter)["varve_trace_spans_dropped_total"] == 2)
    }

    @Test("batches are sent in the background; a collector that stays away costs spans, which are counted")
    func background() async throws {
        let collector = Collector()
        let clock = ManualClock()
        let exporter = exporter(collector, clock: clock)
        exporter.offer((0..<(SpanExporter.batchMax + 5)).map { span($0) })
        let task = Task { await exporter.run() }
        try await eventually("both batches came") {
            clock.advanceToNextSleeper()
            return collector.bodies.withLock { $0.count } == 2
        }
        collector.takes.withLock { $0 = false }
        exporter.offer([span(7)])
        try await eventually("it was given up") {
            clock.advanceToNextSleeper()
            return values(exporter)["varve_trace_spans_dropped_total"] == 1
        }
        #expect(values(exporter)["varve_trace_spans_exported_total"] == Double(SpanExporter.batchMax + 5))
        task.cancel()
        await task.value
    }

    @Test("at the end what waits is sent once, and dropped where nobody takes it")
    func end() async {
        let collector = Collector()
        collector.takes.withLock { $0 = false }
        let exporter = exporter(collector, clock: ManualClock())
        exporter.offer((0..<1000).map { span($0) })
        await exporter.flush()
        #expect(values(exporter)["varve_trace_spans_dropped_total"] == 1000)
        #expect(values(exporter)["varve_trace_spans_waiting"] == 0)
    }
}
