/// Base64 (RFC 4648, section 4) of short byte strings, with padding.
func base64(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    var index = 0
    while index < bytes.count {
        let left = bytes.count - index
        let group =
            UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
            | (left > 2 ? UInt32(bytes[index + 2]) : 0)
        for digit in 0..<4 {
            let isPadding = digit > left
            text.append(isPadding ? UInt8(ascii: "=") : base64Digits[Int(group >> (18 - 6 * UInt32(digit)) & 63)])
        }
        index += 3
    }
    return String(decoding: text, as: UTF8.self)
}

/// The bytes, or nil where `text` is not base64 with padding.
func unbase64(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 4) else { return nil }
    let padding = digits.suffix(2).count { $0 == UInt8(ascii: "=") }
    var bytes: [UInt8] = []
    var (group, bits): (UInt32, Int) = (0, 0)
    for digit in digits.dropLast(padding) {
        guard let value = base64Digits.firstIndex(of: digit) else { return nil }
        group = group << 6 & 0xFF_FFFF | UInt32(value)
        bits += 6
        if bits >= 8 {
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
        }
    }
    return bytes
}

private let base64Digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
