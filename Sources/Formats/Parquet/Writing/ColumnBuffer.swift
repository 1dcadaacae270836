internal import CSimdjson

/// Entries of one column that wait to become a page: values with their levels.
///
/// `definition` and `repetition` are Dremel's levels (parquet-format, README.md, nested encoding). A value has
/// `column.definitionMax`; anything less is a null at that depth. The caller keeps to them; what is out of range would
/// make a file that readers refuse.
public class ParquetColumnBuffer {
    public final let column: ParquetColumn
    final let page: UnsafeMutablePointer<varve_column>
    /// An entry was lost, as it took more than a page can hold or as memory ran out.
    private(set) final var isFull = false

    init(_ column: ParquetColumn) {
        self.column = column
        page = .makeColumn(
            width: column.width, definitionMax: column.definitionMax, repetitionMax: column.repetitionMax)
    }

    deinit {
        page.freeColumn()
    }

    public final func append(int32 value: Int32, definition: UInt8, repetition: UInt8 = 0) {
        assert(column.width == 4)
        append(definition, repetition, varve_column_append_32(page, UInt32(bitPattern: value)))
    }

    public final func append(int64 value: Int64, definition: UInt8, repetition: UInt8 = 0) {
        assert(column.width == 8)
        append(definition, repetition, varve_column_append_64(page, UInt64(bitPattern: value)))
    }

    public final func append(float value: Float, definition: UInt8, repetition: UInt8 = 0) {
        assert(column.width == 4)
        append(definition, repetition, varve_column_append_32(page, value.bitPattern))
    }

    public final func append(double value: Double, definition: UInt8, repetition: UInt8 = 0) {
        assert(column.width == 8)
        append(definition, repetition, varve_column_append_64(page, value.bitPattern))
    }

    public final func append(boolean value: Bool, definition: UInt8, repetition: UInt8 = 0) {
        assert(column.type == .boolean)
        let place = varve_column_value(page, 1)
        place?.pointee = value ? 1 : 0
        append(definition, repetition, place != nil)
    }

    /// For byte arrays, and for fixed-length ones, whose length `value` must have.
    public final func append(bytes value: UnsafeRawBufferPointer, definition: UInt8, repetition: UInt8 = 0) {
        if column.type == .byteArray {
            append(definition, repetition, varve_column_append_bytes(page, value.baseAddress, value.count))
            return
        }
        precondition(value.count == column.width, "a value of a fixed-length column has another length")
        let place = varve_column_value(page, value.count)
        if let place, let source = value.baseAddress {
            UnsafeMutableRawPointer(place).copyMemory(from: source, byteCount: value.count)
        }
        append(definition, repetition, place != nil)
    }

    /// An entry without a value.
    public final func appendNull(definition: UInt8, repetition: UInt8 = 0) {
        append(definition, repetition, true)
    }

    @inline(__always)
    private final func append(_ definition: UInt8, _ repetition: UInt8, _ hasRoom: Bool) {
        if !hasRoom || !varve_column_level(page, definition, repetition) { isFull = true }
    }

    /// Bytes of values that wait to become a page.
    final var pendingBytes: Int { Int(page.pointee.value_bytes) + page.pointee.level_count }

    /// Takes the entries of another column of the same schema over, behind those that wait here.
    final func take(_ entries: UnsafeMutablePointer<varve_column>) {
        if !varve_column_take(page, entries) { isFull = true }
    }
}
