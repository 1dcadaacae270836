/// Walks over the entries of a column one by one.
final class EntryCursor {
    private let reader: ParquetColumnReader
    private let batch = ParquetColumnBatch()
    private var entry = 0
    private var valueIndex = 0

    init(_ reader: ParquetColumnReader) {
        self.reader = reader
    }

    var column: ParquetColumn { reader.column }

    /// Makes sure that there is a current entry; false where there are no more.
    func load() throws(ParquetError) -> Bool {
        if entry < batch.entryCount { return true }
        (entry, valueIndex) = (0, 0)
        return try reader.next(batch)
    }

    /// Of the current entry.
    var definition: UInt8 { batch.definitions.isEmpty ? 0 : batch.definitions[entry] }
    var repetition: UInt8 { batch.repetitions.isEmpty ? 0 : batch.repetitions[entry] }
    var isValue: Bool { definition == column.definitionMax }
    var value: ParquetValue { batch.value(valueIndex, column) }
    var bytes: UnsafeRawBufferPointer { batch.bytes(valueIndex) }
    var int64: Int64 { batch.int64(valueIndex) }
    var int32: Int32 { batch.int32(valueIndex) }

    func advance() {
        if isValue { valueIndex += 1 }
        entry += 1
    }

    /// Passes over rows; the cursor stands at the start of row `current`.
    func skip(to target: Int64, from current: Int64) throws(ParquetError) {
        guard target > current else { return }
        var row = current
        let before = reader.nextRow
        let reached = try reader.jump(towards: target)
        if reached > before {
            (entry, valueIndex) = (0, 0)
            batch.clear()
            row = reached
        }
        while row < target {
            guard try load() else { throw .damaged("column \(column.name) ends early") }
            advance()
            // The row is over where the next entry starts one.
            if try !load() || repetition == 0 { row += 1 }
        }
    }
}
