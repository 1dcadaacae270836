/// CRC-64/NVME (NVM Express NVM Command Set Specification 1.0, section 5.2.1.3.4), eight bytes a step.
enum CRC64 {
    /// Row `n` advances a byte by `n` more bytes of zeros.
    private static let table: [UInt64] = {
        let reflectedPolynomial: UInt64 = 0x9A6C_9329_AC4B_C9B5
        var table = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt64(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ reflectedPolynomial : value >> 1 }
            table[byte] = value
        }
        for row in 1..<8 {
            for byte in 0..<256 {
                let before = table[(row - 1) * 256 + byte]
                table[row * 256 + byte] = (before >> 8) ^ table[Int(before & 0xFF)]
            }
        }
        return table
    }()

    static func checksum(_ bytes: [UInt8]) -> UInt64 {
        table.withUnsafeBufferPointer { table in
            bytes.withUnsafeBytes { bytes in
                var crc = ~UInt64(0)
                var index = 0
                while index + 8 <= bytes.count {
                    let word = crc ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                    crc = 0
                    for lane in 0..<8 { crc ^= table[(7 - lane) * 256 + Int((word >> (8 * UInt64(lane))) & 0xFF)] }
                    index += 8
                }
                while index < bytes.count {
                    crc = (crc >> 8) ^ table[Int((crc ^ UInt64(bytes[index])) & 0xFF)]
                    index += 1
                }
                return ~crc
            }
        }
    }
}
