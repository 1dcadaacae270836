public import LakeModel

/// Reads topic, partition and offset from the front of envelope lines, and nothing behind them.
///
/// Every envelope begins `{"topic":"…","partition":…,"offset":…`; lines of one topic partition have the same front,
/// so that most are recognised by comparing bytes.
public struct CoordinateReader {
    private var front: [UInt8] = []
    private var source = TopicPartition(topic: "", partition: 0)

    public init() {}

    /// Nil where the line is no envelope.
    public mutating func read(_ line: UnsafeRawBufferPointer) -> (TopicPartition, Int64)? {
        if !front.isEmpty, line.starts(with: front) {
            return integer(line, at: front.count).map { (source, $0.value) }
        }
        return readFront(line)
    }

    private mutating func readFront(_ line: UnsafeRawBufferPointer) -> (TopicPartition, Int64)? {
        let opening = Array("{\"topic\":\"".utf8)
        guard line.starts(with: opening) else { return nil }
        let rest = line[opening.count...]
        // Kafka's topic names hold no character that JSON would escape.
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")), !rest[..<end].contains(UInt8(ascii: "\\")) else {
            return nil
        }
        let topic = String(decoding: rest[..<end], as: UTF8.self)
        let middle = Array("\",\"partition\":".utf8)
        guard line[end...].starts(with: middle), let partition = integer(line, at: end + middle.count),
            let number = Int32(exactly: partition.value)
        else { return nil }
        let closing = Array(",\"offset\":".utf8)
        guard line[partition.end...].starts(with: closing),
            let offset = integer(line, at: partition.end + closing.count)
        else { return nil }
        front = Array(line[..<(partition.end + closing.count)])
        source = TopicPartition(topic: topic, partition: number)
        return (source, offset.value)
    }

    /// Digits, then anything but a digit; the end is the index after the last digit.
    private func integer(_ line: UnsafeRawBufferPointer, at start: Int) -> (value: Int64, end: Int)? {
        var index = start
        var value: Int64 = 0
        while index < line.count, case let digit = line[index] &- 0x30, digit < 10 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow, product <= .max - Int64(digit) else { return nil }
            value = product + Int64(digit)
            index += 1
        }
        return index > start && index < line.count ? (value, index) : nil
    }
}
