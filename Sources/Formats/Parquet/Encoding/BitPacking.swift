internal import Compression

/// Packs integers of up to 64 bits, least significant bit first (parquet-format, Encodings.md, RLE/bit-packing hybrid).
struct BitPacker {
    private var word: UInt64 = 0
    private var bits = 0

    /// Appends the low `width` bits of `value`; the caller made room for eight bytes more than all of them take.
    @inline(__always)
    mutating func put(_ value: UInt64, width: Int, to target: inout UnsafeMutableRawPointer) {
        word |= value << UInt64(bits)
        bits &+= width
        guard bits >= 64 else { return }
        target.storeBytes(of: word.littleEndian, as: UInt64.self)
        target += 8
        bits &-= 64
        word = bits == 0 ? 0 : value >> UInt64(width &- bits)
    }

    /// Writes the last, partly filled bytes.
    @inline(__always)
    mutating func finish(to target: inout UnsafeMutableRawPointer) {
        target.storeBytes(of: word.littleEndian, as: UInt64.self)
        target += (bits &+ 7) / 8
        (word, bits) = (0, 0)
    }
}

/// Reads `width` bits at a bit offset; the value must lie inside `bytes`.
@inline(__always)
func unpackBits(_ bytes: UnsafeRawBufferPointer, atBit offset: Int, width: Int) -> UInt64 {
    guard width > 0 else { return 0 }
    let byte = offset >> 3
    let shift = offset & 7
    var word: UInt64
    if byte &+ 8 <= bytes.count {
        word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: byte, as: UInt64.self)) >> UInt64(shift)
        if shift &+ width > 64 { word |= UInt64(bytes[byte &+ 8]) << UInt64(64 &- shift) }
    } else {
        word = 0
        var index = byte
        var place = -shift
        while index < bytes.count, place < width {
            let value = UInt64(bytes[index])
            word |= place < 0 ? value >> UInt64(-place) : value << UInt64(place)
            index &+= 1
            place &+= 8
        }
    }
    return width == 64 ? word : word & (1 << UInt64(width) &- 1)
}

/// How many bits the largest value takes.
@inline(__always)
func bitWidth(of value: UInt64) -> Int { 64 &- value.leadingZeroBitCount }

extension FrameBuffer {
    /// Appends an unsigned integer, seven bits a byte, low ones first (ULEB128).
    func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    func append(zigzag value: Int64) {
        append(varint: UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    func append(littleEndian value: UInt32) {
        ensure(free: 4)
        (base + count).storeBytes(of: value.littleEndian, as: UInt32.self)
        advance(by: 4)
    }

    /// Writes over four bytes of the content.
    func replace(littleEndian value: UInt32, at position: Int) {
        precondition(position >= 0 && position + 4 <= count)
        (base + position).storeBytes(of: value.littleEndian, as: UInt32.self)
    }
}

/// Reads varints and bytes of an encoded page; knows where it ends.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var remaining: Int { bytes.count - position }

    mutating func varint() throws(ParquetError) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 70 {
            let byte = bytes[position]
            position += 1
            result |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return result }
            shift += 7
        }
        throw .damaged("an integer ends early at byte \(position) of the page")
    }

    mutating func zigzag() throws(ParquetError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func littleEndian32() throws(ParquetError) -> UInt32 {
        guard remaining >= 4 else { throw .damaged("a length ends early at byte \(position) of the page") }
        defer { position += 4 }
        return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    /// The next `count` bytes, borrowed.
    mutating func take(_ count: Int) throws(ParquetError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw .damaged("\(count) bytes wanted at byte \(position) of the page, \(remaining) are left")
        }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[position...]) }
}
