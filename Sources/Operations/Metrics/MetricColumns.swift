/// The labels of many series, rendered once: a scrape of ten thousand topic partitions only copies them.
public struct MetricLabels: Sendable {
    /// One behind the other, each with its braces.
    let bytes: [UInt8]
    /// Where each of them ends.
    let ends: [Int]

    public init(_ rows: some Sequence<[(String, String)]>) {
        var (bytes, ends): ([UInt8], [Int]) = ([], [])
        for row in rows {
            let labels = PrometheusText.labels(row)
            if !labels.isEmpty { bytes += "{\(labels)}".utf8 }
            ends.append(bytes.count)
        }
        (self.bytes, self.ends) = (bytes, ends)
    }

    public var count: Int { ends.count }
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
        let values = column.values.prefix(labels.count)
        let present = values.count { !$0.isNaN }
        let written = min(rowsMax, present)
        let room = labels.bytes.count + written * (name.count + Self.numberBytesMax + 2)
        bytes.append(addingCapacity: room) { span in
            span.withUnsafeMutableBufferPointer { buffer, count in
                var lines = Lines(buffer: buffer)
                lines.put(name, labels, values, rowsMax: written)
                count = lines.end
            }
        }
        return present - written
    }

    /// The longest text of a number: `-2.2250738585072014e-308`.
    static let numberBytesMax = 24
}

/// Sixty thousand lines are a scrape: they are written where they stay, into room that was made before.
private struct Lines {
    let buffer: UnsafeMutableBufferPointer<UInt8>
    private(set) var end = 0

    init(buffer: UnsafeMutableBufferPointer<UInt8>) {
        self.buffer = buffer
    }

    mutating func put(_ name: [UInt8], _ labels: MetricLabels, _ values: ArraySlice<Double>, rowsMax: Int) {
        name.withUnsafeBufferPointer { name in
            labels.bytes.withUnsafeBufferPointer { texts in
                var (start, left) = (0, rowsMax)
                for (next, value) in zip(labels.ends, values) {
                    defer { start = next }
                    guard left > 0, !value.isNaN else { continue }
                    left -= 1
                    put(name)
                    put(texts.extracting(start..<next))
                    put(UInt8(ascii: " "))
                    put(value)
                    put(UInt8(ascii: "\n"))
                }
            }
        }
    }

    private mutating func put(_ byte: UInt8) {
        buffer[end] = byte
        end += 1
    }

    private mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        _ = buffer.extracting(end..<end + bytes.count).initialize(fromContentsOf: bytes)
        end += bytes.count
    }

    private mutating func put(_ value: Double) {
        let thousandths = value * 1000
        guard thousandths.magnitude < 0x1p53, case let whole = Int64(thousandths), Double(whole) == thousandths else {
            return Array(PrometheusText.value(value).utf8).withUnsafeBufferPointer { put($0) }
        }
        put(thousandths: whole)
    }

    /// Writes whole thousandths without needless zeros.
    private mutating func put(thousandths: Int64) {
        let whole = thousandths.magnitude / 1000
        var fraction = thousandths.magnitude % 1000
        if thousandths < 0 { put(UInt8(ascii: "-")) }
        put(digits: whole)
        guard fraction > 0 else { return }
        put(UInt8(ascii: "."))
        var divisor: UInt64 = 100
        while fraction > 0 {
            put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / divisor))
            fraction %= divisor
            divisor /= 10
        }
    }

    /// Offsets and times have ten digits and more: two are written at a time, from the last on.
    private mutating func put(digits number: UInt64) {
        let (pairs, start) = (Self.pairs.utf8Start, end)
        end += Self.digitCount(number)
        var (rest, place) = (number, end)
        while rest >= 10 {
            let pair = Int(truncatingIfNeeded: rest % 100) * 2
            rest /= 100
            place -= 2
            (buffer[place], buffer[place + 1]) = (pairs[pair], pairs[pair + 1])
        }
        if place > start { buffer[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest) }
    }

    private static func digitCount(_ number: UInt64) -> Int {
        var (count, limit) = (1, 10 as UInt64)
        // Thousandths below 2^53 leave thirteen digits.
        while number >= limit {
            count += 1
            limit *= 10
        }
        return count
    }

    private static let pairs: StaticString = """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839\
        40414243444546474849505152535455565758596061626364656667686970717273747576777879\
        8081828384858687888990919293949596979899
        """
}
