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
            bytes.append(contentsOf: name)
            bytes.append(contentsOf: label)
            bytes.append(UInt8(ascii: " "))
            append(value)
            bytes.append(UInt8(ascii: "\n"))
        }
        return leftOut
    }

    /// Whole numbers and whole thousandths, which is all that offsets, counts and times are; others by `String`.
    mutating func append(_ value: Double) {
        let thousandths = value * 1000
        guard thousandths.magnitude < 0x1p53, thousandths == thousandths.rounded() else {
            return append(PrometheusText.value(value))
        }
        let whole = Int64(thousandths)
        if whole < 0 { bytes.append(UInt8(ascii: "-")) }
        let (digits, fraction) = whole.magnitude.quotientAndRemainder(dividingBy: 1000)
        append(digits, width: 1)
        guard fraction != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        append(fraction, width: 3)
        while bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
    }

    private mutating func append(_ number: UInt64, width: Int) {
        let start = bytes.count
        var rest = number
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0 || bytes.count - start < width
        bytes[start...].reverse()
    }
}
