internal import Compression

/// Writes a Parquet file, row group by row group, to a sink of bytes; knows nothing of files or networks.
///
/// Append the entries of a row to each column, then call `endRow`. Memory is bounded by the settings' `rowGroupBytes`,
/// one page for each column, and the index that the footer needs (about 200 bytes a page). One thread at a time may use
/// a writer. The sink gets the bytes in order; one that can fail keeps its error and lets its owner look.
public final class ParquetFileWriter: @unchecked Sendable {
    public let schema: ParquetSchema
    public let settings: ParquetWriterSettings
    /// One for each column of the schema, in its order.
    public let columns: [ParquetColumnWriter]

    private let sink: (UnsafeRawBufferPointer) -> Void
    /// Where pages are made; a writer whose calls come from several threads in turn is given the caller's before each.
    public var scratch: ParquetScratch
    private let hasOwnScratch: Bool
    private var position: Int64 = 0
    private var rowsInGroup = 0
    private var rowsInPage = 0
    private var uncheckedBytes = 0
    private var uncheckedRows = 0
    private var metadata = FileMetadata()
    private var indices: [[(offsets: OffsetIndex, index: ColumnIndex?)]] = []
    /// By row group and column; written before the indices, so that one look at a file's end has them all.
    private var bloomFilters: [[[UInt8]?]] = []
    private var indexBytes = 0
    private var summaries: [ParquetFileSummary.Column]
    private var isClosed = false

    /// Rows that were ended so far.
    public private(set) var rowCount: Int64 = 0

    /// Writes the first bytes of the file to the sink. `scratch` is memory that several writers of the same settings
    /// share; without one the writer has its own.
    public init(
        schema: ParquetSchema, settings: ParquetWriterSettings = .init(), scratch: ParquetScratch? = nil,
        sink: @escaping (UnsafeRawBufferPointer) -> Void
    ) throws(ParquetError) {
        self.schema = schema
        self.settings = settings
        self.sink = sink
        hasOwnScratch = scratch == nil
        if let scratch { self.scratch = scratch } else { self.scratch = try ParquetScratch(settings) }
        for column in schema.columns { try column.check(settings.columns[column.name]?.encoding ?? .automatic) }
        columns = schema.columns.map { ParquetColumnWriter($0, settings) }
        summaries = schema.columns.map { ParquetFileSummary.Column($0) }
        metadata.schema = schema.elements
        metadata.keyValues = settings.keyValues.map { ($0.key, $0.value) }
        metadata.createdBy = settings.createdBy
        metadata.hasTypeOrder = schema.columns.map { _ in true }
        write(magic)
    }

    /// Bytes of the file that the sink got so far.
    public var writtenBytes: Int64 { position }

    /// What the writer holds now, near enough; a scratch that it shares does not count.
    public var memoryBytes: Int {
        columns.reduce((hasOwnScratch ? scratch.pages.memoryBytes : 0) + indexBytes) {
            $0 + $1.memoryBytes + $1.chunk.indexBytes
        }
    }

    /// Bytes of values that were not made pages yet.
    public var waitingBytes: Int { columns.reduce(0) { $0 + $1.pendingBytes + ($1.dictionary?.valueBytes ?? 0) } }

    /// What the row group under construction would add to the file, near enough.
    public var pendingBytes: Int { columns.reduce(0) { $0 + $1.chunkBytes } }

    /// Ends a row whose values take about `bytes` bytes; pages and row groups are cut when they are due.
    public func endRow(bytes: Int) throws(ParquetError) {
        rowCount += 1
        rowsInPage += 1
        uncheckedRows += 1
        uncheckedBytes += bytes
        // Looking at every column for every row would cost more than the row.
        guard uncheckedRows >= 256 || uncheckedBytes >= 1 << 16 || rowsInPage >= settings.pageRows else { return }
        try cutWhereDue()
    }

    /// Ends a row.
    public func endRow() throws(ParquetError) {
        try endRow(bytes: 1 << 16)
    }

    /// Writes rows that were gathered elsewhere for the same schema; they are the writer's then.
    public func write(_ batch: ParquetRowBatch) throws(ParquetError) {
        guard batch.columns.count == columns.count else {
            throw ParquetError(.misuse, "", "rows of \(batch.columns.count) columns, the file has \(columns.count)")
        }
        if let name = batch.fullColumn {
            throw ParquetError(.limit, name, "a row has more than 3.7 GiB, or memory ran out")
        }
        for (column, entries) in zip(columns, batch.columns) { column.take(entries) }
        rowCount += Int64(batch.rowCount)
        rowsInPage += batch.rowCount
        try cutWhereDue()
        // The next batch brings memory of its own.
        if rowsInPage == 0 { for column in columns { column.releasePage() } }
    }

    private func cutWhereDue() throws(ParquetError) {
        (uncheckedRows, uncheckedBytes) = (0, 0)
        if rowsInPage >= settings.pageRows || columns.contains(where: { $0.pendingBytes >= settings.pageBytes }) {
            try flushPages()
        }
        if rowsInGroup + rowsInPage >= settings.rowGroupRows || pendingBytes >= settings.rowGroupBytes {
            try endRowGroup()
        }
    }

    /// Pages of all columns are cut at the same row, so that a reader skips rows in all of them alike.
    private func flushPages() throws(ParquetError) {
        for writer in columns {
            guard !writer.isFull else {
                throw ParquetError(.limit, writer.column.name, "a row has more than 3.7 GiB, or memory ran out")
            }
            try writer.flushPage(rows: rowsInPage, &scratch.pages)
        }
        rowsInGroup += rowsInPage
        rowsInPage = 0
    }

    /// Gives back the memory that is kept for the next row group, which otherwise is about what the last one took; only
    /// where no row was added since `endRowGroup`, else it does nothing.
    public func releaseMemory() {
        guard rowsInGroup == 0, rowsInPage == 0 else { return }
        for column in columns { column.releaseMemory() }
    }

    /// Writes the rows that were ended since the last row group as one; nothing where there are none.
    public func endRowGroup() throws(ParquetError) {
        try flushPages()
        guard rowsInGroup > 0 else { return }
        var group = RowGroupMetadata()
        group.rowCount = Int64(rowsInGroup)
        group.fileOffset = position
        group.ordinal = Int16(exactly: metadata.rowGroups.count)
        group.sortingColumns = settings.sortingColumns.isEmpty ? nil : settings.sortingColumns
        var filters: [[UInt8]?] = []
        var groupIndices: [(offsets: OffsetIndex, index: ColumnIndex?)] = []
        for (place, writer) in columns.enumerated() {
            let finished = try writer.finishChunk(&scratch.pages)
            let metadata = write(finished, writer.pages)
            group.columns.append(metadata.chunk)
            group.uncompressedBytes += metadata.chunk.uncompressedBytes
            filters.append(finished.bloomFilter)
            groupIndices.append((metadata.offsets, finished.index))
            indexBytes += writer.chunk.indexBytes + 512 + (finished.bloomFilter?.count ?? 0)
            summaries[place].add(finished, writer.order)
            writer.reset()
        }
        group.compressedBytes = position - (group.fileOffset ?? position)
        metadata.rowGroups.append(group)
        bloomFilters.append(filters)
        indices.append(groupIndices)
        rowsInGroup = 0
    }

    /// Writes a chunk and answers what the footer says of it.
    private func write(
        _ finished: FinishedChunk, _ pages: FrameBuffer
    ) -> (chunk: ColumnChunkMetadata, offsets: OffsetIndex) {
        var chunk = finished.metadata
        if !finished.dictionaryPage.isEmpty {
            chunk.dictionaryPageOffset = position
            write(finished.dictionaryPage)
        }
        chunk.dataPageOffset = position
        var offsets = finished.offsets
        for page in offsets.pages.indices { offsets.pages[page].offset += position }
        sink(pages.bytes)
        position += Int64(pages.count)
        return (chunk, offsets)
    }

    /// Writes what waits and the footer; the writer takes nothing afterwards.
    public func close() throws(ParquetError) -> ParquetFileSummary {
        guard !isClosed else { throw ParquetError(.misuse, "", "the writer was closed before") }
        isClosed = true
        try endRowGroup()
        writeBloomFilters()
        if settings.hasPageIndex { writeIndices() }
        metadata.rowCount = rowCount
        let footer = metadata.encoded()
        guard let length = UInt32(exactly: footer.count) else {
            throw ParquetError(.limit, "footer", "it takes over 4 GiB")
        }
        write(footer)
        withUnsafeBytes(of: length.littleEndian) { sink($0) }
        position += 4
        write(magic)
        return ParquetFileSummary(
            rowCount: rowCount, rowGroupCount: metadata.rowGroups.count, bytes: position, columns: summaries)
    }

    /// Column by column: who looks for a value wants the filters of one column in all row groups.
    private func writeBloomFilters() {
        for column in columns.indices {
            for (group, filters) in bloomFilters.enumerated() {
                guard let filter = filters[column] else { continue }
                metadata.rowGroups[group].columns[column].bloomFilterOffset = position
                metadata.rowGroups[group].columns[column].bloomFilterBytes = Int32(clamping: filter.count)
                write(filter)
            }
        }
        bloomFilters = []
    }

    private func writeIndices() {
        for (group, entries) in indices.enumerated() {
            for (column, entry) in entries.enumerated() {
                guard let index = entry.index else { continue }
                let bytes = index.encoded()
                metadata.rowGroups[group].columns[column].columnIndexOffset = position
                metadata.rowGroups[group].columns[column].columnIndexBytes = Int32(clamping: bytes.count)
                write(bytes)
            }
        }
        for (group, entries) in indices.enumerated() {
            for (column, entry) in entries.enumerated() {
                let bytes = entry.offsets.encoded()
                metadata.rowGroups[group].columns[column].offsetIndexOffset = position
                metadata.rowGroups[group].columns[column].offsetIndexBytes = Int32(clamping: bytes.count)
                write(bytes)
            }
        }
    }

    private func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { sink($0) }
        position += Int64(bytes.count)
    }
}

/// What a file begins and ends with.
let magic = Array("PAR1".utf8)

extension ParquetColumn {
    fileprivate func check(_ encoding: ParquetColumnEncoding) throws(ParquetError) {
        let isFit =
            switch encoding {
            case .automatic, .plain: true
            case .dictionary: type != .boolean && type != .int96
            case .deltaBinaryPacked: type == .int32 || type == .int64
            case .deltaLengthByteArray, .deltaByteArray: type == .byteArray
            case .byteStreamSplit: type != .boolean && type != .byteArray && type != .int96
            }
        guard isFit else { throw ParquetError(.misuse, name, "\(encoding) does not fit values of type \(type)") }
    }
}

extension ParquetFileSummary.Column {
    fileprivate init(_ column: ParquetColumn) {
        self.init(
            path: column.path, type: column.type, logicalType: column.logicalType, valueCount: 0, nullCount: 0,
            min: nil, max: nil, isMinExact: true, isMaxExact: true, compressedBytes: 0, uncompressedBytes: 0)
    }

    fileprivate mutating func add(_ chunk: FinishedChunk, _ order: ValueOrder) {
        valueCount += chunk.metadata.valueCount
        nullCount += chunk.nullCount
        compressedBytes += chunk.metadata.compressedBytes
        uncompressedBytes += chunk.metadata.uncompressedBytes
        guard let bounds = chunk.bounds else { return }
        var all = bounds
        if let min, let max {
            all = Bounds(min: min, max: max, isMinExact: isMinExact, isMaxExact: isMaxExact)
            all.merge(bounds, order)
        }
        (min, max, isMinExact, isMaxExact) = (all.min, all.max, all.isMinExact, all.isMaxExact)
    }
}
