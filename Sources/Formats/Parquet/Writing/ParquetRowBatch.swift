internal import CSimdjson

/// Rows on their way from where they were gathered into a file: owned, and passed from thread to thread.
public final class ParquetRowBatch: @unchecked Sendable {
    /// One for each column of the schema.
    let columns: [UnsafeMutablePointer<varve_column>]
    public let rowCount: Int
    /// What the events took, near enough.
    public let eventBytes: Int
    public let memoryBytes: Int
    /// A column that lost an entry, as it was full.
    let fullColumn: String?

    /// Takes what waits in the buffers, which are empty then.
    init(taking buffers: [ParquetColumnBuffer], rowCount: Int, eventBytes: Int) {
        columns = buffers.map { buffer in
            let column = buffer.column
            let taken = UnsafeMutablePointer<varve_column>.makeColumn(
                width: column.width, definitionMax: column.definitionMax, repetitionMax: column.repetitionMax)
            swap(&taken.pointee, &buffer.page.pointee)
            return taken
        }
        (self.rowCount, self.eventBytes) = (rowCount, eventBytes)
        memoryBytes = columns.reduce(0) { $0 + $1.memoryBytes }
        fullColumn = buffers.first(where: \.isFull)?.column.name
    }

    deinit {
        for column in columns { column.freeColumn() }
    }
}
