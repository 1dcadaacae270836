import Compression

/// The small pieces that lines are made of, written straight into a frame buffer.
extension FrameBuffer {
    @inline(__always)
    func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A decimal number.
    @inline(__always)
    func append(decimal value: Int64) {
        ensure(free: 20)
        var magnitude = value.magnitude
        var digits = 1
        var limit: UInt64 = 10
        while digits < 19, magnitude >= limit {
            digits += 1
            limit *= 10
        }
        if digits == 19, magnitude >= 10_000_000_000_000_000_000 { digits = 20 }
        let negative = value < 0
        let start = (base + count).assumingMemoryBound(to: UInt8.self)
        if negative { start[0] = UInt8(ascii: "-") }
        var position = digits - 1 + (negative ? 1 : 0)
        while magnitude >= 10 {
            let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
            start[position] = UInt8(truncatingIfNeeded: remainder) + 48
            magnitude = quotient
            position -= 1
        }
        start[position] = UInt8(truncatingIfNeeded: magnitude) + 48
        advance(by: digits + (negative ? 1 : 0))
    }

    /// A JSON string of UTF-8 text, quotes included; false, with nothing written, where the bytes are not UTF-8.
    @inline(__always)
    func append(jsonString text: UnsafeRawBufferPointer) -> Bool {
        var isPlain = true
        for byte in text where byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            isPlain = false
            break
        }
        if isPlain {
            ensure(free: text.count + 2)
            append(UInt8(ascii: "\""))
            append(text)
            append(UInt8(ascii: "\""))
            return true
        }
        return appendEscaped(text)
    }

    @inline(never)
    private func appendEscaped(_ text: UnsafeRawBufferPointer) -> Bool {
        guard String(validating: text, as: UTF8.self) != nil else { return false }
        ensure(free: text.count + 2)
        append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case 0..<0x20:
                append("\\u00")
                append(Self.hexDigit(byte >> 4))
                append(Self.hexDigit(byte & 15))
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
        return true
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? value + 48 : value + 87 }

    /// A JSON string of base64 (RFC 4648 section 4, padded), quotes included.
    func append(base64 bytes: UnsafeRawBufferPointer) {
        ensure(free: (bytes.count + 2) / 3 * 4 + 2)
        append(UInt8(ascii: "\""))
        var index = 0
        while index + 2 < bytes.count {
            let word = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            append(base64Word: word, characters: 4)
            index += 3
        }
        if bytes.count - index == 1 {
            append(base64Word: UInt32(bytes[index]) << 16, characters: 2)
            append("==")
        } else if bytes.count - index == 2 {
            append(base64Word: UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8, characters: 3)
            append("=")
        }
        append(UInt8(ascii: "\""))
    }

    private func append(base64Word word: UInt32, characters: Int) {
        for position in 0..<characters {
            append(Base64.alphabet[Int(word >> UInt32(18 - 6 * position)) & 63])
        }
    }
}

/// RFC 4648, section 4.
enum Base64 {
    static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
        return values
    }()

    /// The bytes, or nil where `text` is not padded base64.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3)
        var word: UInt32 = 0
        var inWord = 0
        var padding = 0
        for byte in text {
            if byte == UInt8(ascii: "=") {
                padding += 1
                word <<= 6
            } else {
                guard padding == 0, values[Int(byte)] != 255 else { return nil }
                word = word << 6 | UInt32(values[Int(byte)])
            }
            inWord += 1
            guard inWord == 4 else { continue }
            guard padding <= 2 else { return nil }
            result.append(UInt8(truncatingIfNeeded: word >> 16))
            if padding < 2 { result.append(UInt8(truncatingIfNeeded: word >> 8)) }
            if padding < 1 { result.append(UInt8(truncatingIfNeeded: word)) }
            (word, inWord) = (0, 0)
        }
        return result
    }
}
