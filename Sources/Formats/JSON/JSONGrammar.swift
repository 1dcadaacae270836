/// Judges a JSON text by its grammar alone (RFC 8259), number sizes and all. Slower than simdjson and needs no memory
/// but one bit per level; used where simdjson gives up on a number. The bytes are known to be valid UTF-8.
enum JSONGrammar {
    static func judge(_ bytes: UnsafeRawBufferPointer, depthMax: Int) -> JSONParser.Outcome {
        var scanner = JSONScanner(bytes)
        return scanner.skipDocument(depthMax: depthMax)
    }
}

/// Walks over JSON in raw bytes without recursion.
struct JSONScanner {
    let bytes: UnsafeRawBufferPointer
    var index = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var byte: UInt8 { index < bytes.count ? bytes[index] : 0 }
    var isAtEnd: Bool { index >= bytes.count }

    mutating func skipSpace() {
        while index < bytes.count, case let b = bytes[index], b == 0x20 || b == 0x0A || b == 0x0D || b == 0x09 {
            index += 1
        }
    }

    mutating func take(_ expected: Character) -> Bool {
        guard !isAtEnd, byte == expected.asciiValue else { return false }
        index += 1
        return true
    }

    mutating func skipDocument(depthMax: Int) -> JSONParser.Outcome {
        skipSpace()
        let outcome = skipValue(depthMax: depthMax)
        guard outcome == .valid else { return outcome }
        skipSpace()
        return isAtEnd ? .valid : .invalid
    }

    /// Skips one value, whatever is nested in it.
    mutating func skipValue(depthMax: Int) -> JSONParser.Outcome {
        var isObject: [Bool] = []
        while true {
            skipSpace()
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                let object = byte == UInt8(ascii: "{")
                index += 1
                isObject.append(object)
                guard isObject.count <= depthMax else { return .tooDeep }
                skipSpace()
                if take(object ? "}" : "]") {
                    isObject.removeLast()
                } else {
                    if object, !skipName() { return .invalid }
                    continue
                }
            } else if !skipScalar() {
                return .invalid
            }
            // Behind a value: close what ends here, or go on to the next member.
            while let object = isObject.last {
                skipSpace()
                if take(",") {
                    if object, !skipName() { return .invalid }
                    break
                }
                guard take(object ? "}" : "]") else { return .invalid }
                isObject.removeLast()
            }
            if isObject.isEmpty { return .valid }
        }
    }

    private mutating func skipName() -> Bool {
        skipSpace()
        guard skipString() else { return false }
        skipSpace()
        return take(":")
    }

    private mutating func skipScalar() -> Bool {
        switch byte {
        case UInt8(ascii: "\""): skipString()
        case UInt8(ascii: "t"): skip("true")
        case UInt8(ascii: "f"): skip("false")
        case UInt8(ascii: "n"): skip("null")
        default: skipNumber()
        }
    }

    private mutating func skip(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count - index >= count else { return false }
        for offset in 0..<count where bytes[index + offset] != word.utf8Start[offset] { return false }
        index += count
        return true
    }

    mutating func skipString() -> Bool {
        guard take("\"") else { return false }
        while index < bytes.count {
            let b = bytes[index]
            index += 1
            switch b {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"): if !skipEscape() { return false }
            case 0..<0x20: return false
            default: break
            }
        }
        return false
    }

    private mutating func skipEscape() -> Bool {
        guard !isAtEnd else { return false }
        let b = byte
        index += 1
        guard b == UInt8(ascii: "u") else { return "\"\\/bfnrt".utf8.contains(b) }
        guard bytes.count - index >= 4 else { return false }
        for offset in 0..<4 where Character(Unicode.Scalar(bytes[index + offset])).hexDigitValue == nil { return false }
        index += 4
        return true
    }

    private mutating func skipDigits() -> Bool {
        let start = index
        while index < bytes.count, bytes[index] &- 48 < 10 { index += 1 }
        return index > start
    }

    private mutating func skipNumber() -> Bool {
        _ = take("-")
        if !take("0"), !skipDigits() { return false }
        if take("."), !skipDigits() { return false }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            return skipDigits()
        }
        return true
    }
}
