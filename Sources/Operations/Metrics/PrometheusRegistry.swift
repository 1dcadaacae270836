public import CoreMetrics
import Synchronization

/// Keeps all metrics of the process and writes them in the Prometheus text format.
///
/// As the swift-metrics factory it gives counters, gauges (`Gauge`, `Meter`), and histograms (`Timer`, `Recorder`).
/// Names and labels are made valid; a counter's name ends with `_total`, a timer's with `_seconds`. Making the same
/// metric with the same dimensions again gives the same series.
///
/// A metric keeps at most `seriesMax` series, so that values from outside cannot fill memory: those beyond go nowhere
/// and are counted in `varve_metrics_series_dropped_total{metric}`.
public final class PrometheusRegistry: MetricsFactory {
    private enum Kind: String {
        case counter, gauge, histogram
    }

    private struct Family {
        var kind: Kind
        /// By their label text.
        var series: [String: any MetricSeries] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var help: [String: String] = [:]
        var dropped: [String: UInt64] = [:]
        var collectors: [@Sendable () async -> [MetricFamily]] = []
        var columnCollectors: [@Sendable () async -> [MetricColumns]] = []
    }

    /// From a millisecond to a minute.
    public static let secondsBounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// For recorders without bounds of their own: powers of four from 1 to a billion.
    public static let sizeBounds = (0...15).map { Double(UInt64(1) << (2 * $0)) }

    private static let droppedName = "varve_metrics_series_dropped_total"
    private static let droppedHelp = "Series that a metric was refused because it had too many."

    private let seriesMax: Int
    private let rowsMax: Int
    private let bounds: [String: [Double]]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - seriesMax: per metric.
    ///   - rowsMax: per metric of `MetricColumns`, whose labels come from an assignment and not from data.
    ///   - bounds: ascending upper bounds of histograms by metric name, where the usual ones do not fit.
    public init(seriesMax: Int = 1000, rowsMax: Int = 20_000, bounds: [String: [Double]] = [:]) {
        (self.seriesMax, self.rowsMax, self.bounds) = (seriesMax, rowsMax, bounds)
    }

    /// Sets what `# HELP` says of a metric, by the name that it is scraped under.
    public func describe(_ help: [String: String]) {
        state.withLock { $0.help.merge(help) { $1 } }
    }

    /// Adds metrics that are looked up at each scrape, such as a gauge per topic partition.
    ///
    /// A family whose name a recorded metric already has, or an earlier collector's, is left out, counted as dropped.
    public func addCollector(_ collect: @escaping @Sendable () async -> [MetricFamily]) {
        state.withLock { $0.collectors.append(collect) }
    }

    /// Adds metrics of many series that share their labels. They come before the others, in the order of their rows.
    public func addColumns(_ collect: @escaping @Sendable () async -> [MetricColumns]) {
        state.withLock { $0.columnCollectors.append(collect) }
    }

    // MARK: Scraping

    /// All metrics, in the order of their names and labels; columns come first.
    public func render() async -> String {
        String(decoding: await renderBytes(), as: UTF8.self)
    }

    /// The same as UTF-8.
    public func renderBytes() async -> [UInt8] {
        var tables: [MetricColumns] = []
        for collect in state.withLock({ $0.columnCollectors }) { tables += await collect() }
        let rows = tables.reduce(0) { $0 + $1.labels.count * $1.columns.count }
        var columns = PrometheusWriter(reserving: rows * 110)
        for table in tables {
            for column in table.columns {
                let leftOut = columns.append(column, table.labels, rowsMax: rowsMax)
                if leftOut > 0 { drop(leftOut, of: column.name) }
            }
        }
        // What was dropped above is told here. The short text goes behind the long one: nothing long is copied.
        columns.append(await renderFamilies())
        return columns.bytes
    }

    private func renderFamilies() async -> String {
        var collected: [MetricFamily] = []
        for collect in state.withLock({ $0.collectors }) { collected += await collect() }
        let (families, help) = state.withLock { ($0.families, $0.help) }
        var texts: [String: String] = [:]
        for (name, family) in families where !family.series.isEmpty {
            var text = PrometheusText.header(name, kind: family.kind.rawValue, help: help[name] ?? Self.plainHelp(name))
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                text += series.lines(name, labels)
            }
            texts[name] = text
        }
        for family in collected {
            let name = Self.scrapedName(family.name, family.kind == .counter ? .counter : .gauge)
            guard texts[name] == nil, families[name] == nil else {
                drop(family.samples.count, of: name)
                continue
            }
            texts[name] = render(family, name: name)
        }
        // Last, as the families above may have added to it.
        let dropped = state.withLock { $0.dropped }
        if !dropped.isEmpty {
            texts[Self.droppedName] =
                PrometheusText.header(Self.droppedName, kind: "counter", help: Self.droppedHelp)
                + dropped.sorted { $0.key < $1.key }.map { metric, count in
                    PrometheusText.sample(Self.droppedName, PrometheusText.labels([("metric", metric)]), "\(count)")
                }.joined()
        }
        return texts.sorted { $0.key < $1.key }.map(\.value).joined()
    }

    private func render(_ family: MetricFamily, name: String) -> String {
        var lines: [String: String] = [:]
        var refused = 0
        for sample in family.samples {
            let labels = PrometheusText.labels(sample.labels)
            if lines.count >= seriesMax, lines[labels] == nil {
                refused += 1
            } else {
                lines[labels] = PrometheusText.sample(name, labels, PrometheusText.value(sample.value))
            }
        }
        if refused > 0 { drop(refused, of: name) }
        return PrometheusText.header(name, kind: family.kind.rawValue, help: family.help)
            + lines.sorted { $0.key < $1.key }.map(\.value).joined()
    }

    private static func plainHelp(_ name: String) -> String {
        let words = name.split(separator: "_").joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst() + "."
    }

    private static func scrapedName(_ label: String, _ kind: Kind, isTime: Bool = false) -> String {
        let name = PrometheusText.name(label)
        switch kind {
        case .counter: return name.hasSuffix("_total") ? name : name + "_total"
        case .histogram where isTime: return name.hasSuffix("_seconds") ? name : name + "_seconds"
        default: return name
        }
    }

    private func drop(_ count: Int, of name: String) {
        state.withLock { $0.dropped[name, default: 0] += UInt64(count) }
    }

    // MARK: Recording

    /// The series with these dimensions; a new one where there is room, else one that nobody reads.
    private func series<Series: MetricSeries>(
        _ name: String, _ kind: Kind, _ dimensions: [(String, String)], _ make: () -> Series
    ) -> Series {
        let labels = PrometheusText.labels(dimensions)
        return state.withLock { state in
            if let known = state.families[name]?.series[labels] as? Series { return known }
            let made = make()
            var family = state.families[name] ?? Family(kind: kind)
            guard family.kind == kind, family.series[labels] == nil, family.series.count < seriesMax else {
                state.dropped[name, default: 0] += 1
                return made
            }
            family.series[labels] = made
            state.families[name] = family
            return made
        }
    }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                guard let labels = family.series.first(where: { $0.value === handler })?.key else { continue }
                state.families[name]?.series[labels] = nil
                return
            }
        }
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(Self.scrapedName(label, .counter), .counter, dimensions) { CounterSeries() }
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)])
        -> any FloatingPointCounterHandler
    {
        series(Self.scrapedName(label, .counter), .counter, dimensions) { CounterSeries() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(Self.scrapedName(label, .gauge), .gauge, dimensions) { GaugeSeries() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else {
            return series(Self.scrapedName(label, .gauge), .gauge, dimensions) { GaugeSeries() }
        }
        let name = Self.scrapedName(label, .histogram)
        return series(name, .histogram, dimensions) { HistogramSeries(bounds: bounds[name] ?? Self.sizeBounds) }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let name = Self.scrapedName(label, .histogram, isTime: true)
        return series(name, .histogram, dimensions) { HistogramSeries(bounds: bounds[name] ?? Self.secondsBounds) }
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
