/// A key relative to the store's root.
///
/// Invariants, so that a name from outside can never leave its folder or inject a header:
/// - 1 to 1,024 bytes of UTF-8;
/// - no leading or trailing `/`, no empty segment, no segment `.` or `..`;
/// - no control character (U+0000–U+001F, U+007F).
public struct ObjectKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let description: String

    /// Nil where `text` breaks an invariant.
    public init?(_ text: String) {
        guard (1...1024).contains(text.utf8.count) else { return nil }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        for segment in text.split(separator: "/", omittingEmptySubsequences: false)
        where segment.isEmpty || segment == "." || segment == ".." {
            return nil
        }
        description = text
    }

    public static func < (a: ObjectKey, b: ObjectKey) -> Bool {
        a.description.utf8.lexicographicallyPrecedes(b.description.utf8)
    }
}
