/// A split-block Bloom filter (parquet-format, BloomFilter.md): says for sure that a value is not in a column chunk.
struct BloomFilter {
    /// Of one bitset at most, as the other writers have it.
    static let bytesMax = 128 << 20
    private static let salts: [UInt32] = [
        0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31,
    ]

    private var words: [UInt32]

    /// Takes about ten bits for each distinct value: one false answer in a hundred.
    init(distinctCount: Int, bytesMax: Int = Self.bytesMax) {
        var bytes = 32
        while bytes < bytesMax, bytes * 8 < distinctCount.multipliedReportingOverflow(by: 10).partialValue {
            bytes *= 2
        }
        words = [UInt32](repeating: 0, count: bytes / 4)
    }

    /// A bitset as it is stored; nil where its size is none.
    init?(bitset: ArraySlice<UInt8>) {
        guard bitset.count >= 32, bitset.count % 32 == 0, bitset.count <= Self.bytesMax else { return nil }
        words = bitset.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
            }
        }
    }

    /// The block of a hash: the high half scaled to the number of blocks.
    private func block(_ hash: UInt64) -> Int {
        Int(((hash >> 32) &* UInt64(words.count / 8)) >> 32) &* 8
    }

    mutating func insert(_ hash: UInt64) {
        let block = block(hash)
        for place in 0..<8 { words[block + place] |= Self.mask(hash, place) }
    }

    func mayContain(_ hash: UInt64) -> Bool {
        let block = block(hash)
        return (0..<8).allSatisfy { words[block + $0] & Self.mask(hash, $0) != 0 }
    }

    private static func mask(_ hash: UInt64, _ place: Int) -> UInt32 {
        1 << ((UInt32(truncatingIfNeeded: hash) &* salts[place]) >> 27)
    }

    /// Header and bitset.
    func encoded() -> [UInt8] {
        var writer = ThriftWriter()
        writer.structure { header in
            header.int32(1, Int32(words.count * 4))
            for id: Int16 in 2...4 { header.structure(id) { $0.structure(1) { _ in } } }
        }
        var bytes = writer.bytes
        bytes.reserveCapacity(bytes.count + words.count * 4)
        for word in words {
            for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return bytes
    }

    /// How many bytes of bitset follow the header, and where; throws for another algorithm, hash or compression.
    static func header(_ bytes: UnsafeRawBufferPointer) throws(ParquetError) -> (headerBytes: Int, bitsetBytes: Int) {
        var reader = ThriftReader(bytes)
        var size: Int32 = 0
        try reader.begin()
        while let field = try reader.next() {
            switch field.id {
            case 1: size = try reader.int32(field)
            case 2...4:
                try reader.begin(field)
                while let choice = try reader.next() {
                    guard choice.id == 1 else { throw ParquetError(.unsupported, "", "a bloom filter of a new kind") }
                    try reader.skip(choice)
                }
            default: try reader.skip(field)
            }
        }
        guard size >= 32, size % 32 == 0, Int(size) <= bytesMax else {
            throw .damaged("a bloom filter of \(size) bytes")
        }
        return (reader.position, Int(size))
    }
}
