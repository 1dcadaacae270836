/// CRC-32/ISCSI (Castagnoli), as in `x-amz-checksum-crc32c`; the check value of `123456789` is e3069283.
public struct CRC32C: Sendable {
    private static let tables = CRCTables<UInt32>(reversedPolynomial: 0x82F6_3B78)
    private var state: UInt32 = ~0

    public init() {}

    /// The checksum of all bytes so far.
    public var value: UInt32 { ~state }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        state = Self.tables.advance32(state, over: bytes)
    }

    /// The checksum of `a` followed by `b`, from the checksums of each and the length of `b`.
    public static func combine(_ a: UInt32, _ b: UInt32, countOfB: Int) -> UInt32 {
        tables.shifted(a, byBytes: countOfB) ^ b
    }
}
