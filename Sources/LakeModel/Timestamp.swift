/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z, as Kafka counts it.
///
/// Written in JSON as an RFC 3339 string in UTC with milliseconds, `2026-11-21T05:07:09.250Z`.
public struct Timestamp: Hashable, Comparable, Sendable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool {
        a.milliseconds < b.milliseconds
    }

    /// This time moved by a whole number of milliseconds; saturates instead of overflowing.
    public func advanced(byMilliseconds delta: Int64) -> Timestamp {
        let (sum, overflow) = milliseconds.addingReportingOverflow(delta)
        return Timestamp(milliseconds: overflow ? (delta < 0 ? .min : .max) : sum)
    }

    /// This time moved back by a span; saturates.
    public func before(_ span: Duration) -> Timestamp {
        let milliseconds = span.inMilliseconds
        return advanced(byMilliseconds: milliseconds == .min ? .max : -milliseconds)
    }

    /// The calendar day that this time falls on in UTC.
    public var day: CalendarDay {
        CalendarDay(daysSinceEpoch: Int32(clamping: milliseconds.flooredDivision(by: 86_400_000)))
    }
}

extension Timestamp: CustomStringConvertible {
    public var description: String {
        let inDay = milliseconds.flooredRemainder(by: 86_400_000)
        let (second, millisecond) = inDay.quotientAndRemainder(dividingBy: 1000)
        return "\(day)T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
            + ".\(padded(millisecond, 3))Z"
    }
}

extension Timestamp {
    /// Reads RFC 3339 (`2026-11-21T05:07:09.25Z`, `…+02:00`, a space for the `T`); digits finer than a
    /// millisecond are cut off. A date alone means midnight UTC. Nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard let value = text.utf8.withContiguousStorageIfAvailable(Self.parse) ?? Self.parse(Array(text.utf8)) else {
            return nil
        }
        self = value
    }

    /// Reads RFC 3339 from bytes without allocating; the same rules as `init(_:)`.
    public static func parse(_ bytes: some RandomAccessCollection<UInt8>) -> Timestamp? {
        var reader = DigitReader(bytes)
        guard let year = reader.number(4), reader.take(UInt8(ascii: "-")), let month = reader.number(2),
            reader.take(UInt8(ascii: "-")), let dayOfMonth = reader.number(2),
            let day = CalendarDay(year: year, month: month, day: dayOfMonth)
        else { return nil }
        let midnight = Int64(day.daysSinceEpoch) * 86_400_000
        if reader.isAtEnd { return Timestamp(milliseconds: midnight) }
        guard reader.take(UInt8(ascii: "T")) || reader.take(UInt8(ascii: "t")) || reader.take(UInt8(ascii: " ")),
            let hour = reader.number(2), hour < 24, reader.take(UInt8(ascii: ":")),
            let minute = reader.number(2), minute < 60
        else { return nil }
        var second = 0
        if reader.take(UInt8(ascii: ":")) {
            guard let value = reader.number(2), value <= 60 else { return nil }
            second = value
        }
        let millisecond = reader.fraction()
        guard let millisecond, let offsetMinutes = reader.zoneOffsetMinutes(), reader.isAtEnd else { return nil }
        let inDay = (hour * 60 + minute - offsetMinutes) * 60_000 + second * 1000 + millisecond
        return Timestamp(milliseconds: midnight + Int64(inDay))
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time: \(text)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Reads fixed-width digits from the front of a run of bytes.
private struct DigitReader<Bytes: RandomAccessCollection<UInt8>> {
    private let bytes: Bytes
    private var index: Bytes.Index

    init(_ bytes: Bytes) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    var isAtEnd: Bool { index == bytes.endIndex }

    mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.endIndex, bytes[index] == byte else { return false }
        index = bytes.index(after: index)
        return true
    }

    mutating func digit() -> Int? {
        guard index < bytes.endIndex, case let byte = bytes[index], byte &- 48 < 10 else { return nil }
        index = bytes.index(after: index)
        return Int(byte &- 48)
    }

    mutating func number(_ width: Int) -> Int? {
        var value = 0
        for _ in 0..<width {
            guard let next = digit() else { return nil }
            value = value * 10 + next
        }
        return value
    }

    /// `.25` → 250; nothing → 0; a point with no digit → nil.
    mutating func fraction() -> Int? {
        guard take(UInt8(ascii: ".")) || take(UInt8(ascii: ",")) else { return 0 }
        guard var value = digit() else { return nil }
        for _ in 0..<2 { value = value * 10 + (digit() ?? 0) }
        while digit() != nil {}
        return value
    }

    mutating func zoneOffsetMinutes() -> Int? {
        if isAtEnd || take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) { return 0 }
        let sign = take(UInt8(ascii: "+")) ? 1 : take(UInt8(ascii: "-")) ? -1 : 0
        guard sign != 0, let hours = number(2), hours < 24 else { return nil }
        _ = take(UInt8(ascii: ":"))
        if isAtEnd { return sign * hours * 60 }
        guard let minutes = number(2), minutes < 60 else { return nil }
        return sign * (hours * 60 + minutes)
    }
}

extension Duration {
    /// Whole milliseconds, cut off; the nearest that 64 bits can hold.
    public var inMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min : .max) : product &+ attoseconds / 1_000_000_000_000_000
    }
}
