/// Why a line could not be read, and where in the file.
struct LineFault: Error, Hashable {
    var reason: String
    var offset: Int
}

/// Reads JSON tokens from one line of borrowed bytes. Refuses what a canonical writer never writes: fractions,
/// exponents, control characters, unpaired surrogates. No recursion, so no input can exhaust the stack.
struct LineScanner {
    /// Valid for the call that made the scanner only.
    private let bytes: UnsafeBufferPointer<UInt8>
    /// Where the line begins in its file, for messages.
    private let base: Int
    private var index = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, base: Int) {
        (self.bytes, self.base) = (bytes, base)
    }

    func fault(_ reason: String) -> LineFault { LineFault(reason: reason, offset: base + index) }

    private mutating func skipSpace() {
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 || bytes[index] == 0x0D { index += 1 }
    }

    /// Takes one byte where it comes next, after white space.
    mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    mutating func expect(_ byte: UInt8) throws(LineFault) {
        guard take(byte) else { throw fault("expected \"\(Character(UnicodeScalar(byte)))\"") }
    }

    mutating func expectEnd() throws(LineFault) {
        skipSpace()
        guard index == bytes.count else { throw fault("something follows the object") }
    }

    /// A whole number of 64 bits.
    mutating func integer() throws(LineFault) -> Int64 {
        let negative = take(UInt8(ascii: "-"))
        let start = index
        var value: Int64 = 0
        while index < bytes.count, case let digit = bytes[index] &- 48, digit < 10 {
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.subtractingReportingOverflow(Int64(digit))
            guard !overflowed, !carried else { throw fault("a number is too large") }
            value = sum
            index += 1
        }
        guard index > start, bytes[start] != 48 || index == start + 1 else { throw fault("expected a whole number") }
        guard negative || value > .min else { throw fault("a number is too large") }
        return negative ? value : -value
    }

    /// A string without escapes, as the bytes between its quotes; nil where it has escapes, with nothing read.
    mutating func plain() throws(LineFault) -> UnsafeBufferPointer<UInt8>? {
        skipSpace()
        let quote = index
        try expect(UInt8(ascii: "\""))
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return UnsafeBufferPointer(rebasing: bytes[start..<(index - 1)])
            }
            if byte == UInt8(ascii: "\\") {
                index = quote
                return nil
            }
            guard byte >= 0x20 else { throw fault("a control character in a string") }
            index += 1
        }
        throw fault("a string has no end")
    }

    /// A string without escapes; refuses others. For keys, enumerations and times.
    mutating func token() throws(LineFault) -> UnsafeBufferPointer<UInt8> {
        guard let bytes = try plain() else { throw fault("an escape where none belongs") }
        return bytes
    }

    mutating func string() throws(LineFault) -> String {
        if let bytes = try plain() {
            guard let text = String(validating: bytes, as: UTF8.self) else { throw fault("a string is not UTF-8") }
            return text
        }
        try expect(UInt8(ascii: "\""))
        var units: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: units, as: UTF8.self) else { throw fault("a string is not UTF-8") }
                return text
            case UInt8(ascii: "\\"):
                try escape(into: &units)
            case 0x00..<0x20:
                throw fault("a control character in a string")
            default:
                units.append(byte)
            }
        }
        throw fault("a string has no end")
    }

    private mutating func escape(into units: inout [UInt8]) throws(LineFault) {
        guard index < bytes.count else { throw fault("a string has no end") }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "n"): units.append(0x0A)
        case UInt8(ascii: "f"): units.append(0x0C)
        case UInt8(ascii: "r"): units.append(0x0D)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code) {
                guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
                else { throw fault("half a surrogate pair") }
                index += 2
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw fault("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = UnicodeScalar(code) else { throw fault("half a surrogate pair") }
            units.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        default: throw fault("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(LineFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard index < bytes.count, let digit = Character(UnicodeScalar(bytes[index])).hexDigitValue else {
                throw fault("an unknown escape")
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }
}

/// Whether two runs of bytes are the same.
func == (bytes: UnsafeBufferPointer<UInt8>, text: StaticString) -> Bool {
    text.withUTF8Buffer { $0.count == bytes.count && $0.elementsEqual(bytes) }
}
