internal import Compression

/// Byte arrays as a page under construction or a dictionary keeps them.
struct ByteArrayValues {
    var bytes: UnsafePointer<UInt8>?
    /// Of each value's start, and behind them of the last one's end; not read where `count` is 0.
    var offsets: UnsafePointer<UInt32>?
    var count: Int

    @inline(__always)
    subscript(index: Int) -> UnsafeRawBufferPointer {
        guard let bytes, let offsets else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let start = Int(offsets[index])
        return UnsafeRawBufferPointer(start: bytes + start, count: Int(offsets[index &+ 1]) &- start)
    }

    var all: UnsafeRawBufferPointer {
        guard count > 0, let offsets else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: bytes, count: Int(offsets[count]))
    }

    /// Calls `body` with the length of each value.
    @inline(__always)
    func forEachLength(_ body: (Int, Int32) -> Void) {
        guard let offsets else { return }
        for index in 0..<count { body(index, Int32(bitPattern: offsets[index &+ 1] &- offsets[index])) }
    }
}

extension FrameBuffer {
    /// Each value behind its length (Encodings.md, PLAIN).
    func append(plain values: ByteArrayValues) {
        ensure(free: values.all.count &+ values.count &* 4)
        for index in 0..<values.count {
            let value = values[index]
            append(littleEndian: UInt32(value.count))
            append(value)
        }
    }

    /// All lengths, then all bytes (Encodings.md, DELTA_LENGTH_BYTE_ARRAY).
    func append(deltaLengths values: ByteArrayValues) {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: values.count) { lengths in
            values.forEachLength { lengths[$0] = $1 }
            append(deltas: UnsafeBufferPointer(lengths))
        }
        append(values.all)
    }

    /// What each value shares with the one before, then the rest of each (Encodings.md, DELTA_BYTE_ARRAY).
    func append(deltaArrays values: ByteArrayValues) {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: values.count * 2) { memory in
            let prefixes = UnsafeMutableBufferPointer(rebasing: memory[..<values.count])
            let suffixes = UnsafeMutableBufferPointer(rebasing: memory[values.count...])
            var last = UnsafeRawBufferPointer(start: nil, count: 0)
            for index in 0..<values.count {
                let value = values[index]
                let shared = sharedPrefix(last, value)
                prefixes[index] = Int32(shared)
                suffixes[index] = Int32(value.count - shared)
                last = value
            }
            append(deltas: UnsafeBufferPointer(prefixes))
            append(deltas: UnsafeBufferPointer(suffixes))
            for index in 0..<values.count {
                append(UnsafeRawBufferPointer(rebasing: values[index][Int(prefixes[index])...]))
            }
        }
    }

    /// The bytes of each place of all values together (Encodings.md, BYTE_STREAM_SPLIT).
    func append(split values: UnsafePointer<UInt8>, count: Int, width: Int) {
        ensure(free: count &* width)
        let target = (base + self.count).assumingMemoryBound(to: UInt8.self)
        for place in 0..<width {
            let stream = target + place &* count
            for index in 0..<count { stream[index] = values[index &* width &+ place] }
        }
        advance(by: count &* width)
    }

    /// One bit for each byte that is not 0 (Encodings.md, PLAIN of booleans).
    func append(bits values: UnsafePointer<UInt8>, count: Int) {
        ensure(free: count / 8 &+ 16)
        var target = base + self.count
        var packer = BitPacker()
        for index in 0..<count { packer.put(UInt64(values[index] & 1), width: 1, to: &target) }
        packer.finish(to: &target)
        advance(by: (count &+ 7) / 8)
    }
}

/// How many bytes two values begin with alike.
private func sharedPrefix(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Int {
    let most = min(one.count, other.count)
    var index = 0
    while index < most, one[index] == other[index] { index &+= 1 }
    return index
}
