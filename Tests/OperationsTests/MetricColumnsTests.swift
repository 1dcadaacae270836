import Testing

@testable import Operations

@Suite("Metrics in columns")
struct MetricColumnsTests {
    private func columns(_ rows: Int, _ values: [Double]) -> MetricColumns {
        MetricColumns(
            labels: MetricLabels((0..<rows).map { [("topic", "a\"b"), ("partition", "\($0)")] }),
            columns: [.init("varve_lag_events", .gauge, help: "Lag.", values: values)])
    }

    @Test("rows that have no value are left out, labels are escaped and sorted")
    func text() async {
        let registry = PrometheusRegistry()
        registry.addColumns { [columns(3, [1, .nan, 2.5])] }
        #expect(
            await registry.render() == """
                # HELP varve_lag_events Lag.
                # TYPE varve_lag_events gauge
                varve_lag_events{partition="0",topic="a\\"b"} 1
                varve_lag_events{partition="2",topic="a\\"b"} 2.5

                """)
    }

    @Test("the number of rows is bounded, and what is left out is counted")
    func bounded() async {
        let registry = PrometheusRegistry(rowsMax: 2)
        registry.addColumns { [columns(5, [1, 2, 3, 4, 5])] }
        let text = await registry.render()
        #expect(text.contains("varve_metrics_series_dropped_total{metric=\"varve_lag_events\"} 3"))
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("varve_lag_events{") }.count == 2)
    }

    @Test("integers of every length are written whole")
    func integers() {
        var numbers = [0, 9_007_199_254_740] as [Int64]
        for power in 0..<13 {
            let ten = (0..<power).reduce(1 as Int64) { value, _ in value * 10 }
            numbers += [ten - 1, ten, ten + 1, ten * 9, -ten]
        }
        for number in numbers {
            var writer = PrometheusWriter()
            let column = MetricColumns.Column("m", .gauge, help: "", values: [Double(number)])
            #expect(writer.append(column, MetricLabels([[]]), rowsMax: 1) == 0)
            #expect(String(decoding: writer.bytes, as: UTF8.self).hasSuffix("\nm \(number)\n"))
        }
    }

    @Test(
        "numbers are written as Prometheus reads them",
        arguments: [
            (0, "0"), (-1, "-1"), (1_795_237_629.25, "1795237629.25"), (0.001, "0.001"), (-0.5, "-0.5"), (1000, "1000"),
            (9_007_199_254_740_991, "9007199254740991"), (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
            (1.0 / 3, "0.3333333333333333"), (100.05, "100.05"), (123.4, "123.4"), (1e15, "1000000000000000"),
            (-2.2250738585072014e-308, "-2.2250738585072014e-308"), (-8_007_199_254_740.991, "-8007199254740.991"),
        ] as [(Double, String)])
    func numbers(value: Double, text: String) {
        var writer = PrometheusWriter()
        let column = MetricColumns.Column("m", .gauge, help: "", values: [value])
        #expect(writer.append(column, MetricLabels([[]]), rowsMax: 1) == 0)
        #expect(String(decoding: writer.bytes, as: UTF8.self).hasSuffix("\nm \(text)\n"))
    }
}
