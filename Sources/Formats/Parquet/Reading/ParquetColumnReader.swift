/// Reads one column of one row group, batch by batch; memory is one page, one dictionary and one batch.
public final class ParquetColumnReader {
    public let column: ParquetColumn
    private let pages: PageReader
    private let settings: ParquetReaderSettings
    private let valueCount: Int64
    private let place: String
    private let offsets: OffsetIndex?
    private var dictionary: ChunkDictionary?
    private var page: OpenPage?
    /// Entries of the chunk that were read or passed over.
    private var entriesRead: Int64 = 0
    /// Where pages were jumped over, the chunk's count cannot tell the end.
    private var hasJumped = false
    /// Of the next entry that starts a row.
    private(set) var nextRow: Int64 = 0
    private let rowCount: Int64

    private struct OpenPage {
        var entriesLeft: Int
        var repetitions: LevelDecoder?
        var definitions: LevelDecoder?
        var values: ValueDecoder
    }

    private enum LevelDecoder {
        case runs(RunLengthDecoder)
        case packed(PackedLevelDecoder)
    }

    init(
        _ source: any ParquetSource, _ group: RowGroupMetadata, _ column: ParquetColumn, offsets: OffsetIndex?,
        dataEnd: Int64, _ settings: ParquetReaderSettings, place: String
    ) throws(ParquetError) {
        let chunk = group.columns[column.index]
        (self.column, self.settings, self.place, self.offsets) = (column, settings, place, offsets)
        (valueCount, rowCount) = (chunk.valueCount, group.rowCount)
        guard chunk.type == column.type.rawValue || chunk.isEncrypted else {
            throw ParquetError(.damaged, place, "its type is \(chunk.type), in the schema \(column.type.rawValue)")
        }
        guard chunk.valueCount >= 0, column.repetitionMax > 0 || chunk.valueCount == group.rowCount else {
            throw ParquetError(
                .damaged, place, "it has \(chunk.valueCount) values in a row group of \(group.rowCount) rows")
        }
        do throws(ParquetError) {
            pages = try PageReader(source, chunk, column, dataEnd: dataEnd, settings)
        } catch {
            throw error.at(place)
        }
    }

    /// Whether all entries were read.
    private var isAtEnd: Bool {
        if page != nil { return false }
        return hasJumped ? nextRow >= rowCount : entriesRead >= valueCount
    }

    /// Fills the batch with up to `entriesMax` entries; false where there are no more.
    public func next(_ batch: ParquetColumnBatch, entriesMax: Int = 1024) throws(ParquetError) -> Bool {
        do throws(ParquetError) {
            return try read(batch, entriesMax: max(entriesMax, 1))
        } catch {
            throw error.at(place)
        }
    }

    private func read(_ batch: ParquetColumnBatch, entriesMax: Int) throws(ParquetError) -> Bool {
        batch.clear()
        while page == nil {
            if isAtEnd { return false }
            try openPage()
        }
        guard var open = page else { return false }
        let count = min(open.entriesLeft, entriesMax)
        if column.repetitionMax > 0 {
            batch.repetitions = try Self.levels(&open.repetitions, count, column.repetitionMax)
            for level in batch.repetitions where level == 0 { nextRow += 1 }
            if entriesRead == 0, batch.repetitions.first != 0 { throw .damaged("its first entry continues a row") }
        } else {
            nextRow += Int64(count)
        }
        batch.valueCount = count
        if column.definitionMax > 0 {
            batch.definitions = try Self.levels(&open.definitions, count, column.definitionMax)
            for level in batch.definitions where level != column.definitionMax { batch.valueCount -= 1 }
        }
        batch.entryCount = count
        try open.values.decode(batch.valueCount, to: batch, bytesMax: settings.pageBytesMax)
        open.entriesLeft -= count
        entriesRead += Int64(count)
        page = open.entriesLeft == 0 ? nil : open
        return true
    }

    private static func levels(
        _ decoder: inout LevelDecoder?, _ count: Int, _ most: UInt8
    ) throws(ParquetError) -> [UInt8] {
        var levels = [UInt8](repeating: 0, count: count)
        try levels.withUnsafeMutableBufferPointer { (target) throws(ParquetError) in
            switch decoder {
            case .runs(var runs):
                try runs.decode(target)
                decoder = .runs(runs)
            case .packed(var packed):
                try packed.decode(target)
                decoder = .packed(packed)
            case nil: break
            }
        }
        for level in levels where level > most {
            throw .damaged("a level of \(level), \(most) is the most there can be")
        }
        return levels
    }

    /// Reads the next page with entries, and the dictionary where it comes first.
    private func openPage() throws(ParquetError) {
        let page = try pages.next()
        if page.header.kind == .dictionary {
            guard dictionary == nil else { throw .damaged("it has a second dictionary") }
            dictionary = try ChunkDictionary(page, column)
            return
        }
        let count = Int(page.header.valueCount)
        guard hasJumped || Int64(count) <= valueCount - entriesRead else {
            throw .damaged("its pages have more than the \(valueCount) values of the footer")
        }
        guard count > 0 else { return }
        if column.definitionMax == 0, (page.header.nullCount ?? 0) > 0 {
            throw .damaged("a required column has \(page.header.nullCount ?? 0) nulls")
        }
        let values = try ValueDecoder(
            page, column, dictionary, count: count - Int(page.header.nullCount ?? Int32(count)))
        self.page = OpenPage(
            entriesLeft: count,
            repetitions: try decoder(
                page.repetitions, column.repetitionMax, page.header.repetitionEncoding, page.header.kind),
            definitions: try decoder(
                page.definitions, column.definitionMax, page.header.definitionEncoding, page.header.kind),
            values: values)
    }

    private func decoder(
        _ bytes: UnsafeRawBufferPointer, _ most: UInt8, _ encoding: Int32, _ kind: PageHeader.Kind?
    ) throws(ParquetError) -> LevelDecoder? {
        guard most > 0 else { return nil }
        let width = bitWidth(of: UInt64(most))
        if kind == .data, encoding == ParquetEncoding.bitPacked.rawValue {
            return .packed(PackedLevelDecoder(bytes, width: width))
        }
        return .runs(try RunLengthDecoder(bytes, width: width))
    }

    // MARK: Skipping

    /// Jumps towards `row` of the row group by whole pages, where the file says where they are; answers the row that
    /// comes next, at or before the one wanted.
    func jump(towards row: Int64) throws(ParquetError) -> Int64 {
        guard let offsets, row > nextRow else { return nextRow }
        guard let target = offsets.pages.last(where: { $0.firstRow <= row }), target.firstRow > nextRow else {
            return nextRow
        }
        do throws(ParquetError) {
            if dictionary == nil, entriesRead == 0, !hasJumped {
                // The dictionary stands in front of the first page, where there is one.
                if let first = offsets.pages.first, pages.position < first.offset { try readDictionary(first.offset) }
            }
            try pages.seek(to: target.offset)
        } catch {
            throw error.at(place)
        }
        page = nil
        hasJumped = true
        entriesRead = max(entriesRead, 1)
        nextRow = target.firstRow
        return nextRow
    }

    private func readDictionary(_ firstPage: Int64) throws(ParquetError) {
        let page = try pages.next()
        if page.header.kind == .dictionary { dictionary = try ChunkDictionary(page, column) }
    }
}
