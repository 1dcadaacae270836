import CoreMetrics
import Synchronization

/// One series of one metric: what swift-metrics records into, and what a scrape reads.
protocol MetricSeries: AnyObject, Sendable {
    /// The lines of this series, under the given name and labels.
    func lines(_ name: String, _ labels: String) -> String
}

/// A number that any thread adds to without a lock.
final class AtomicNumber: Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    func add(_ amount: Double) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: current) + amount).bitPattern
            let (isExchanged, original) = bits.weakCompareExchange(
                expected: current, desired: next, ordering: .relaxed)
            if isExchanged { return }
            current = original
        }
    }
}

final class CounterSeries: MetricSeries, CounterHandler, FloatingPointCounterHandler {
    private let number = AtomicNumber()

    /// Counters only go up; what is not positive is left out.
    func increment(by amount: Int64) {
        if amount > 0 { number.add(Double(amount)) }
    }

    func increment(by amount: Double) {
        if amount > 0, amount.isFinite { number.add(amount) }
    }

    func reset() {
        number.set(0)
    }

    func lines(_ name: String, _ labels: String) -> String {
        PrometheusText.sample(name, labels, PrometheusText.value(number.value))
    }
}

final class GaugeSeries: MetricSeries, RecorderHandler, MeterHandler {
    private let number = AtomicNumber()

    func record(_ value: Int64) { number.set(Double(value)) }
    func record(_ value: Double) { number.set(value) }
    func set(_ value: Int64) { number.set(Double(value)) }
    func set(_ value: Double) { number.set(value) }
    func increment(by amount: Double) { number.add(amount) }
    func decrement(by amount: Double) { number.add(-amount) }

    func lines(_ name: String, _ labels: String) -> String {
        PrometheusText.sample(name, labels, PrometheusText.value(number.value))
    }
}

/// Timers (recorded in nanoseconds, told in seconds) and recorders that aggregate.
final class HistogramSeries: MetricSeries, TimerHandler, RecorderHandler {
    private struct State {
        /// One more than the bounds: the last is for what is over all of them.
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// - Parameter bounds: ascending upper bounds, each inclusive.
    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) {
        record(Double(duration) / 1e9)
    }

    func record(_ value: Int64) {
        record(Double(value))
    }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func lines(_ name: String, _ labels: String) -> String {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        let prefix = labels.isEmpty ? "" : labels + ","
        var text = ""
        var total: UInt64 = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < bounds.count ? PrometheusText.value(bounds[index]) : "+Inf"
            text += PrometheusText.sample("\(name)_bucket", "\(prefix)le=\"\(bound)\"", "\(total)")
        }
        text += PrometheusText.sample("\(name)_sum", labels, PrometheusText.value(sum))
        return text + PrometheusText.sample("\(name)_count", labels, "\(total)")
    }
}
