import LakeModel

/// Values that are looked for in payloads, found however the format of an object spells them.
///
/// Columns keep a number's value and a time's instant, not their text: what came as `17` may come back as `17.0`, and
/// `…+02:00` as UTC. So numbers are compared by their exact value and times as instants; all else as text.
public struct SoughtValues: Sendable {
    /// As they were given: strings without quotes, numbers as they are written.
    public let texts: Set<[UInt8]>
    /// Canonical spellings that `texts` lacks.
    private let numbers: Set<[UInt8]>
    /// Those of the doubles that columns keep in the place of `texts`.
    private let rounded: Set<[UInt8]>
    private let instants: Set<Instant>

    public init(_ texts: Set<[UInt8]>) {
        self.texts = texts
        var (numbers, rounded, instants): (Set<[UInt8]>, Set<[UInt8]>, Set<Instant>) = ([], [], [])
        for text in texts {
            if let instant = text.withUnsafeBytes(Instant.init) { instants.insert(instant) }
            guard let number = CanonicalNumber.text(text) else { continue }
            if !texts.contains(number) { numbers.insert(number) }
            if let double = Self.rounded(text), double != number { rounded.insert(double) }
        }
        (self.numbers, self.rounded, self.instants) = (numbers, rounded, instants)
    }

    /// The canonical spelling of the double that columns keep in a number's place.
    private static func rounded(_ text: [UInt8]) -> [UInt8]? {
        // Integers that a double would change are never in its columns, where they are written plainly.
        guard !text.withUnsafeBytes(CanonicalNumber.isPlainInteger),
            let double = Double(String(decoding: text, as: UTF8.self))
        else { return nil }
        return CanonicalNumber.text(JSONTree.number(double))
    }

    /// Whether a field has one of the values.
    public func contain(_ scalar: JSONScalar) -> Bool {
        switch scalar {
        case .string(let text):
            if texts.contains(Array(text)) { return true }
            guard !instants.isEmpty, let instant = Instant(text) else { return false }
            return instants.contains(instant)
        case .number(let text):
            let bytes = Array(text)
            if texts.contains(bytes) { return true }
            // Columns of doubles write none of these.
            guard !CanonicalNumber.isPlainInteger(text) else { return numbers.contains(bytes) }
            guard let number = CanonicalNumber.text(bytes) else { return false }
            return texts.contains(number) || numbers.contains(number) || rounded.contains(number)
        case .bool(let value): return texts.contains(Array((value ? "true" : "false").utf8))
        case .null: return false
        }
    }
}

/// A point in time, to the last digit that it is written with.
struct Instant: Hashable {
    private let time: Timestamp
    /// Digits behind the millisecond, without zeros at their end.
    private let finer: [UInt8]

    /// Reads RFC 3339 with a time of day and an offset; nil for anything else: without an offset nobody knows the
    /// instant, and a leap second is another one than the second after it.
    init?(_ text: UnsafeRawBufferPointer) {
        guard text.count >= "2026-11-21T05:07Z".utf8.count, let time = Timestamp.parse(text) else { return nil }
        let signs = [UInt8(ascii: "Z"), UInt8(ascii: "z"), UInt8(ascii: "+"), UInt8(ascii: "-")]
        let isLeap = text[16] == UInt8(ascii: ":") && text[17] == UInt8(ascii: "6")
        guard text.dropFirst("2026-11-21T05:07".utf8.count).contains(where: signs.contains), !isLeap else { return nil }
        self.time = time
        var finer: ArraySlice<UInt8> = []
        if let point = text.firstIndex(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ",") }) {
            finer = Array(text[(point + 1)...].prefix { $0 &- UInt8(ascii: "0") < 10 }).dropFirst(3)
        }
        while finer.last == UInt8(ascii: "0") { finer.removeLast() }
        self.finer = Array(finer)
    }
}
