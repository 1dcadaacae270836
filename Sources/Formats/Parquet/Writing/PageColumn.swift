internal import CSimdjson

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The memory of a column's page under construction: shared with the shredder, so malloc's (`varve_columns.h`).
extension UnsafeMutablePointer<varve_column> {
    static func makeColumn(width: Int, definitionMax: UInt8, repetitionMax: UInt8) -> Self {
        let column = Self.allocate(capacity: 1)
        column.initialize(to: varve_column())
        column.pointee.width = UInt32(width)
        column.pointee.definition_max = definitionMax
        column.pointee.repetition_max = repetitionMax
        return column
    }

    func freeColumn() {
        freeMemory()
        deallocate()
    }

    private func freeMemory() {
        free(pointee.values)
        free(pointee.offsets)
        free(pointee.definitions)
        free(pointee.repetitions)
    }

    /// Forgets the values, and gives memory back where it is more than `keepingBytes`.
    func clearColumn(keepingBytes: Int) {
        if memoryBytes > keepingBytes {
            freeMemory()
            (pointee.values, pointee.value_capacity) = (nil, 0)
            (pointee.offsets, pointee.offset_capacity) = (nil, 0)
            (pointee.definitions, pointee.repetitions, pointee.level_capacity) = (nil, nil, 0)
        }
        (pointee.value_bytes, pointee.value_count, pointee.level_count) = (0, 0, 0)
    }

    var memoryBytes: Int {
        pointee.value_capacity + pointee.offset_capacity * 4
            + pointee.level_capacity
            * ((pointee.definition_max > 0 ? 1 : 0) + (pointee.repetition_max > 0 ? 1 : 0))
    }

    /// The values of a byte-array column.
    var byteArrays: ByteArrayValues {
        ByteArrayValues(bytes: pointee.values, offsets: pointee.offsets, count: pointee.value_count)
    }

    /// Value `index` of a byte-array column (`width` 0) or of one with a fixed width.
    @inline(__always)
    func slice(_ index: Int, _ width: Int) -> UnsafeRawBufferPointer {
        guard let values = pointee.values else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        if width > 0 { return UnsafeRawBufferPointer(start: values + index &* width, count: width) }
        guard let offsets = pointee.offsets else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let start = Int(offsets[index])
        return UnsafeRawBufferPointer(start: values + start, count: Int(offsets[index &+ 1]) &- start)
    }

    var definitions: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: pointee.definitions, count: pointee.definitions == nil ? 0 : pointee.level_count)
    }

    var repetitions: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: pointee.repetitions, count: pointee.repetitions == nil ? 0 : pointee.level_count)
    }
}
