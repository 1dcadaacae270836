public import LakeModel

/// A table's name: 1 to 200 of `A–Z a–z 0–9 _ - .`, beginning with a letter or digit, never ending in `.`, and free of
/// the suffixes that address side tables.
public struct TableName: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let description: String

    /// Nil where `text` breaks a rule.
    public init?(_ text: some StringProtocol) {
        guard (1...200).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        guard let first = text.utf8.first, Self.isAlphanumeric(first), !text.hasSuffix(".") else {
            return nil
        }
        for side in TableSide.allCases where side != .main && text.hasSuffix(".\(side.rawValue)") { return nil }
        description = String(text)
    }

    /// The same as `init(_:)`, with an error that says what is allowed.
    public static func parse(_ text: some StringProtocol) throws(CatalogError) -> TableName {
        guard let name = TableName(text) else {
            throw .invalid(
                "not a table name: \"\(text.prefix(80))\"; use 1 to 200 letters, digits, \"_\", \"-\", \".\", "
                    + "beginning with a letter or digit")
        }
        return name
    }

    public static func < (a: TableName, b: TableName) -> Bool {
        a.description.utf8.lexicographicallyPrecedes(b.description.utf8)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

/// What a user calls a table: `orders`, or one of its side tables `orders.late` and `orders.dead_letter`.
public struct TableAddress: Hashable, Sendable, CustomStringConvertible {
    public var table: TableName
    public var side: TableSide

    public init(table: TableName, side: TableSide) {
        (self.table, self.side) = (table, side)
    }

    /// Reads an address.
    public static func parse(_ text: some StringProtocol) throws(CatalogError) -> TableAddress {
        for side in TableSide.allCases where side != .main {
            let suffix = ".\(side.rawValue)"
            guard text.hasSuffix(suffix) else { continue }
            return TableAddress(table: try TableName.parse(text.dropLast(suffix.count)), side: side)
        }
        return TableAddress(table: try TableName.parse(text), side: .main)
    }

    public var description: String {
        side == .main ? table.description : "\(table).\(side.rawValue)"
    }
}
