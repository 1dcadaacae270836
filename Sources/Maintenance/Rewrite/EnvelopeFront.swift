import Glibc
public import LakeModel

/// What stands at the front of an envelope line.
public struct EnvelopeFront: Hashable, Sendable {
    /// Index in the `RowSources`, which is the topic partition's rank.
    public var source: Int32
    public var offset: Int64
    /// Kafka's timestamp, or the nearest one that the catalog can write; nil where the event has none, which producers
    /// also say with -1 (RecordBatch.NO_TIMESTAMP).
    public var timestamp: Int64?
    /// Where the line goes on: with the dead letter's reason, or with the key.
    public var end: Int

    public init(source: Int32, offset: Int64, timestamp: Int64?, end: Int) {
        (self.source, self.offset, self.timestamp, self.end) = (source, offset, timestamp, end)
    }
}

/// The topic partitions of the objects that are rewritten together, in order.
public struct RowSources: Sendable {
    public let all: [TopicPartition]
    private let indices: [TopicPartition: Int32]

    public init(of objects: some Sequence<DataObject>) {
        all = Set(objects.flatMap { $0.offsets.map(\.topicPartition) }).sorted()
        indices = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, Int32($0)) })
    }

    public func index(of source: TopicPartition) -> Int32? { indices[source] }
}

/// Reads the fronts of envelope lines; lines of one topic partition have the same beginning, which is compared first.
public struct EnvelopeFrontReader {
    private let sources: RowSources
    private var prefix: [UInt8] = []
    private var source: Int32 = 0
    private var coordinates = CoordinateReader()

    public init(sources: RowSources) {
        self.sources = sources
    }

    /// Nil where the line is no envelope, or is one of a topic partition that the catalog does not list.
    public mutating func read(_ line: UnsafeRawBufferPointer) -> EnvelopeFront? {
        if prefix.isEmpty || !line.begins(with: prefix) {
            guard let (source, _) = coordinates.read(line), let index = sources.index(of: source) else { return nil }
            let front = Array("{\"topic\":\"\(source.topic)\",\"partition\":\(source.partition),\"offset\":".utf8)
            guard line.begins(with: front) else { return nil }
            (prefix, self.source) = (front, index)
        }
        var position = prefix.count
        guard let offset = line.integer(at: &position), line.take(",\"timestamp\":", at: &position) else { return nil }
        var timestamp: Int64?
        if !line.take("null", at: &position) {
            guard let value = line.integer(at: &position) else { return nil }
            if value != -1 { timestamp = PartitionCalendar.clamped(value) }
        }
        guard line.take(",\"timestamp_type\":\"", at: &position) else { return nil }
        guard
            line.take("create\"", at: &position) || line.take("append\"", at: &position)
                || line.take("none\"", at: &position)
        else { return nil }
        return EnvelopeFront(source: source, offset: offset, timestamp: timestamp, end: position)
    }
}

extension StoredRow {
    /// The key as the line writes it, which is one text for one key; nil for a null key, and in dead letters.
    var keyText: UnsafeRawBufferPointer? {
        guard var position = front?.end else { return nil }
        let start = position
        guard line.take(",\"key", at: &position) else { return nil }
        guard line.take("_base64\":\"", at: &position) || line.take("\":\"", at: &position) else { return nil }
        while position < line.count, line[position] != UInt8(ascii: "\"") {
            position += line[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < line.count else { return nil }
        return UnsafeRawBufferPointer(rebasing: line[start..<position])
    }
}

extension UnsafeRawBufferPointer {
    func begins(with bytes: [UInt8]) -> Bool {
        guard let base = baseAddress, count >= bytes.count else { return bytes.isEmpty }
        // memcmp(3) reads `bytes.count` bytes of both, which are there.
        return bytes.withUnsafeBytes { other in other.baseAddress.map { memcmp(base, $0, bytes.count) == 0 } ?? true }
    }

    /// Moves `position` behind `text` where it comes next.
    func take(_ text: StaticString, at position: inout Int) -> Bool {
        let size = text.utf8CodeUnitCount
        guard let base = baseAddress, position >= 0, count - position >= size,
            memcmp(base + position, text.utf8Start, size) == 0
        else { return false }
        position += size
        return true
    }

    /// Reads an optional minus and digits; something has to follow them in the line.
    func integer(at position: inout Int) -> Int64? {
        var index = position
        let isNegative = index < count && self[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        let digits = index
        var value: Int64 = 0
        while index < count, case let digit = self[index] &- 0x30, digit < 10 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (next, overflowToo) = product.subtractingReportingOverflow(Int64(digit))
            guard !overflow, !overflowToo else { return nil }
            value = next
            index += 1
        }
        // Counted downwards, as the least integer has no positive counterpart.
        guard index > digits, index < count, isNegative || value != .min else { return nil }
        position = index
        return isNegative ? value : -value
    }
}
