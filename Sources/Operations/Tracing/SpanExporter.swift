public import LakeModel
public import Logging
import Synchronization

/// Takes spans without ever waiting and sends them to a collector in the background.
///
/// The queue is bounded: what comes while it is full is dropped and counted. A collector that is away costs spans and a
/// warning, never events.
public final class SpanExporter: Sendable {
    /// Sends one body to the collector; false where it did not take it and may take it later.
    public typealias Send = @Sendable (_ body: [UInt8]) async -> Bool

    public static let spansMax = 4096
    public static let batchMax = 512
    static let attemptsMax = 4

    private struct State {
        var waiting: [Span] = []
        var exported: Int64 = 0
        var dropped: Int64 = 0
    }

    private let service: (name: String, version: String, instance: String)
    private let every: Duration
    private let clock: any LakeClock
    private let logger: Logger
    private let send: Send
    private let state = Mutex(State())

    /// - Parameter every: how long spans wait for company.
    public init(
        service: (name: String, version: String, instance: String), every: Duration = .seconds(2),
        clock: any LakeClock, logger: Logger, send: @escaping Send
    ) {
        (self.service, self.every, self.clock, self.logger, self.send) = (service, every, clock, logger, send)
    }

    public func offer(_ spans: [Span]) {
        state.withLock { state in
            let room = max(0, Self.spansMax - state.waiting.count)
            state.waiting += spans.prefix(room)
            state.dropped += Int64(max(0, spans.count - room))
        }
    }

    /// Sends until the task is cancelled; what waits then is for `flush`.
    public func run() async {
        while (try? await clock.sleep(for: every)) != nil {
            while await exportBatch(), !Task.isCancelled {}
        }
    }

    /// Sends what waits, once, without trying again: for the end.
    public func flush() async {
        while true {
            let batch = take()
            guard !batch.isEmpty else { return }
            let isSent = await send(body(batch))
            count(batch, isSent: isSent)
            if !isSent { return drop() }
        }
    }

    /// True where there may be more.
    private func exportBatch() async -> Bool {
        let batch = take()
        guard !batch.isEmpty else { return false }
        let body = body(batch)
        var pause = Duration.milliseconds(500)
        for attempt in 1...Self.attemptsMax {
            if await send(body) {
                count(batch, isSent: true)
                return batch.count == Self.batchMax
            }
            guard attempt < Self.attemptsMax, (try? await clock.sleep(for: pause)) != nil else { break }
            pause *= 2
        }
        count(batch, isSent: false)
        logger.warning("the collector does not take spans; they are dropped", metadata: ["spans": "\(batch.count)"])
        return false
    }

    private func take() -> [Span] {
        state.withLock { state in
            let batch = Array(state.waiting.prefix(Self.batchMax))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    private func body(_ batch: [Span]) -> [UInt8] {
        Array(
            OTLPText.request(
                batch, service: service.name, version: service.version, instance: service.instance
            ).utf8)
    }

    private func count(_ batch: [Span], isSent: Bool) {
        state.withLock { state in
            if isSent { state.exported += Int64(batch.count) } else { state.dropped += Int64(batch.count) }
        }
    }

    private func drop() {
        state.withLock { state in
            state.dropped += Int64(state.waiting.count)
            state.waiting = []
        }
    }

    /// For `/metrics`.
    public func families() -> [MetricFamily] {
        let (waiting, exported, dropped) = state.withLock { ($0.waiting.count, $0.exported, $0.dropped) }
        return [
            MetricFamily(
                "varve_trace_spans_waiting", .gauge, help: "Spans that wait to be sent.",
                samples: [.init(Double(waiting))]),
            MetricFamily(
                "varve_trace_spans_exported_total", .counter, help: "Spans that the collector took.",
                samples: [.init(Double(exported))]),
            MetricFamily(
                "varve_trace_spans_dropped_total", .counter,
                help: "Spans that were dropped: the queue was full or the collector away.",
                samples: [.init(Double(dropped))]),
        ]
    }
}
