internal import Compression

private let blockValues = 128
private let miniblockValues = 32
private let miniblocks = blockValues / miniblockValues

extension FrameBuffer {
    /// Appends integers as differences (Encodings.md, DELTA_BINARY_PACKED); differences wrap in the values' own width.
    func append<Value: FixedWidthInteger & SignedInteger>(deltas values: UnsafeBufferPointer<Value>) {
        append(varint: UInt64(blockValues))
        append(varint: UInt64(miniblocks))
        append(varint: UInt64(values.count))
        guard let base = values.baseAddress, values.count > 0 else {
            append(zigzag: 0)
            return
        }
        append(zigzag: Int64(base[0]))
        withUnsafeTemporaryAllocation(of: Value.self, capacity: blockValues) { deltas in
            var index = 1
            while index < values.count {
                let count = min(blockValues, values.count &- index)
                var least = Value.max
                for place in 0..<count {
                    let delta = base[index &+ place] &- base[index &+ place &- 1]
                    deltas[place] = delta
                    least = min(least, delta)
                }
                append(block: deltas, count: count, least: least)
                index &+= count
            }
        }
    }

    private func append<Value: FixedWidthInteger & SignedInteger>(
        block deltas: UnsafeMutableBufferPointer<Value>, count: Int, least: Value
    ) {
        append(zigzag: Int64(least))
        let needed = (count &+ miniblockValues &- 1) / miniblockValues
        ensure(free: miniblocks &+ blockValues &* 8 &+ 16)
        let widths = base + self.count
        var target = widths + miniblocks
        for miniblock in 0..<miniblocks {
            guard miniblock < needed else {
                widths.storeBytes(of: 0, toByteOffset: miniblock, as: UInt8.self)
                continue
            }
            let start = miniblock &* miniblockValues
            let end = min(start &+ miniblockValues, count)
            var all: UInt64 = 0
            for place in start..<end { all |= Self.unsigned(deltas[place] &- least) }
            let width = bitWidth(of: all)
            widths.storeBytes(of: UInt8(width), toByteOffset: miniblock, as: UInt8.self)
            let packedEnd = target + miniblockValues / 8 &* width
            var packer = BitPacker()
            for place in start..<end { packer.put(Self.unsigned(deltas[place] &- least), width: width, to: &target) }
            packer.finish(to: &target)
            if target < packedEnd {
                target.initializeMemory(as: UInt8.self, repeating: 0, count: packedEnd - target)
            }
            target = packedEnd
        }
        advance(by: target - widths)
    }

    @inline(__always)
    private static func unsigned<Value: FixedWidthInteger>(_ value: Value) -> UInt64 {
        UInt64(truncatingIfNeeded: Value.Magnitude(truncatingIfNeeded: value))
    }
}

/// Decodes differences piece by piece.
struct DeltaDecoder {
    /// Values in a block at most; writers use 128 to a few thousand.
    private static let blockValuesMax: UInt64 = 1 << 16

    private var cursor: ByteCursor
    private let miniblockCount: Int
    private let miniblockValues: Int
    /// Values in all, as the header says.
    let count: Int
    private var left: Int
    private var value: Int64
    private var isFirst = true
    private var least: Int64 = 0
    private var widths = UnsafeRawBufferPointer(start: nil, count: 0)
    private var miniblock = 0
    private var packed = UnsafeRawBufferPointer(start: nil, count: 0)
    private var packedLeft = 0
    private var packedBit = 0
    private var width = 0

    init(_ bytes: UnsafeRawBufferPointer) throws(ParquetError) {
        cursor = ByteCursor(bytes)
        let block = try cursor.varint()
        let miniblocks = try cursor.varint()
        let total = try cursor.varint()
        value = try cursor.zigzag()
        guard block > 0, block <= Self.blockValuesMax, miniblocks > 0, miniblocks <= block, block % miniblocks == 0,
            block / miniblocks % 8 == 0, total <= UInt64(Int32.max)
        else { throw .damaged("delta blocks of \(block) values in \(miniblocks) parts") }
        miniblockCount = Int(miniblocks)
        miniblockValues = Int(block / miniblocks)
        count = Int(total)
        left = count
        miniblock = miniblockCount
    }

    /// Where the differences end, found from the headers alone.
    func endPosition() throws(ParquetError) -> Int {
        var scan = cursor
        var rest = max(count - 1, 0)
        while rest > 0 {
            _ = try scan.zigzag()
            let widths = try scan.take(miniblockCount)
            for width in widths where rest > 0 {
                _ = try scan.take(min(Int(width) * miniblockValues / 8, Int(Int32.max)))
                rest -= min(rest, miniblockValues)
            }
        }
        return scan.position
    }

    /// The next value; INT32 columns take its low half.
    @inline(__always)
    mutating func next() throws(ParquetError) -> Int64 {
        guard left > 0 else { throw .damaged("more values are wanted than the \(count) of the delta header") }
        left &-= 1
        if isFirst {
            isFirst = false
            return value
        }
        if packedLeft == 0 { try nextMiniblock() }
        let delta = unpackBits(packed, atBit: packedBit, width: width)
        packedBit &+= width
        packedLeft &-= 1
        value = value &+ least &+ Int64(bitPattern: delta)
        return value
    }

    private mutating func nextMiniblock() throws(ParquetError) {
        if miniblock == miniblockCount {
            least = try cursor.zigzag()
            widths = try cursor.take(miniblockCount)
            miniblock = 0
        }
        width = Int(widths[miniblock])
        guard width <= 64 else { throw .damaged("differences of \(width) bits") }
        // The last miniblock may be cut behind its last value by a sparing writer.
        let bytes = miniblockValues * width / 8
        let needed = (min(left + 1, miniblockValues) * width + 7) / 8
        packed = try cursor.take(cursor.remaining < bytes ? max(needed, cursor.remaining) : bytes)
        packedBit = 0
        packedLeft = miniblockValues
        miniblock += 1
    }
}
