import LakeModel

/// Made-up click-stream events for demonstrations, tests and benchmarks: nested JSON of about 690 bytes.
///
/// Event `i` of a seed is always the same, whatever was asked for before it, so that a reader can check what it finds
/// against what was produced, and several threads can produce parts of one stream.
public struct SampleEvents: Sendable {
    /// No event needs more room than this.
    public static let eventBytesMax = 2048

    public let options: SampleOptions
    private let writer = ClickStreamWriter()

    public init(_ options: SampleOptions) {
        self.options = options
    }

    /// Writes key and value of event `index` to the start of `buffer`, which must have `eventBytesMax` bytes.
    public func write(_ index: Int, to buffer: UnsafeMutableRawBufferPointer) -> SampleEvent {
        precondition(buffer.count >= Self.eventBytesMax, "a sample event needs \(Self.eventBytesMax) bytes of room")
        var random = SplitMix(seed: options.seed, stream: UInt64(truncatingIfNeeded: index))
        let kind = options.kind(of: random.next())
        let timestamp = eventTime(index, isLate: kind == .late, &random)
        var cursor = ByteCursor(buffer)

        let userBits = random.next()
        writer.writeUser(userBits, &cursor)
        let key = kind == .nullKey ? nil : 0..<cursor.count
        let valueStart = cursor.count
        switch kind {
        case .tombstone:
            return SampleEvent(kind: kind, timestamp: timestamp, key: key, value: nil)
        case .binary:
            writer.writeBinary(&random, &cursor)
        case .malformed:
            writer.writeEvent(index, timestamp, userBits, &random, &cursor)
            cursor.truncate(to: valueStart + (cursor.count - valueStart) / 2)
        case .ordinary, .late, .nullKey:
            writer.writeEvent(index, timestamp, userBits, &random, &cursor)
        }
        return SampleEvent(
            kind: kind, timestamp: timestamp, key: key, value: valueStart..<cursor.count)
    }

    /// Key and value of event `index` as arrays: for tests and small amounts.
    public func event(_ index: Int) -> (event: SampleEvent, key: [UInt8]?, value: [UInt8]?) {
        withUnsafeTemporaryAllocation(byteCount: Self.eventBytesMax, alignment: 8) { buffer in
            let event = write(index, to: buffer)
            return (event, event.key.map { Array(buffer[$0]) }, event.value.map { Array(buffer[$0]) })
        }
    }

    /// Event times rise evenly over the span, give or take a second; late events fall behind by up to 17 minutes.
    private func eventTime(_ index: Int, isLate: Bool, _ random: inout SplitMix) -> Int64 {
        let bits = random.next()
        let place = options.spanMilliseconds * Int64(index) / Int64(max(options.count, 1))
        var time = options.startMilliseconds + place + Int64(bits & 2047) - 1024
        if isLate { time -= Int64(bits >> 11 & 0xF_FFFF) }
        return max(time, options.startMilliseconds)
    }
}

/// What one sample event is and where its bytes are in the buffer.
public struct SampleEvent: Sendable {
    public var kind: SampleKind
    /// Milliseconds since 1970: the Kafka timestamp, and `ts_ms` in the value.
    public var timestamp: Int64
    /// Nil for a null key.
    public var key: Range<Int>?
    /// Nil for a tombstone.
    public var value: Range<Int>?
}

public enum SampleKind: String, Sendable, CaseIterable {
    case ordinary
    /// Behind the others in event time.
    case late
    /// JSON that breaks off in the middle.
    case malformed
    case nullKey = "null_key"
    /// A null value.
    case tombstone
    /// Bytes that are not UTF-8.
    case binary
}

/// How many events, over which time, and which part of them is out of the ordinary.
public struct SampleOptions: Sendable {
    public var count: Int
    public var seed: UInt64
    /// Milliseconds since 1970.
    public var startMilliseconds: Int64
    public var spanMilliseconds: Int64
    /// Parts of one: the kinds that are not listed do not occur, the rest is ordinary.
    public var fractions: [SampleKind: Double] {
        didSet { thresholds = Self.thresholds(of: fractions) }
    }
    private var thresholds: [Threshold]

    private struct Threshold: Sendable {
        var below: UInt64
        var kind: SampleKind
    }

    /// 2026-01-15T08:00:00Z and four hours, 1.5 % late: what the benchmarks use.
    public init(
        count: Int, seed: UInt64 = 42, startMilliseconds: Int64 = 1_768_464_000_000,
        spanMilliseconds: Int64 = 4 * 3_600_000, fractions: [SampleKind: Double] = [.late: 1 / 64]
    ) {
        (self.count, self.seed) = (count, seed)
        (self.startMilliseconds, self.spanMilliseconds) = (startMilliseconds, spanMilliseconds)
        self.fractions = fractions
        thresholds = Self.thresholds(of: fractions)
    }

    func kind(of bits: UInt64) -> SampleKind {
        let draw = bits >> 11
        for threshold in thresholds where draw < threshold.below { return threshold.kind }
        return .ordinary
    }

    /// Running sums of the fractions on the scale of 53 bits.
    private static func thresholds(of fractions: [SampleKind: Double]) -> [Threshold] {
        var sum = 0.0
        return SampleKind.allCases.compactMap { kind in
            guard let part = fractions[kind], part > 0 else { return nil }
            sum = min(1, sum + part)
            return Threshold(below: UInt64(sum * 0x1p53), kind: kind)
        }
    }
}
