/// Reads the pieces of an envelope line from the front; each method throws where its piece is not there.
struct LineScanner {
    private let line: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ line: UnsafeRawBufferPointer) {
        self.line = line
    }

    var isAtEnd: Bool { position == line.count }

    func error(_ reason: String) -> LineError { LineError(byte: position, reason: reason) }

    /// Whether `text` comes next; takes it where it does.
    mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard count <= line.count - position else { return false }
        let wanted = UnsafeRawBufferPointer(start: text.utf8Start, count: count)
        guard line[position..<(position + count)].elementsEqual(wanted) else { return false }
        position += count
        return true
    }

    mutating func expect(_ text: StaticString) throws(LineError) {
        guard take(text) else { throw error("expected \(text)") }
    }

    /// A decimal integer as the writer puts it: no plus, no leading zero.
    mutating func integer() throws(LineError) -> Int64 {
        var end = position
        if end < line.count, line[end] == UInt8(ascii: "-") { end += 1 }
        let digits = end
        while end < line.count, line[end] &- 48 < 10 { end += 1 }
        let text = UnsafeRawBufferPointer(rebasing: line[position..<end])
        guard let value = Int64(decimal: text), end - digits == 1 || line[digits] != UInt8(ascii: "0") else {
            throw error("expected an integer of 64 bits")
        }
        position = end
        return value
    }

    /// A JSON string, escapes resolved.
    mutating func string() throws(LineError) -> [UInt8] {
        try expect("\"")
        var bytes: [UInt8] = []
        while true {
            let start = position
            while position < line.count, line[position] >= 0x20, line[position] != 0x22, line[position] != 0x5C {
                position += 1
            }
            bytes.append(contentsOf: line[start..<position])
            guard position < line.count else { throw error("a string is not closed") }
            switch line[position] {
            case 0x22:
                position += 1
                guard bytes.withUnsafeBytes(isUTF8) else { throw error("a string is not UTF-8") }
                return bytes
            case 0x5C: try escape(into: &bytes)
            default: throw error("a control character in a string")
            }
        }
    }

    /// Standard base64 with padding, as a JSON string.
    mutating func base64() throws(LineError) -> [UInt8] {
        try expect("\"")
        let start = position
        while position < line.count, line[position] != 0x22 { position += 1 }
        let text = UnsafeRawBufferPointer(rebasing: line[start..<position])
        guard let bytes = decodeBase64(text) else {
            throw LineError(byte: start, reason: "not base64 (RFC 4648 section 4, with padding)")
        }
        try expect("\"")
        return bytes
    }

    mutating func skip(_ bytes: Int) throws(LineError) {
        guard bytes <= line.count - position else { throw error("the line is too short") }
        position += bytes
    }

    /// Everything up to the last `bytes` bytes of the line.
    mutating func takeAll(butLast bytes: Int) throws(LineError) -> UnsafeRawBufferPointer {
        let end = line.count - bytes
        guard position <= end else { throw error("the line is too short") }
        defer { position = end }
        return UnsafeRawBufferPointer(rebasing: line[position..<end])
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(LineError) {
        guard position + 1 < line.count else { throw error("a string is not closed") }
        let character = line[position + 1]
        if character == UInt8(ascii: "u") {
            let unit = try utf16Unit()
            guard let scalar = try scalar(from: unit) else { throw error("half a surrogate pair") }
            bytes.append(contentsOf: Array(String(scalar).utf8))
            return
        }
        let plain: UInt8? =
            switch character {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): character
            case UInt8(ascii: "b"): 0x08
            case UInt8(ascii: "t"): 0x09
            case UInt8(ascii: "n"): 0x0A
            case UInt8(ascii: "f"): 0x0C
            case UInt8(ascii: "r"): 0x0D
            default: nil
            }
        guard let plain else { throw error("no such escape in JSON") }
        bytes.append(plain)
        position += 2
    }

    private mutating func utf16Unit() throws(LineError) -> UInt32 {
        let digits = position + 2..<min(position + 6, line.count)
        var unit: UInt32 = 0
        guard digits.count == 4, line[position] == 0x5C, line[position + 1] == UInt8(ascii: "u") else {
            throw error("half a surrogate pair")
        }
        for byte in line[digits] {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else {
                throw error("expected four hex digits")
            }
            unit = unit << 4 | UInt32(digit)
        }
        position += 6
        return unit
    }

    private mutating func scalar(from unit: UInt32) throws(LineError) -> UnicodeScalar? {
        guard (0xD800..<0xDC00).contains(unit) else { return UnicodeScalar(unit) }
        guard position + 6 <= line.count else { return nil }
        let low = try utf16Unit()
        guard (0xDC00..<0xE000).contains(low) else { return nil }
        return UnicodeScalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
    }
}

/// The bytes of canonical base64 with padding; nil for anything else.
func decodeBase64(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var bits: UInt32 = 0
    for (index, byte) in text.dropLast(padding).enumerated() {
        guard let sextet = sextet(byte) else { return nil }
        bits = bits << 6 | sextet
        if index % 4 > 0 {
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(6 - 2 * (index % 4))))
        }
    }
    // Whole bytes leave 0, 2 or 4 bits over; they must be zero, so that one text stands for one run of bytes.
    let spare: UInt32 = padding == 2 ? 0xF : padding == 1 ? 0x3 : 0
    // The last character of a padded group gave no whole byte of its own.
    guard bits & spare == 0 else { return nil }
    return bytes
}

private func sextet(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
}
