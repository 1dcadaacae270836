internal import Compression

/// Writes the pieces of a line straight into a buffer's memory; every method asks the buffer for room first.
extension FrameBuffer {
    @inline(__always)
    func append(literal text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes an integer in decimal.
    @inline(__always)
    func append(decimal value: Int64) {
        ensure(free: 20)
        let magnitude = value.magnitude
        var target = base + count
        if value < 0 {
            target.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self)
            target += 1
        }
        let digits = decimalDigits(magnitude)
        var rest = magnitude
        var place = digits
        while rest >= 100 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            place &-= 2
            target.storeBytes(of: decimalPair(pair), toByteOffset: place, as: UInt16.self)
            rest = quotient
        }
        if rest >= 10 {
            target.storeBytes(of: decimalPair(rest), as: UInt16.self)
        } else {
            target.storeBytes(of: UInt8(truncatingIfNeeded: rest &+ 48), as: UInt8.self)
        }
        advance(by: digits &+ (value < 0 ? 1 : 0))
    }

    /// Writes well-formed UTF-8 as the inside of a JSON string (RFC 8259 section 7).
    func append(escaping text: UnsafeRawBufferPointer) {
        ensure(free: text.count &* 6)
        var source = UnsafeRawPointer(text.baseAddress ?? UnsafeRawPointer(base))
        let end = source + text.count
        var target = base + count
        while source < end {
            // Eight bytes at a time; the target has room for six times as many.
            if end - source >= 8 {
                let word = source.loadUnaligned(as: UInt64.self)
                if !needsEscape(word) {
                    target.storeBytes(of: word, as: UInt64.self)
                    source += 8
                    target += 8
                    continue
                }
            }
            let stop = min(source + 8, end)
            while source < stop {
                target += write(escaping: source.load(as: UInt8.self), to: target)
                source += 1
            }
        }
        advance(by: target - (base + count))
    }

    /// Writes standard base64 with padding (RFC 4648 section 4).
    func append(base64 bytes: UnsafeRawBufferPointer) {
        let groups = bytes.count / 3
        ensure(free: (groups &+ 1) &* 4)
        let target = base + count
        for group in 0..<groups {
            let a = UInt32(bytes[group &* 3]), b = UInt32(bytes[group &* 3 &+ 1]), c = UInt32(bytes[group &* 3 &+ 2])
            target.storeBytes(of: base64Quad(a << 16 | b << 8 | c), toByteOffset: group &* 4, as: UInt32.self)
        }
        advance(by: groups &* 4)
        let rest = bytes.count &- groups &* 3
        guard rest > 0 else { return }
        let last = UInt32(bytes[groups &* 3]) << 16 | (rest == 2 ? UInt32(bytes[groups &* 3 &+ 1]) << 8 : 0)
        var quad = base64Quad(last)
        withUnsafeMutableBytes(of: &quad) { characters in
            characters[3] = UInt8(ascii: "=")
            if rest == 1 { characters[2] = UInt8(ascii: "=") }
            append(UnsafeRawBufferPointer(characters))
        }
    }
}

/// How many decimal digits `value` has; 1 for zero.
@inline(__always)
private func decimalDigits(_ value: UInt64) -> Int {
    // Wojciech Muła's estimate of log10 by log2: 1233/4096 is a little over log10(2).
    let bits = 64 &- (value | 1).leadingZeroBitCount
    let estimate = (bits &* 1233) >> 12
    return value < powerOfTen(estimate) ? max(estimate, 1) : estimate &+ 1
}

@inline(__always)
private func powerOfTen(_ exponent: Int) -> UInt64 {
    var result: UInt64 = 1
    var factor: UInt64 = 10
    var rest = exponent
    while rest > 0 {
        if rest & 1 == 1 { result &*= factor }
        factor &*= factor
        rest >>= 1
    }
    return result
}

/// The two digits of a number under 100, as they lie in memory.
@inline(__always)
private func decimalPair(_ value: UInt64) -> UInt16 {
    let tens = (value &* 103) >> 10
    return (UInt16(truncatingIfNeeded: tens | (value &- tens &* 10) << 8) | 0x3030).littleEndian
}

/// Whether one of the eight bytes is a quotation mark, a backslash or a control character.
@inline(__always)
private func needsEscape(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101, highs: UInt64 = 0x8080_8080_8080_8080
    let quote = word ^ (ones &* 0x22), backslash = word ^ (ones &* 0x5C)
    // The classic "has a byte less than n" (Bit Twiddling Hacks); exact as to whether there is one at all.
    let control = (word &- ones &* 0x20) & ~word
    return (control | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & highs != 0
}

/// Writes one byte of a JSON string's inside; answers how many bytes it took, at most 6.
private func write(escaping byte: UInt8, to target: UnsafeMutableRawPointer) -> Int {
    let short: UInt8
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): short = byte
    case 0x08: short = UInt8(ascii: "b")
    case 0x09: short = UInt8(ascii: "t")
    case 0x0A: short = UInt8(ascii: "n")
    case 0x0C: short = UInt8(ascii: "f")
    case 0x0D: short = UInt8(ascii: "r")
    case 0..<0x20:
        target.copyMemory(from: UnsafeRawPointer(("\\u00" as StaticString).utf8Start), byteCount: 4)
        target.storeBytes(of: hexDigit(byte >> 4), toByteOffset: 4, as: UInt8.self)
        target.storeBytes(of: hexDigit(byte & 15), toByteOffset: 5, as: UInt8.self)
        return 6
    default:
        target.storeBytes(of: byte, as: UInt8.self)
        return 1
    }
    target.storeBytes(of: UInt8(ascii: "\\"), as: UInt8.self)
    target.storeBytes(of: short, toByteOffset: 1, as: UInt8.self)
    return 2
}

private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

/// Four base64 characters for 24 bits, as they lie in memory.
@inline(__always)
private func base64Quad(_ bits: UInt32) -> UInt32 {
    let sextets = (bits >> 18 & 63) | (bits >> 12 & 63) << 8 | (bits >> 6 & 63) << 16 | (bits & 63) << 24
    // All four at once: each range of the alphabet adds its step where a sextet is at or above its start.
    let highs: UInt32 = 0x8080_8080, ones: UInt32 = 0x0101_0101
    func atLeast(_ start: UInt32) -> UInt32 { ((sextets | highs) &- ones &* start) >> 7 & ones }
    let characters =
        sextets &+ ones &* 65 &+ atLeast(26) &* 6 &- atLeast(52) &* 75 &- atLeast(62) &* 15 &+ atLeast(63) &* 3
    return characters.littleEndian
}
