/// Writes text into a buffer that is large enough by the caller's promise (`SampleEvents.eventBytesMax`).
struct ByteCursor {
    private let base: UnsafeMutableRawPointer
    private(set) var count = 0

    init(_ buffer: UnsafeMutableRawBufferPointer) {
        // A buffer with bytes in it has an address.
        base = buffer.baseAddress.unsafelyUnwrapped
    }

    mutating func truncate(to count: Int) {
        self.count = min(self.count, count)
    }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        base.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    @inline(__always)
    mutating func text(_ literal: StaticString) {
        (base + count).copyMemory(from: literal.utf8Start, byteCount: literal.utf8CodeUnitCount)
        count += literal.utf8CodeUnitCount
    }

    @inline(__always)
    mutating func bytes(_ source: UnsafeRawPointer, _ length: Int) {
        (base + count).copyMemory(from: source, byteCount: length)
        count += length
    }

    /// The lowest `digits` hex digits of `value`.
    @inline(__always)
    mutating func hex(_ value: UInt64, digits: Int) {
        var shift = digits * 4
        while shift > 0 {
            shift -= 4
            let nibble = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15
            byte(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
        }
    }

    /// `value` in decimal, with zeros in front up to `width`.
    @inline(__always)
    mutating func decimal(_ value: UInt64, width: Int = 1) {
        var length = 1
        var bound: UInt64 = 10
        while length < 19, value >= bound {
            length += 1
            bound &*= 10
        }
        let size = max(length, width)
        var rest = value
        var index = count + size
        while index > count {
            index -= 1
            base.storeBytes(of: 0x30 + UInt8(truncatingIfNeeded: rest % 10), toByteOffset: index, as: UInt8.self)
            rest /= 10
        }
        count += size
    }
}
