private let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
private let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
private let prime3: UInt64 = 0x1656_67B1_9E37_79F9
private let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
private let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

/// XXH64 with seed 0, the hash of Parquet's Bloom filters (xxHash, doc/xxhash_spec.md).
func xxHash64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var index = 0
    var hash: UInt64
    if bytes.count >= 32 {
        var lanes: SIMD4<UInt64> = [prime1 &+ prime2, prime2, 0, 0 &- prime1]
        while index &+ 32 <= bytes.count {
            for lane in 0..<4 { lanes[lane] = round(lanes[lane], word(bytes, index &+ lane &* 8)) }
            index &+= 32
        }
        hash = rotate(lanes[0], 1) &+ rotate(lanes[1], 7) &+ rotate(lanes[2], 12) &+ rotate(lanes[3], 18)
        for lane in 0..<4 { hash = (hash ^ round(0, lanes[lane])) &* prime1 &+ prime4 }
    } else {
        hash = prime5
    }
    hash &+= UInt64(bytes.count)
    while index &+ 8 <= bytes.count {
        hash = rotate(hash ^ round(0, word(bytes, index)), 27) &* prime1 &+ prime4
        index &+= 8
    }
    if index &+ 4 <= bytes.count {
        let half = UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)))
        hash = rotate(hash ^ half &* prime1, 23) &* prime2 &+ prime3
        index &+= 4
    }
    while index < bytes.count {
        hash = rotate(hash ^ UInt64(bytes[index]) &* prime5, 11) &* prime1
        index &+= 1
    }
    hash = (hash ^ hash >> 33) &* prime2
    hash = (hash ^ hash >> 29) &* prime3
    return hash ^ hash >> 32
}

@inline(__always)
private func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 &- bits) }

@inline(__always)
private func round(_ lane: UInt64, _ word: UInt64) -> UInt64 { rotate(lane &+ word &* prime2, 31) &* prime1 }

@inline(__always)
private func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
}
