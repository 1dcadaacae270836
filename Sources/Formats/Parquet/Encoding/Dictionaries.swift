internal import CSimdjson

/// The distinct values of a column chunk, each with its number; a hash table with open addressing over an arena.
///
/// The table holds 32 bits of each value's hash beside its number plus one, so that a probe seldom touches the arena.
struct ValueDictionary: ~Copyable {
    private var slots: UnsafeMutablePointer<UInt64>
    private var slotCount: Int
    /// The values as a page would hold them: a dictionary page is written from it.
    private(set) var values: UnsafeMutablePointer<varve_column>

    /// Small at first: of a thousand open files most have few rows.
    private static let firstSlotCount = 64

    init(width: Int) {
        slotCount = Self.firstSlotCount
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        values = .makeColumn(width: width, definitionMax: 0, repetitionMax: 0)
    }

    deinit {
        slots.deallocate()
        values.freeColumn()
    }

    var count: Int { values.pointee.value_count }
    var valueBytes: Int { values.pointee.value_bytes }
    var memoryBytes: Int { slotCount * 8 + values.memoryBytes }

    mutating func removeAll() {
        if slotCount > 1 << 14 {
            slots.deallocate()
            slotCount = Self.firstSlotCount
            slots = .allocate(capacity: slotCount)
        }
        slots.initialize(repeating: 0, count: slotCount)
        values.clearColumn(keepingBytes: 1 << 20)
    }

    /// Forgets values from number `count` on; the dictionary takes no more values then.
    mutating func truncate(to count: Int) {
        guard count < self.count else { return }
        let width = Int(values.pointee.width)
        values.pointee.value_bytes = width > 0 ? count * width : Int(values.pointee.offsets[count])
        values.pointee.value_count = count
    }

    /// The numbers of all values of a page; false where the dictionary would take over `bytesMax`, or memory ran out.
    ///
    /// Values that came in before that stay in.
    mutating func encode(
        _ page: UnsafeMutablePointer<varve_column>, bytesMax: Int, to target: UnsafeMutableBufferPointer<UInt32>
    ) -> Bool {
        let count = page.pointee.value_count
        guard count > 0, let source = page.pointee.values else { return true }
        switch page.pointee.width {
        case 4:
            return encodeFixed(UnsafeRawPointer(source), as: UInt32.self, count, bytesMax, target)
        case 8:
            return encodeFixed(UnsafeRawPointer(source), as: UInt64.self, count, bytesMax, target)
        default:
            return encodeBytes(page, count, bytesMax, target)
        }
    }

    private mutating func encodeFixed<Word: FixedWidthInteger & UnsignedInteger>(
        _ source: UnsafeRawPointer, as: Word.Type, _ count: Int, _ bytesMax: Int,
        _ target: UnsafeMutableBufferPointer<UInt32>
    ) -> Bool {
        let size = MemoryLayout<Word>.size
        for index in 0..<count {
            let word = source.loadUnaligned(fromByteOffset: index &* size, as: Word.self)
            let hash = fold(UInt64(word), 0xD6E8_FEB8_6659_FD93)
            var slot = Int(truncatingIfNeeded: hash >> 32) & (slotCount &- 1)
            while true {
                let entry = slots[slot]
                if entry == 0 {
                    guard valueBytes &+ size <= bytesMax, let place = varve_column_value(values, size) else {
                        return false
                    }
                    place.withMemoryRebound(to: Word.self, capacity: 1) { $0.pointee = word }
                    target[index] = UInt32(truncatingIfNeeded: self.count &- 1)
                    fill(slot, hash)
                    break
                }
                if entry >> 32 == hash >> 32 {
                    let number = Int(truncatingIfNeeded: entry & 0xFFFF_FFFF) &- 1
                    let known = UnsafeRawPointer(values.pointee.values).loadUnaligned(
                        fromByteOffset: number &* size, as: Word.self)
                    if known == word {
                        target[index] = UInt32(truncatingIfNeeded: number)
                        break
                    }
                }
                slot = (slot &+ 1) & (slotCount &- 1)
            }
        }
        return true
    }

    private mutating func encodeBytes(
        _ page: UnsafeMutablePointer<varve_column>, _ count: Int, _ bytesMax: Int,
        _ target: UnsafeMutableBufferPointer<UInt32>
    ) -> Bool {
        let width = Int(page.pointee.width)
        for index in 0..<count {
            let value = page.slice(index, width)
            let hash = hashBytes(value)
            var slot = Int(truncatingIfNeeded: hash >> 32) & (slotCount &- 1)
            while true {
                let entry = slots[slot]
                if entry == 0 {
                    guard valueBytes &+ value.count &+ 4 &* self.count <= bytesMax, append(value, width) else {
                        return false
                    }
                    target[index] = UInt32(truncatingIfNeeded: self.count &- 1)
                    fill(slot, hash)
                    break
                }
                if entry >> 32 == hash >> 32 {
                    let number = Int(truncatingIfNeeded: entry & 0xFFFF_FFFF) &- 1
                    if isSame(values.slice(number, width), value) {
                        target[index] = UInt32(truncatingIfNeeded: number)
                        break
                    }
                }
                slot = (slot &+ 1) & (slotCount &- 1)
            }
        }
        return true
    }

    private func append(_ value: UnsafeRawBufferPointer, _ width: Int) -> Bool {
        if width == 0 { return varve_column_append_bytes(values, value.baseAddress, value.count) }
        guard let place = varve_column_value(values, width), let source = value.baseAddress else { return false }
        UnsafeMutableRawPointer(place).copyMemory(from: source, byteCount: width)
        return true
    }

    /// Notes the value added last in `slot`; doubles the table where it gets over half full.
    @inline(__always)
    private mutating func fill(_ slot: Int, _ hash: UInt64) {
        slots[slot] = (hash >> 32) << 32 | UInt64(count)
        if count &* 2 > slotCount { grow() }
    }

    /// The high half of a hash says where an entry belongs, so no value is hashed again.
    private mutating func grow() {
        let larger = slotCount * 2
        let table = UnsafeMutablePointer<UInt64>.allocate(capacity: larger)
        table.initialize(repeating: 0, count: larger)
        for index in 0..<slotCount where slots[index] != 0 {
            var slot = Int(truncatingIfNeeded: slots[index] >> 32) & (larger - 1)
            while table[slot] != 0 { slot = (slot + 1) & (larger - 1) }
            table[slot] = slots[index]
        }
        slots.deallocate()
        (slots, slotCount) = (table, larger)
    }
}

@inline(__always)
private func isSame(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
    guard one.count == other.count else { return false }
    guard one.count > 0, let left = one.baseAddress, let right = other.baseAddress else { return true }
    var index = 0
    while index &+ 8 <= one.count {
        if left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            != right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        {
            return false
        }
        index &+= 8
    }
    while index < one.count {
        if left.load(fromByteOffset: index, as: UInt8.self) != right.load(fromByteOffset: index, as: UInt8.self) {
            return false
        }
        index &+= 1
    }
    return true
}

/// A hash for tables of this process only: 8 bytes at a time by multiplication and folding, as in wyhash.
@inline(__always)
private func hashBytes(_ value: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: value.count) &* 0x9E37_79B9_7F4A_7C15
    guard let base = value.baseAddress else { return fold(hash, 0xD6E8_FEB8_6659_FD93) }
    var index = 0
    while index &+ 8 <= value.count {
        hash = fold(hash ^ base.loadUnaligned(fromByteOffset: index, as: UInt64.self), 0xD6E8_FEB8_6659_FD93)
        index &+= 8
    }
    var tail: UInt64 = 0
    while index < value.count {
        tail = tail << 8 | UInt64(base.load(fromByteOffset: index, as: UInt8.self))
        index &+= 1
    }
    return fold(hash ^ tail, 0xA076_1D64_78BD_642F)
}

@inline(__always)
private func fold(_ one: UInt64, _ other: UInt64) -> UInt64 {
    let product = (one ^ 0x2D35_8DCC_AA6C_78A5).multipliedFullWidth(by: other)
    return product.high ^ product.low
}
