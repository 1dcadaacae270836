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
        // A sign, 20 digits, and what eight-byte stores write too much.
        ensure(free: 32)
        if value < 0 { append(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        if magnitude < 100_000_000 {
            append(leading: magnitude)
        } else if magnitude < 10_000_000_000_000_000 {
            let (high, low) = magnitude.quotientAndRemainder(dividingBy: 100_000_000)
            append(leading: high)
            append(eightDigits: low)
        } else {
            let (high, low) = magnitude.quotientAndRemainder(dividingBy: 10_000_000_000_000_000)
            append(leading: high)
            append(eightDigits: low / 100_000_000)
            append(eightDigits: low % 100_000_000)
        }
    }

    /// Up to eight digits, without leading zeros.
    @inline(__always)
    private func append(leading value: UInt64) {
        let digits = decimalDigits(value)
        // The last digit stays, even where it is zero.
        let zeros = min(digits.trailingZeroBitCount >> 3, 7)
        let text = (digits | asciiZeros) >> UInt64(zeros &* 8)
        (base + count).storeBytes(of: text.littleEndian, as: UInt64.self)
        advance(by: 8 &- zeros)
    }

    @inline(__always)
    private func append(eightDigits value: UInt64) {
        (base + count).storeBytes(of: (decimalDigits(value) | asciiZeros).littleEndian, as: UInt64.self)
        advance(by: 8)
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
                if escapable(word) == 0 {
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

private let asciiZeros: UInt64 = 0x3030_3030_3030_3030

/// The eight digits of a number under 100,000,000, one in each byte, the first in the lowest.
@inline(__always)
private func decimalDigits(_ value: UInt64) -> UInt64 {
    // Paul Khuong, "How to print integers really fast": split into two lanes of four digits, four of two, eight of one;
    // divisions by 100 and 10 are multiplications that are exact below 10,000 and 100.
    let (high, low) = value.quotientAndRemainder(dividingBy: 10_000)
    let fours = high | low << 32
    let hundreds = ((fours &* 10_486) >> 20) & 0x0000_007F_0000_007F
    let twos = hundreds | (fours &- hundreds &* 100) << 16
    let tens = ((twos &* 103) >> 10) & 0x000F_000F_000F_000F
    return tens | (twos &- tens &* 10) << 8
}

/// Whether the bytes are ASCII and stand for themselves in a JSON string, as nearly all keys and headers do.
@inline(__always)
func isPlain(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count >= 8 else {
        return text.allSatisfy { $0 >= 0x20 && $0 < 0x80 && $0 != 0x22 && $0 != 0x5C }
    }
    // The last word overlaps the one before, so that no bytes are left over.
    var found: UInt64 = 0
    var offset = 0
    while offset < text.count {
        let word = text.loadUnaligned(fromByteOffset: min(offset, text.count &- 8), as: UInt64.self)
        found |= escapable(word) | word & highBits
        offset &+= 8
    }
    return found == 0
}

private let highBits: UInt64 = 0x8080_8080_8080_8080

/// Not zero where one of the eight bytes is a quotation mark, a backslash or a control character. The lowest bit that
/// is set is the highest of the first such byte; those above may be wrong, as subtractions borrow.
@inline(__always)
func escapable(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quote = word ^ (ones &* 0x22), backslash = word ^ (ones &* 0x5C)
    // The classic "has a byte less than n" (Bit Twiddling Hacks); exact as to whether there is one at all.
    let control = (word &- ones &* 0x20) & ~word
    return (control | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & highBits
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
