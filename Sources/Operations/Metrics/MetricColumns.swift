/// The labels of many series, rendered once: a scrape of ten thousand topic partitions only copies them.
public struct MetricLabels: Sendable {
    /// Each with its braces.
    let texts: [[UInt8]]

    public init(_ rows: some Sequence<[(String, String)]>) {
        texts = rows.map { row in
            let labels = PrometheusText.labels(row)
            return Array((labels.isEmpty ? "" : "{\(labels)}").utf8)
        }
    }

    public var count: Int { texts.count }
}

/// Several metrics whose series share their labels: one row for each series, one column for each metric.
public struct MetricColumns: Sendable {
    public struct Column: Sendable {
        public var name: String
        public var kind: MetricFamily.Kind
        /// One line for people.
        public var help: String
        /// One for each row; NaN where there is none.
        public var values: [Double]

        public init(_ name: String, _ kind: MetricFamily.Kind, help: String, values: [Double]) {
            (self.name, self.kind, self.help, self.values) = (name, kind, help, values)
        }
    }

    public var labels: MetricLabels
    public var columns: [Column]

    public init(labels: MetricLabels, columns: [Column]) {
        (self.labels, self.columns) = (labels, columns)
    }
}

/// Appends the text format to a buffer of bytes; numbers are written without a detour over `String`.
struct PrometheusWriter {
    private(set) var bytes: [UInt8] = []

    init(reserving count: Int = 0) {
        bytes.reserveCapacity(count)
    }

    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Writes at most `rowsMax` rows; returns how many were left out.
    mutating func append(_ column: MetricColumns.Column, _ labels: MetricLabels, rowsMax: Int) -> Int {
        append(PrometheusText.header(column.name, kind: column.kind.rawValue, help: column.help))
        let name = Array(column.name.utf8)
        var written = 0
        var leftOut = 0
        for (label, value) in zip(labels.texts, column.values) where !value.isNaN {
            guard written < rowsMax else {
                leftOut += 1
                continue
            }
            written += 1
            append(name, label, value)
        }
        return leftOut
    }

    /// One line. Made in one piece and appended once, as sixty thousand of them are a scrape.
    private mutating func append(_ name: [UInt8], _ label: [UInt8], _ value: Double) {
        let thousandths = value * 1000
        guard thousandths.magnitude < 0x1p53, thousandths == thousandths.rounded() else {
            bytes.append(contentsOf: name)
            bytes.append(contentsOf: label)
            return append(" \(PrometheusText.value(value))\n")
        }
        // Sign, 16 digits, point, three more, blank and line feed.
        let lengthMax = name.count + label.count + 24
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: lengthMax) { line in
            _ = line.update(fromContentsOf: name)
            _ = line[name.count...].update(fromContentsOf: label)
            var end = name.count + label.count
            line[end] = UInt8(ascii: " ")
            end = Self.write(Int64(thousandths), to: line, at: end + 1)
            line[end] = UInt8(ascii: "\n")
            bytes.append(contentsOf: line[...end])
        }
    }

    /// Writes whole thousandths without needless zeros; returns the index behind them.
    private static func write(_ thousandths: Int64, to line: UnsafeMutableBufferPointer<UInt8>, at start: Int) -> Int {
        var (whole, fraction) = thousandths.magnitude.quotientAndRemainder(dividingBy: 1000)
        var end = start
        if thousandths < 0 {
            line[end] = UInt8(ascii: "-")
            end += 1
        }
        let first = end
        repeat {
            line[end] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: whole % 10)
            whole /= 10
            end += 1
        } while whole > 0
        line[first..<end].reverse()
        guard fraction > 0 else { return end }
        line[end] = UInt8(ascii: ".")
        end += 1
        var divisor: UInt64 = 100
        while fraction > 0 {
            line[end] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / divisor)
            fraction %= divisor
            divisor /= 10
            end += 1
        }
        return end
    }
}
