/// What is known of one column of a data object, so that readers can pass the object over.
///
/// Bounds are written as text: integers and numbers in decimal, `true` and `false`, dates and times in RFC 3339 with
/// microseconds in UTC. Bounds of text may be cut: then the lower one is less and the upper one greater than any value.
public struct ColumnStatistics: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case boolean, integer, number, text, date, time
    }

    /// Columns that an object's entry lists at most, so that manifests stay small.
    public static let columnsMax = 16
    /// Bytes of a text bound at most.
    public static let boundBytesMax = 32

    /// The names of the fields on the way to it, joined by dots.
    public var name: String
    public var kind: Kind
    /// Records that have no value there.
    public var nulls: Int64
    /// Absent where there is no value.
    public var min: String?
    public var max: String?

    public init(name: String, kind: Kind, nulls: Int64, min: String?, max: String?) {
        (self.name, self.kind, self.nulls, self.min, self.max) = (name, kind, nulls, min, max)
    }

    /// Whether some record may have this text in the column.
    public func mayHold(text: String) -> Bool {
        guard kind == .text, let min, let max else { return min != nil }
        return !isLess(text, min) && !isLess(max, text)
    }

    /// By UTF-8, as Parquet orders text.
    private func isLess(_ one: String, _ other: String) -> Bool { one.utf8.lexicographicallyPrecedes(other.utf8) }
}
