/// JSON strings.
enum JSONText {
    /// The UTF-8 bytes of a quoted JSON string; nil where it is none, or escapes a lone surrogate.
    static func unescape(_ quoted: UnsafeRawBufferPointer) -> [UInt8]? {
        guard quoted.count >= 2, quoted[0] == UInt8(ascii: "\""), quoted[quoted.count - 1] == UInt8(ascii: "\"") else {
            return nil
        }
        var result: [UInt8] = []
        result.reserveCapacity(quoted.count)
        var index = 1
        let end = quoted.count - 1
        while index < end {
            let byte = quoted[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard index < end else { return nil }
            let escape = quoted[index]
            index += 1
            if escape == UInt8(ascii: "u") {
                guard let scalar = unicode(quoted, &index, end) else { return nil }
                result.append(contentsOf: String(Character(scalar)).utf8)
            } else {
                guard let plain = simple[escape] else { return nil }
                result.append(plain)
            }
        }
        return result
    }

    private static let simple: [UInt8: UInt8] = [
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        UInt8(ascii: "/"): UInt8(ascii: "/"), UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
        UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
    ]

    private static func unicode(_ text: UnsafeRawBufferPointer, _ index: inout Int, _ end: Int) -> Unicode.Scalar? {
        guard let first = hex4(text, &index, end) else { return nil }
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
        guard index + 1 < end, text[index] == UInt8(ascii: "\\"), text[index + 1] == UInt8(ascii: "u") else { return nil }
        index += 2
        guard let second = hex4(text, &index, end), (0xDC00..<0xE000).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    }

    private static func hex4(_ text: UnsafeRawBufferPointer, _ index: inout Int, _ end: Int) -> UInt32? {
        guard index + 4 <= end else { return nil }
        defer { index += 4 }
        return UInt32(String(decoding: text[index..<index + 4], as: UTF8.self), radix: 16)
    }
}
