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
    private let instants: Set<Instant>

    public init(_ texts: Set<[UInt8]>) {
        self.texts = texts
        var (numbers, instants): (Set<[UInt8]>, Set<Instant>) = ([], [])
        for text in texts {
            if let instant = text.withUnsafeBytes(Instant.init) { instants.insert(instant) }
            for number in Self.canonical(text) where !texts.contains(number) { numbers.insert(number) }
        }
        (self.numbers, self.instants) = (numbers, instants)
    }

    /// A number's canonical spelling, and that of the double that columns keep in its place.
    private static func canonical(_ text: [UInt8]) -> [[UInt8]] {
        guard let number = CanonicalNumber.text(text) else { return [] }
        // Integers that a double would change are never in its columns, where they are written plainly.
        guard !text.withUnsafeBytes(CanonicalNumber.isPlainInteger),
            let double = Double(String(decoding: text, as: UTF8.self)),
            let rounded = CanonicalNumber.text(JSONTree.number(double))
        else { return [number] }
        return [number, rounded]
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
            guard !CanonicalNumber.isPlainInteger(text) else { return numbers.contains(bytes) }
            guard let number = CanonicalNumber.text(bytes) else { return false }
            return texts.contains(number) || numbers.contains(number)
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

    /// Reads RFC 3339 with a time of day; nil for anything else.
    init?(_ text: UnsafeRawBufferPointer) {
        guard text.count >= "2026-11-21T05:07Z".utf8.count, let time = Timestamp.parse(text) else { return nil }
        self.time = time
        var finer: ArraySlice<UInt8> = []
        if let point = text.firstIndex(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ",") }) {
            finer = Array(text[(point + 1)...].prefix { $0 &- UInt8(ascii: "0") < 10 }).dropFirst(3)
        }
        while finer.last == UInt8(ascii: "0") { finer.removeLast() }
        self.finer = Array(finer)
    }
}
