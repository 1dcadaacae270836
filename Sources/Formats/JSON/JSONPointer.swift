internal import CSimdjson

/// A JSON Pointer (RFC 6901): the way to one value in a JSON text.
public struct JSONPointer: Sendable {
    /// Longer pointers are refused.
    public static let bytesMax = 1024

    /// As it was written.
    public let description: String
    /// The unescaped names of all steps, one after the other.
    let text: [UInt8]
    let steps: [varve_json_step]

    /// Reads `""`, `/a/b`, `/items/0`; nil where it does not start with a slash or has a `~` that is no escape.
    public init?(_ text: String) {
        guard text.isEmpty || text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= Self.bytesMax else { return nil }
        var names: [UInt8] = []
        var steps: [varve_json_step] = []
        for part in text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst() {
            guard let name = Self.unescaped(part) else { return nil }
            steps.append(varve_json_step(offset: names.count, count: name.count, index: Self.index(name)))
            names += name
        }
        (self.description, self.text, self.steps) = (text, names, steps)
    }

    /// The unescaped names of its steps.
    var names: [ArraySlice<UInt8>] { steps.map { text[$0.offset..<$0.offset + $0.count] } }

    /// RFC 6901 section 4: `~1` is a slash, `~0` a tilde, and no other tilde may stand.
    private static func unescaped(_ part: some Sequence<UInt8>) -> [UInt8]? {
        var name: [UInt8] = []
        var tilde = false
        for byte in part {
            switch (tilde, byte) {
            case (true, UInt8(ascii: "0")): name.append(UInt8(ascii: "~"))
            case (true, UInt8(ascii: "1")): name.append(UInt8(ascii: "/"))
            case (true, _): return nil
            case (false, UInt8(ascii: "~")): break
            default: name.append(byte)
            }
            tilde = !tilde && byte == UInt8(ascii: "~")
        }
        return tilde ? nil : name
    }

    /// The step as an array index: digits without a leading zero; -1 for anything else.
    private static func index(_ name: [UInt8]) -> Int64 {
        guard name.count == 1 || name.first != UInt8(ascii: "0"), name.first != UInt8(ascii: "-") else { return -1 }
        return name.withUnsafeBytes { Int64(decimal: $0) } ?? -1
    }
}

extension JSONPointer: Hashable, CustomStringConvertible {
    public static func == (a: JSONPointer, b: JSONPointer) -> Bool { a.description == b.description }

    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}
