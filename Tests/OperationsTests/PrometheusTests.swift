import CoreMetrics
import Foundation
import Operations
import Synchronization
import TestSupport
import Testing

@Suite("Prometheus metrics")
struct PrometheusTests {
    let registry = PrometheusRegistry(seriesMax: 5)

    @Test("counters, gauges and histograms are written in the order of names and labels")
    func format() async {
        registry.describe(["varve_commits_total": "Commits by outcome."])
        let conflict = Counter(label: "varve_commits_total", dimensions: [("outcome", "conflict")], factory: registry)
        let done = Counter(label: "varve_commits_total", dimensions: [("outcome", "done")], factory: registry)
        done.increment(by: 3)
        conflict.increment()
        Gauge(label: "varve_open_bytes", factory: registry).record(1.5)
        let expected = """
            # HELP varve_commits_total Commits by outcome.
            # TYPE varve_commits_total counter
            varve_commits_total{outcome="conflict"} 1
            varve_commits_total{outcome="done"} 3
            # HELP varve_open_bytes Varve open bytes.
            # TYPE varve_open_bytes gauge
            varve_open_bytes 1.5

            """
        #expect(await registry.render() == expected)
    }

    @Test("a timer is a histogram in seconds with cumulative buckets")
    func timer() async {
        let registry = PrometheusRegistry(bounds: ["varve_commit_seconds": [0.1, 1]])
        let timer = CoreMetrics.Timer(label: "varve_commit", dimensions: [("table", "orders")], factory: registry)
        for milliseconds in [50, 100, 500, 5000] { timer.recordMilliseconds(milliseconds) }
        let expected = """
            # HELP varve_commit_seconds Varve commit seconds.
            # TYPE varve_commit_seconds histogram
            varve_commit_seconds_bucket{table="orders",le="0.1"} 2
            varve_commit_seconds_bucket{table="orders",le="1"} 3
            varve_commit_seconds_bucket{table="orders",le="+Inf"} 4
            varve_commit_seconds_sum{table="orders"} 5.65
            varve_commit_seconds_count{table="orders"} 4

            """
        #expect(await registry.render() == expected)
    }

    @Test("names and labels from outside become valid, values are escaped")
    func escaping() async {
        let labels = [("le", "1"), ("__name__", "x"), ("topic-name", "a\"b\\c\nd"), ("é", "ü")]
        Counter(label: "1st metric.of-all", dimensions: labels, factory: registry).increment()
        registry.describe(["_1st_metric_of_all_total": "back\\slash\nnew line"])
        let text = await registry.render()
        #expect(text.contains("# HELP _1st_metric_of_all_total back\\\\slash\\nnew line\n"))
        let sample = #"{_="ü",exported_le="1",exported_name__="x",topic_name="a\"b\\c\nd"} 1"#
        #expect(text.contains("_1st_metric_of_all_total" + sample), "\(text)")
    }

    @Test("the same metric made twice is one series, made as another kind it goes nowhere")
    func sameSeries() async {
        for _ in 0..<3 { Counter(label: "a", factory: registry).increment() }
        Gauge(label: "a_total", factory: registry).record(9)
        let text = await registry.render()
        #expect(text.contains("\na_total 3\n"))
        #expect(text.contains(#"varve_metrics_series_dropped_total{metric="a_total"} 1"#))
    }

    @Test("a label from outside cannot fill memory: series over the limit are counted, not kept")
    func cardinality() async {
        for key in 0..<100 { Counter(label: "a_total", dimensions: [("key", "\(key)")], factory: registry).increment() }
        registry.addCollector {
            [MetricFamily("b", .gauge, help: "B.", samples: (0..<7).map { .init(1, labels: [("key", "\($0)")]) })]
        }
        let text = await registry.render()
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("a_total{") }.count == 5)
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("b{") }.count == 5)
        #expect(text.contains(#"varve_metrics_series_dropped_total{metric="a_total"} 95"#))
        #expect(text.contains(#"varve_metrics_series_dropped_total{metric="b"} 2"#))
    }

    @Test("a collector is asked at each scrape, and cannot take a recorded metric's name")
    func collectors() async {
        let scrapes = Counting()
        registry.addCollector {
            [MetricFamily("varve_lag_events", .gauge, help: "Lag.", samples: [.init(Double(scrapes.next()))])]
        }
        Gauge(label: "taken", factory: registry).record(1)
        registry.addCollector { [MetricFamily("taken", .gauge, help: "Other.", samples: [.init(2)])] }
        _ = await registry.render()
        let text = await registry.render()
        #expect(text.contains("\nvarve_lag_events 2\n"))
        #expect(text.contains("\ntaken 1\n") && !text.contains("taken 2"))
    }

    @Test("special numbers have Prometheus' names")
    func numbers() async {
        let values: [(String, Double)] = [("a", .nan), ("b", .infinity), ("c", -.infinity), ("d", 1e300), ("e", -0.25)]
        for (name, value) in values { Gauge(label: name, factory: registry).record(value) }
        let text = await registry.render()
        for line in ["a NaN", "b +Inf", "c -Inf", "d 1e+300", "e -0.25"] { #expect(text.contains("\n\(line)\n")) }
    }

    @Test("a destroyed metric is gone, a counter only goes up")
    func destroyed() async {
        let counter = Counter(label: "a_total", factory: registry)
        counter.increment(by: 2)
        counter.increment(by: -1)
        #expect(await registry.render().contains("\na_total 2\n"))
        counter.destroy()
        #expect(await registry.render().isEmpty)
    }

    @Test("threads lose no increment")
    func threads() async {
        let counter = Counter(label: "a_total", factory: registry)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { counter.increment() } } }
        }
        #expect(await registry.render().contains("\na_total 8000\n"))
    }

    @Test(
        "promtool finds nothing to complain of",
        .enabled(if: ChildProcess.find("promtool") != nil, "needs promtool (apt install prometheus)"))
    func promtool() async throws {
        Counter(label: "varve_store_requests_total", dimensions: [("operation", "put")], factory: registry).increment()
        CoreMetrics.Timer(label: "varve_store_request_seconds", dimensions: [("operation", "put")], factory: registry)
            .recordMilliseconds(12)
        Gauge(label: "varve_open_bytes", dimensions: [("table", "a \"b\" \\ \n")], factory: registry).record(12)
        Meter(label: "varve_lag_events", factory: registry).set(3)
        Recorder(label: "varve_object_bytes", factory: registry).record(123_456)
        for key in 0..<9 { Counter(label: "a_total", dimensions: [("key", "\(key)")], factory: registry).increment() }
        registry.addCollector { ProcessMetrics.collect() }
        let directory = try TemporaryDirectory()
        let text = await registry.render()
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory.path + "/metrics"))
        let output = try await runCommand(["sh", "-c", "promtool check metrics < \(directory.path)/metrics 2>&1"])
        #expect(output.isEmpty, "\(output)\n\(text)")
        #expect(text.contains("process_resident_memory_bytes"))
    }
}

/// Counts calls.
private final class Counting: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
