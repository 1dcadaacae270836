internal import Compression

/// Some entries of a column: their levels and their values, nulls not among the values.
///
/// Values are borrowed: they are valid until the next batch is read with the same reader.
public final class ParquetColumnBatch {
    /// One for each entry; empty where the column has no optional or repeated field on its way.
    public internal(set) var definitions: [UInt8] = []
    /// One for each entry; empty where the column has no repeated field on its way.
    public internal(set) var repetitions: [UInt8] = []
    /// Values and nulls.
    public internal(set) var entryCount = 0
    public internal(set) var valueCount = 0
    /// Values of fixed width; for byte arrays, what had to be put together.
    let fixed = FrameBuffer(capacityBytes: 0)
    var slices: [UnsafeRawBufferPointer] = []
    private let indexMemory = FrameBuffer(capacityBytes: 0)

    public init() {}

    func clear() {
        definitions.removeAll(keepingCapacity: true)
        repetitions.removeAll(keepingCapacity: true)
        slices.removeAll(keepingCapacity: true)
        fixed.clear(keepingCapacityBytes: 1 << 20)
        (entryCount, valueCount) = (0, 0)
    }

    /// Value `index` of an int32 column; 0 where there is none such. The same holds for the others.
    public func int32(_ index: Int) -> Int32 { Int32(littleEndian: load(index, 0)) }
    public func int64(_ index: Int) -> Int64 { Int64(littleEndian: load(index, 0)) }
    public func float(_ index: Int) -> Float { Float(bitPattern: UInt32(littleEndian: load(index, 0))) }
    public func double(_ index: Int) -> Double { Double(bitPattern: UInt64(littleEndian: load(index, 0))) }
    public func boolean(_ index: Int) -> Bool { load(index, 0 as UInt8) != 0 }

    /// Value `index` of a byte array of either kind, or of an int96 column.
    public func bytes(_ index: Int) -> UnsafeRawBufferPointer {
        slices.indices.contains(index) ? slices[index] : UnsafeRawBufferPointer(start: nil, count: 0)
    }

    @inline(__always)
    private func load<Value: FixedWidthInteger>(_ index: Int, _ missing: Value) -> Value {
        let size = MemoryLayout<Value>.size
        guard index >= 0, (index &+ 1) &* size <= fixed.count else { return missing }
        return fixed.bytes.loadUnaligned(fromByteOffset: index &* size, as: Value.self)
    }

    /// Memory for values of fixed width, which count from now on.
    func fixedTarget(_ count: Int, width: Int) -> UnsafeMutableBufferPointer<UInt8> {
        fixed.ensure(free: count * width)
        let start = (fixed.base + fixed.count).assumingMemoryBound(to: UInt8.self)
        fixed.advance(by: count * width)
        return UnsafeMutableBufferPointer(start: start, count: count * width)
    }

    /// Memory for numbers into a dictionary.
    func indexTarget(_ count: Int) -> UnsafeMutableBufferPointer<UInt32> {
        indexMemory.clear()
        indexMemory.ensure(free: count * 4)
        return UnsafeMutableBufferPointer(start: indexMemory.base.assumingMemoryBound(to: UInt32.self), count: count)
    }

    /// Slices of the values of fixed width, for columns that are read by slices.
    func sliceFixed(_ count: Int, _ column: ParquetColumn) {
        guard column.type == .fixedLengthByteArray || column.type == .int96 else { return }
        for index in 0..<count {
            slices.append(UnsafeRawBufferPointer(start: fixed.base + index * column.width, count: column.width))
        }
    }

    /// The value as a tree's leaf.
    func value(_ index: Int, _ column: ParquetColumn) -> ParquetValue {
        switch column.type {
        case .boolean: .boolean(boolean(index))
        case .int32: .int32(int32(index))
        case .int64: .int64(int64(index))
        case .float: .float(float(index))
        case .double: .double(double(index))
        case .byteArray, .fixedLengthByteArray, .int96: .bytes(Array(bytes(index)))
        }
    }
}
