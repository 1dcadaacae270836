internal import Compression

/// Runs shorter than this are packed.
private let runMin = 8
/// Values in one packed run at most, so that its header takes two bytes at most.
private let packedMax = 8 * 8191

extension FrameBuffer {
    /// Appends values as runs and bit-packed groups of eight (Encodings.md, RLE/bit-packing hybrid), without a length.
    func append<Value: FixedWidthInteger & UnsignedInteger>(
        runs values: UnsafeBufferPointer<Value>, width: Int
    ) {
        guard let base = values.baseAddress else { return }
        var packedStart = 0
        var index = 0
        while index < values.count {
            let run = runLength(base + index, values.count &- index)
            if run >= runMin {
                append(packed: base + packedStart, count: index &- packedStart, width: width)
                append(run: UInt64(base[index]), count: run, width: width)
                index &+= run
                packedStart = index
            } else {
                index = min(index &+ 8, values.count)
                if index &- packedStart >= packedMax {
                    append(packed: base + packedStart, count: index &- packedStart, width: width)
                    packedStart = index
                }
            }
        }
        append(packed: base + packedStart, count: values.count &- packedStart, width: width)
    }

    private func append(run value: UInt64, count: Int, width: Int) {
        append(varint: UInt64(count) << 1)
        for byte in 0..<(width + 7) / 8 { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))) }
    }

    private func append<Value: FixedWidthInteger & UnsignedInteger>(
        packed values: UnsafePointer<Value>, count: Int, width: Int
    ) {
        guard count > 0 else { return }
        let groups = (count &+ 7) / 8
        append(varint: UInt64(groups) << 1 | 1)
        let bytes = groups &* width
        ensure(free: bytes &+ 16)
        var packer = BitPacker()
        var target = base + self.count
        for index in 0..<count { packer.put(UInt64(values[index]), width: width, to: &target) }
        packer.finish(to: &target)
        // The last group is filled up with zeros.
        let written = target - (base + self.count)
        if written < bytes { target.initializeMemory(as: UInt8.self, repeating: 0, count: bytes &- written) }
        advance(by: bytes)
    }
}

/// How many values from the first on are the same as it.
@inline(__always)
private func runLength<Value: FixedWidthInteger>(_ values: UnsafePointer<Value>, _ count: Int) -> Int {
    let first = values[0]
    var length = 1
    while length < count, values[length] == first { length &+= 1 }
    return length
}

/// Decodes the hybrid piece by piece.
struct RunLengthDecoder {
    private var cursor: ByteCursor
    private let width: Int
    private var runLeft = 0
    private var runValue: UInt64 = 0
    private var packed = UnsafeRawBufferPointer(start: nil, count: 0)
    private var packedLeft = 0
    private var packedBit = 0

    init(_ bytes: UnsafeRawBufferPointer, width: Int) throws(ParquetError) {
        guard (0...32).contains(width) else { throw .damaged("values of \(width) bits") }
        cursor = ByteCursor(bytes)
        self.width = width
    }

    /// Fills `target`; throws where the runs end before.
    mutating func decode<Value: FixedWidthInteger & UnsignedInteger>(
        _ target: UnsafeMutableBufferPointer<Value>
    ) throws(ParquetError) {
        var filled = 0
        while filled < target.count {
            if runLeft > 0 {
                let count = min(runLeft, target.count &- filled)
                let end = filled &+ count
                let value = Value(truncatingIfNeeded: runValue)
                while filled < end {
                    target[filled] = value
                    filled &+= 1
                }
                runLeft &-= count
            } else if packedLeft > 0 {
                let end = filled &+ min(packedLeft, target.count &- filled)
                packedLeft &-= end &- filled
                while filled < end {
                    target[filled] = Value(truncatingIfNeeded: unpackBits(packed, atBit: packedBit, width: width))
                    packedBit &+= width
                    filled &+= 1
                }
            } else {
                try nextRun()
            }
        }
    }

    private mutating func nextRun() throws(ParquetError) {
        let header = try cursor.varint()
        let count = header >> 1
        guard count > 0, count <= 1 << 32 else { throw .damaged("a run of \(count)") }
        if header & 1 == 0 {
            runLeft = Int(count)
            runValue = 0
            let bytes = try cursor.take((width + 7) / 8)
            for (place, byte) in bytes.enumerated() { runValue |= UInt64(byte) << UInt64(8 * place) }
            guard runValue < 1 << UInt64(width) else { throw .damaged("a run of \(runValue) in \(width) bits") }
        } else {
            // Some writers leave out what would only fill up the last group.
            let bytes = min(Int(count) * width, cursor.remaining)
            packed = try cursor.take(bytes)
            packedBit = 0
            packedLeft = width == 0 ? Int(count) * 8 : min(Int(count) * 8, bytes * 8 / width)
            guard packedLeft > 0 else { throw .damaged("a packed run ends early") }
        }
    }
}

/// Decodes the deprecated bit-packed levels, most significant bit first (Encodings.md, BIT_PACKED).
struct PackedLevelDecoder {
    private let bytes: UnsafeRawBufferPointer
    private let width: Int
    private var bit = 0

    init(_ bytes: UnsafeRawBufferPointer, width: Int) {
        (self.bytes, self.width) = (bytes, width)
    }

    mutating func decode(_ target: UnsafeMutableBufferPointer<UInt8>) throws(ParquetError) {
        guard bit + target.count * width <= bytes.count * 8 else { throw .damaged("the levels end early") }
        for index in target.indices {
            var value: UInt8 = 0
            for _ in 0..<width {
                value = value << 1 | (bytes[bit >> 3] >> UInt8(7 - bit & 7)) & 1
                bit += 1
            }
            target[index] = value
        }
    }
}
