internal import Compression

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Reads the pieces of an envelope line from the front; each method throws where its piece is not there.
///
/// What needs no decoding is lent from the line, the rest from `decoded`. Its pieces together are never longer than
/// the line, so that room for one line is taken in the beginning and no piece moves.
struct LineScanner {
    private let line: UnsafeRawBufferPointer
    private let decoded: FrameBuffer
    private(set) var position = 0

    /// Pieces are good until `decoded` is used for the next line.
    init(_ line: UnsafeRawBufferPointer, decoded: FrameBuffer) {
        (self.line, self.decoded) = (line, decoded)
        decoded.clear()
        decoded.ensure(free: line.count)
    }

    var isAtEnd: Bool { position == line.count }

    /// The line up to here.
    var taken: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: line[..<position]) }

    func error(_ reason: String) -> LineError { LineError(byte: position, reason: reason) }

    /// Whether `text` comes next; takes it where it does.
    @inline(__always)
    mutating func take(_ text: StaticString) -> Bool {
        take(text.utf8Start, text.utf8CodeUnitCount)
    }

    /// Whether `bytes` come next; takes them where they do.
    mutating func take(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { $0.baseAddress.map { take($0, bytes.count) } ?? true }
    }

    @inline(__always)
    private mutating func take(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        // memcmp(3) reads `count` bytes of both, which are there.
        guard let base = line.baseAddress, count <= line.count - position, memcmp(base + position, bytes, count) == 0
        else { return false }
        position += count
        return true
    }

    @inline(__always)
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
    mutating func string() throws(LineError) -> UnsafeRawBufferPointer {
        try expect("\"")
        let first = takePlain()
        guard isAt(UInt8(ascii: "\"")) else { return try escapedString(first) }
        return try closeString(first)
    }

    /// Standard base64 with padding, as a JSON string.
    mutating func base64() throws(LineError) -> UnsafeRawBufferPointer {
        try expect("\"")
        let start = position
        while position < line.count, line[position] != UInt8(ascii: "\"") { position += 1 }
        let text = UnsafeRawBufferPointer(rebasing: line[start..<position])
        let first = decoded.count
        guard decoded.append(decodedBase64: text) else {
            throw LineError(byte: start, reason: "not base64 (RFC 4648 section 4, with padding)")
        }
        try expect("\"")
        return decodedBytes(from: first)
    }

    /// Everything up to the last `bytes` bytes of the line.
    mutating func takeAll(butLast bytes: Int) throws(LineError) -> UnsafeRawBufferPointer {
        let end = line.count - bytes
        guard position <= end else { throw error("the line is too short") }
        defer { position = end }
        return UnsafeRawBufferPointer(rebasing: line[position..<end])
    }

    /// A copy of a piece, to be changed; made once for a line at most, of its payload.
    func copy(_ piece: UnsafeRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        let first = decoded.count
        decoded.append(piece)
        return UnsafeMutableRawBufferPointer(start: decoded.base + first, count: piece.count)
    }
}

extension LineScanner {
    private func isAt(_ byte: UInt8) -> Bool { position < line.count && line[position] == byte }

    private func decodedBytes(from first: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: decoded.bytes[first...])
    }

    /// Takes what stands for itself: up to a quotation mark, a backslash, a control character or the line's end.
    private mutating func takePlain() -> UnsafeRawBufferPointer {
        let start = position
        while line.count - position >= 8 {
            let word = line.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let found = escapable(UInt64(littleEndian: word))
            guard found == 0 else {
                // The lowest of the marks is exact.
                position += found.trailingZeroBitCount >> 3
                return UnsafeRawBufferPointer(rebasing: line[start..<position])
            }
            position += 8
        }
        while position < line.count, case let byte = line[position], byte >= 0x20, byte != 0x22, byte != 0x5C {
            position += 1
        }
        return UnsafeRawBufferPointer(rebasing: line[start..<position])
    }

    private mutating func closeString(_ bytes: UnsafeRawBufferPointer) throws(LineError) -> UnsafeRawBufferPointer {
        position += 1
        guard isUTF8(bytes) else { throw error("a string is not UTF-8") }
        return bytes
    }

    /// The rest of a string with something in it that does not stand for itself.
    private mutating func escapedString(_ plain: UnsafeRawBufferPointer) throws(LineError) -> UnsafeRawBufferPointer {
        let first = decoded.count
        decoded.append(plain)
        while position < line.count {
            switch line[position] {
            case UInt8(ascii: "\""): return try closeString(decodedBytes(from: first))
            case UInt8(ascii: "\\"): try appendEscape()
            default: throw error("a control character in a string")
            }
            decoded.append(takePlain())
        }
        throw error("a string is not closed")
    }

    private mutating func appendEscape() throws(LineError) {
        guard position + 1 < line.count else { throw error("a string is not closed") }
        let character = line[position + 1]
        if character == UInt8(ascii: "u") {
            let unit = try utf16Unit()
            guard let scalar = try scalar(from: unit) else { throw error("half a surrogate pair") }
            // Six characters of text for each unit; at most three bytes of UTF-8.
            for byte in String(scalar).utf8 { decoded.append(byte) }
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
        decoded.append(plain)
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
