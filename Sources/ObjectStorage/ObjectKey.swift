/// A key relative to the store's root.
///
/// Invariants, so that a name from outside can never leave its folder or inject a header:
/// - 1 to 1,024 bytes of UTF-8;
/// - no leading or trailing `/`, no empty segment, no segment `.` or `..`;
/// - no control character (U+0000–U+001F, U+007F).
///
/// Two keys are equal where their bytes are. (A `String` also equals its other Unicode normal forms, and splits at
/// characters, so that a combining mark hides the `/` before it; a store does neither.)
public struct ObjectKey: Sendable, CustomStringConvertible {
    public static let bytesMax = 1024

    public let description: String

    /// Nil where `text` breaks an invariant.
    public init?(_ text: String) {
        guard (1...Self.bytesMax).contains(text.utf8.count) else { return nil }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        for segment in text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        where segment.isEmpty || segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) {
            return nil
        }
        description = text
    }

    /// Whether the key's bytes start with those of `prefix`.
    public func hasPrefix(_ prefix: some StringProtocol) -> Bool {
        description.utf8.starts(with: prefix.utf8)
    }
}

extension ObjectKey: Hashable, Comparable {
    public static func == (a: ObjectKey, b: ObjectKey) -> Bool {
        a.description.utf8.elementsEqual(b.description.utf8)
    }

    public static func < (a: ObjectKey, b: ObjectKey) -> Bool {
        a.description.utf8.lexicographicallyPrecedes(b.description.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        var text = description
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }
}
