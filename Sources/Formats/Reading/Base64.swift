internal import Compression

extension FrameBuffer {
    /// Appends the bytes of canonical base64 with padding; false, and nothing is appended, for anything else.
    func append(decodedBase64 text: UnsafeRawBufferPointer) -> Bool {
        guard text.count % 4 == 0 else { return false }
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let sextets = text.dropLast(padding)
        ensure(free: text.count / 4 * 3)
        let target = base + count
        var (bits, length): (UInt32, Int) = (0, 0)
        for (index, byte) in sextets.enumerated() {
            guard let sextet = sextet(byte) else { return false }
            bits = bits << 6 | sextet
            guard index % 4 > 0 else { continue }
            let byte = UInt8(truncatingIfNeeded: bits >> UInt32(6 - 2 * (index % 4)))
            target.storeBytes(of: byte, toByteOffset: length, as: UInt8.self)
            length += 1
        }
        // Whole bytes leave 0, 2 or 4 bits over; they must be zero, so that one text stands for one run of bytes.
        let spare: UInt32 = padding == 2 ? 0xF : padding == 1 ? 0x3 : 0
        // The last character of a padded group gave no whole byte of its own.
        guard bits & spare == 0 else { return false }
        advance(by: length)
        return true
    }
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
