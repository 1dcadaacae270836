/// What parts of a file filters leave.
extension ParquetFileReader {
    /// Whether rows of a row group can pass, by its statistics alone: nothing but the footer is read.
    public func mayPass(_ filters: [ParquetFilter], inGroup group: Int) throws(ParquetError) -> Bool {
        guard metadata.rowGroups.indices.contains(group) else { return false }
        for filter in filters {
            let filter = try ResolvedFilter(filter, schema)
            if !mayPass(filter, metadata.rowGroups[group].columns[filter.column.index]) { return false }
        }
        return true
    }

    private func mayPass(_ filter: ResolvedFilter, _ chunk: ColumnChunkMetadata) -> Bool {
        let hasTypeOrder = metadata.hasTypeOrder.map {
            $0.indices.contains(filter.column.index) && $0[filter.column.index]
        }
        return filter.mayPass(chunk.statistics, valueCount: chunk.valueCount, hasTypeOrder: hasTypeOrder ?? false)
    }

    /// Whether rows of a row group can pass, by its statistics and Bloom filters.
    func mayPass(_ filters: [ResolvedFilter], inGroup group: Int) throws(ParquetError) -> Bool {
        for filter in filters {
            let chunk = metadata.rowGroups[group].columns[filter.column.index]
            if !mayPass(filter, chunk) { return false }
            if let hash = filter.hash, let bloom = try bloomFilter(chunk), !bloom.mayContain(hash) { return false }
        }
        return true
    }

    /// Whether a row group can have rows that one of some filters lets pass, all of them of one column: by its
    /// statistics, and by its Bloom filter where the source has that.
    func mayPass(
        anyOf filters: [ResolvedFilter], inGroup group: Int, byBloomFilter: Bool
    ) throws(ParquetError) -> Bool {
        let possible = filters.filter { mayPass($0, metadata.rowGroups[group].columns[$0.column.index]) }
        guard byBloomFilter, let column = possible.first?.column,
            let bloom = try bloomFilter(metadata.rowGroups[group].columns[column.index])
        else { return !possible.isEmpty }
        return possible.contains { $0.hash.map(bloom.mayContain) ?? true }
    }

    /// Where the Bloom filter of a column lies in the file; nil where there is none, or nothing says how long it is.
    func bloomFilterRange(of column: ParquetColumn, inGroup group: Int) -> Range<Int64>? {
        let chunk = metadata.rowGroups[group].columns[column.index]
        guard let offset = chunk.bloomFilterOffset, let bytes = chunk.bloomFilterBytes, offset >= 4, bytes > 0,
            Int64(bytes) <= dataEnd - offset
        else { return nil }
        return offset..<offset + Int64(bytes)
    }

    /// Whether the statistics of a column say that every row of a row group is null there.
    func isNull(_ column: ParquetColumn, inGroup group: Int) -> Bool {
        let (rows, chunk) = (metadata.rowGroups[group].rowCount, metadata.rowGroups[group].columns[column.index])
        return column.repetitionMax == 0 && chunk.valueCount == rows && chunk.statistics?.nullCount == rows
    }

    private func bloomFilter(_ chunk: ColumnChunkMetadata) throws(ParquetError) -> BloomFilter? {
        guard let offset = chunk.bloomFilterOffset, offset >= 4, offset < dataEnd else { return nil }
        let known = chunk.bloomFilterBytes.map { max(1, Int64($0)) } ?? 64
        let head = try source.read(offset..<offset + min(64, known, dataEnd - offset))
        let (headerBytes, bitsetBytes) = try head.withUnsafeBufferPointer { (bytes) throws(ParquetError) in
            try BloomFilter.header(UnsafeRawBufferPointer(bytes))
        }
        let start = offset + Int64(headerBytes)
        guard bitsetBytes <= settings.footerBytesMax, Int64(bitsetBytes) <= dataEnd - start else {
            throw ParquetError(.damaged, "bloom filter", "it takes \(bitsetBytes) bytes at \(start)")
        }
        return BloomFilter(bitset: try source.read(start..<start + Int64(bitsetBytes))[...])
    }

    /// Rows of a row group that can pass, by the column index; the offset indices by column, where there are any.
    func selection(
        _ filters: [ResolvedFilter], _ columns: [ParquetColumn], inGroup group: Int
    ) throws(ParquetError) -> (rows: RowSelection, offsets: [Int: OffsetIndex]) {
        let metadata = metadata.rowGroups[group]
        var rows = RowSelection(all: metadata.rowCount)
        guard !filters.isEmpty else { return (rows, [:]) }
        for filter in filters {
            let chunk = metadata.columns[filter.column.index]
            guard let index = try columnIndex(chunk), let offsets = try offsetIndex(chunk, metadata.rowCount),
                index.nullPages.count == offsets.pages.count
            else { continue }
            rows.formIntersection(filter.ranges(index, offsets, metadata.rowCount))
        }
        var offsets: [Int: OffsetIndex] = [:]
        for column in columns {
            offsets[column.index] = try offsetIndex(metadata.columns[column.index], metadata.rowCount)
        }
        return (rows, offsets)
    }

    private func columnIndex(_ chunk: ColumnChunkMetadata) throws(ParquetError) -> ColumnIndex? {
        guard let bytes = try indexBytes(chunk.columnIndexOffset, chunk.columnIndexBytes) else { return nil }
        return try bytes.withUnsafeBufferPointer { (bytes) throws(ParquetError) in
            var reader = ThriftReader(UnsafeRawBufferPointer(bytes))
            return try ColumnIndex(from: &reader)
        }
    }

    /// Nil too where its rows are not in order, so that nobody jumps by it.
    private func offsetIndex(_ chunk: ColumnChunkMetadata, _ rowCount: Int64) throws(ParquetError) -> OffsetIndex? {
        guard let bytes = try indexBytes(chunk.offsetIndexOffset, chunk.offsetIndexBytes) else { return nil }
        let index = try bytes.withUnsafeBufferPointer { (bytes) throws(ParquetError) in
            var reader = ThriftReader(UnsafeRawBufferPointer(bytes))
            return try OffsetIndex(from: &reader)
        }
        let isOrdered = zip(index.pages, index.pages.dropFirst()).allSatisfy {
            $0.firstRow < $1.firstRow && $0.offset < $1.offset
        }
        guard isOrdered, index.pages.first?.firstRow == 0, (index.pages.last?.firstRow ?? 0) < rowCount else {
            return nil
        }
        return index
    }

    private func indexBytes(_ offset: Int64?, _ bytes: Int32?) throws(ParquetError) -> [UInt8]? {
        guard let offset, let bytes, bytes > 0, offset >= 4 else { return nil }
        guard Int64(bytes) <= dataEnd - offset, Int(bytes) <= settings.footerBytesMax else {
            throw ParquetError(.damaged, "page index", "\(bytes) bytes at \(offset) are not in the file")
        }
        return try source.read(offset..<offset + Int64(bytes))
    }
}

extension ResolvedFilter {
    /// Rows of the pages that can pass.
    fileprivate func ranges(_ index: ColumnIndex, _ offsets: OffsetIndex, _ rowCount: Int64) -> [Range<Int64>] {
        index.nullPages.indices.compactMap { page in
            let start = offsets.pages[page].firstRow
            let end = page + 1 < offsets.pages.count ? offsets.pages[page + 1].firstRow : rowCount
            // A page of nulls alone has as many as it has values; how many that is does not matter.
            let isNull = index.nullPages[page]
            let nulls = index.nullCounts.flatMap { $0.indices.contains(page) ? $0[page] : nil }
            let mayPass = mayPass(
                min: isNull ? nil : index.minValues[page], max: isNull ? nil : index.maxValues[page],
                nullCount: isNull ? 1 : nulls, valueCount: isNull ? 1 : nil)
            return mayPass ? start..<end : nil
        }
    }
}
