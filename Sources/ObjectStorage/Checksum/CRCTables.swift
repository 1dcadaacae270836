/// Tables for one reflected CRC: sixteen bytes a step (M. Kounavis and F. Berry, "Novel table lookup-based algorithms
/// for high-performance CRC generation", 2008), and arithmetic modulo the polynomial to join two checksums.
struct CRCTables<Word: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    private let polynomial: Word
    /// Sixteen tables of 256 words: `table[k][b]` is the effect of byte `b` followed by `k` zero bytes.
    /// Made once for the life of the process, read only after that.
    private nonisolated(unsafe) let words: UnsafePointer<Word>

    init(reversedPolynomial polynomial: Word) {
        self.polynomial = polynomial
        let made = UnsafeMutablePointer<Word>.allocate(capacity: 16 * 256)
        for byte in 0..<256 {
            var word = Word(truncatingIfNeeded: byte)
            for _ in 0..<8 { word = word & 1 == 1 ? (word >> 1) ^ polynomial : word >> 1 }
            made[byte] = word
        }
        for index in 256..<(16 * 256) {
            let previous = made[index - 256]
            made[index] = (previous >> 8) ^ made[Int(truncatingIfNeeded: previous & 0xFF)]
        }
        words = UnsafePointer(made)
    }

    @inline(__always)
    private func lookUp(_ table: Int, _ byte: UInt64) -> Word {
        words[table &* 256 &+ Int(truncatingIfNeeded: byte & 0xFF)]
    }

    /// The effect of eight bytes, of which the first to come is followed by `table` others.
    @inline(__always)
    private func lookUpEight(_ block: UInt64, from table: Int) -> Word {
        let low = lookUp(table, block) ^ lookUp(table &- 1, block >> 8)
        let middle = lookUp(table &- 2, block >> 16) ^ lookUp(table &- 3, block >> 24)
        let high = lookUp(table &- 4, block >> 32) ^ lookUp(table &- 5, block >> 40)
        return low ^ middle ^ high ^ lookUp(table &- 6, block >> 48) ^ lookUp(table &- 7, block >> 56)
    }

    @inline(__always)
    private func advance(_ start: Word, over bytes: UnsafeRawBufferPointer) -> Word {
        guard var next = bytes.baseAddress else { return start }
        var (crc, left) = (start, bytes.count)
        while left >= 16 {
            let first = UInt64(littleEndian: next.loadUnaligned(as: UInt64.self)) ^ UInt64(truncatingIfNeeded: crc)
            let second = UInt64(littleEndian: next.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            crc = lookUpEight(first, from: 15) ^ lookUpEight(second, from: 7)
            next += 16
            left &-= 16
        }
        while left > 0 {
            let byte = UInt64(truncatingIfNeeded: crc) ^ UInt64(next.load(as: UInt8.self))
            crc = (crc >> 8) ^ lookUp(0, byte)
            next += 1
            left &-= 1
        }
        return crc
    }

    /// The product of two polynomials modulo this one; bit-reflected, so that the highest bit is x⁰.
    private func product(_ a: Word, _ b: Word) -> Word {
        var (sum, factor): (Word, Word) = (0, b)
        var mask: Word = 1 << (Word.bitWidth - 1)
        while mask != 0 {
            if a & mask != 0 { sum ^= factor }
            factor = factor & 1 == 1 ? (factor >> 1) ^ polynomial : factor >> 1
            mask >>= 1
        }
        return sum
    }

    /// `crc` times x^(8·count): what a checksum becomes when `count` more bytes follow.
    func shifted(_ crc: Word, byBytes count: Int) -> Word {
        var power: Word = 1 << (Word.bitWidth - 1 - 8)
        var (result, left) = (crc, max(0, count))
        while left != 0 {
            if left & 1 == 1 { result = product(power, result) }
            power = product(power, power)
            left >>= 1
        }
        return result
    }
}

// The generic loop is specialised here, where the compiler can see both types.
extension CRCTables where Word == UInt32 {
    func advance32(_ start: UInt32, over bytes: UnsafeRawBufferPointer) -> UInt32 { advance(start, over: bytes) }
}

extension CRCTables where Word == UInt64 {
    func advance64(_ start: UInt64, over bytes: UnsafeRawBufferPointer) -> UInt64 { advance(start, over: bytes) }
}
