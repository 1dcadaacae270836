/// CRC-64/NVME, as in `x-amz-checksum-crc64nvme`; the check value of `123456789` is ae8b14860a799888.
public struct CRC64NVME: Sendable {
    private static let tables = CRCTables<UInt64>(reversedPolynomial: 0x9A6C_9329_AC4B_C9B5)
    private var state: UInt64 = ~0

    public init() {}

    /// The checksum of all bytes so far.
    public var value: UInt64 { ~state }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        state = Self.tables.advance64(state, over: bytes)
    }

    public static func checksum(of bytes: [UInt8]) -> UInt64 {
        var crc = CRC64NVME()
        bytes.withUnsafeBytes { crc.update($0) }
        return crc.value
    }

    /// The checksum of `a` followed by `b`, from the checksums of each and the length of `b`.
    public static func combine(_ a: UInt64, _ b: UInt64, countOfB: Int) -> UInt64 {
        tables.shifted(a, byBytes: countOfB) ^ b
    }
}
