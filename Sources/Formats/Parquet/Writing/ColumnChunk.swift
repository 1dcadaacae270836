internal import CSimdjson
internal import Compression

/// A column chunk ready to be written.
struct FinishedChunk {
    var metadata: ColumnChunkMetadata
    var dictionaryPage: [UInt8]
    var bloomFilter: [UInt8]?
    var offsets: OffsetIndex
    var index: ColumnIndex?
    var nullCount: Int64
    var bounds: Bounds?
}

extension ParquetColumnWriter {
    /// Ends the chunk: `pages` holds its data pages until `reset`.
    func finishChunk(_ scratch: inout PageScratch) throws(ParquetError) -> FinishedChunk {
        let dictionaryPage = try makeDictionaryPage(&scratch)
        var metadata = ColumnChunkMetadata()
        metadata.type = column.type.rawValue
        metadata.path = column.path
        metadata.codec = settings.compression.parquetNumber
        metadata.valueCount = chunk.valueCount
        metadata.uncompressedBytes = chunk.uncompressedBytes
        metadata.compressedBytes = Int64(dictionaryPage.count + pages.count)
        var encodings = Set(chunk.encodings.keys)
        if !dictionaryPage.isEmpty { encodings.insert(.plain) }
        if column.definitionMax > 0 || column.repetitionMax > 0 { encodings.insert(.rle) }
        metadata.encodings = encodings.map(\.rawValue).sorted()
        let kind: PageHeader.Kind = settings.pageVersion == .v1 ? .data : .dataV2
        var counts = chunk.encodings.map { PageEncodingCount(page: kind, encoding: $0.key, count: $0.value) }
        counts.sort { $0.encoding.rawValue < $1.encoding.rawValue }
        if !dictionaryPage.isEmpty { counts.insert(.init(page: .dictionary, encoding: .plain, count: 1), at: 0) }
        metadata.encodingStats = counts
        metadata.statistics = statistics()
        chunk.index.order = boundaryOrder()
        return FinishedChunk(
            metadata: metadata, dictionaryPage: dictionaryPage, bloomFilter: makeBloomFilter(), offsets: chunk.offsets,
            index: chunk.hasIndex && order != .none ? chunk.index : nil, nullCount: chunk.nullCount,
            bounds: chunk.bounds)
    }

    /// Forgets the chunk that was written.
    func reset() {
        pages.clear(keepingCapacityBytes: pagesKeptBytes)
        hashes.removeAll(keepingCapacity: false)
        chunk = ColumnChunkState()
        resetDictionary()
    }

    private func makeDictionaryPage(_ scratch: inout PageScratch) throws(ParquetError) -> [UInt8] {
        guard chunk.hasDictionaryPages, let values = dictionary?.values else { return [] }
        if columnSettings.hasBloomFilter { noteHashes(of: values) }
        var header = PageHeader()
        header.kind = .dictionary
        header.valueCount = Int32(clamping: values.pointee.value_count)
        header.encoding = ParquetEncoding.plain.rawValue
        scratch.body.clear()
        scratch.body.append(plain: values, column.type)
        // Made behind the data pages, and taken off again.
        let start = pages.count
        try appendPage(&header, &scratch)
        let page = Array(pages.bytes[start...])
        pages.truncate(to: start)
        return page
    }

    private func statistics() -> StoredStatistics? {
        guard columnSettings.hasStatistics else { return nil }
        var statistics = StoredStatistics()
        statistics.nullCount = chunk.nullCount
        if chunk.hasDictionaryPages, chunk.encodings.count == 1 {
            statistics.distinctCount = Int64(dictionary?.count ?? 0)
        }
        guard let bounds = chunk.bounds else { return statistics }
        (statistics.min, statistics.max) = (bounds.min, bounds.max)
        (statistics.isMinExact, statistics.isMaxExact) = (bounds.isMinExact, bounds.isMaxExact)
        return statistics
    }

    /// Pages of nulls alone do not count (parquet.thrift, `ColumnIndex.boundary_order`).
    private func boundaryOrder() -> ColumnIndex.Order {
        let index = chunk.index
        let places = index.nullPages.indices.filter { !index.nullPages[$0] }
        let pairs = zip(places, places.dropFirst())
        if pairs.allSatisfy({
            !order.isLess(index.minValues[$1], index.minValues[$0])
                && !order.isLess(index.maxValues[$1], index.maxValues[$0])
        }) {
            return .ascending
        }
        if pairs.allSatisfy({
            !order.isLess(index.minValues[$0], index.minValues[$1])
                && !order.isLess(index.maxValues[$0], index.maxValues[$1])
        }) {
            return .descending
        }
        return .none
    }

    private func makeBloomFilter() -> [UInt8]? {
        guard columnSettings.hasBloomFilter, column.type != .boolean else { return nil }
        // Pages without a dictionary bring each value as often as it comes.
        hashes.sort()
        let distinct = zip(hashes, hashes.dropFirst()).reduce(hashes.isEmpty ? 0 : 1) { $0 + ($1.0 == $1.1 ? 0 : 1) }
        var filter = BloomFilter(distinctCount: distinct, bytesMax: 1 << 20)
        for hash in hashes { filter.insert(hash) }
        return filter.encoded()
    }
}

extension BlockCodec {
    /// In the footer (parquet.thrift, `CompressionCodec`).
    var parquetNumber: Int32 {
        switch self {
        case .uncompressed: 0
        case .snappy: 1
        case .gzip: 2
        case .brotli: 4
        case .lz4Hadoop: 5
        case .zstd: 6
        case .lz4Raw: 7
        }
    }

    init?(parquetNumber: Int32) {
        guard let codec = Self.allCases.first(where: { $0.parquetNumber == parquetNumber }) else { return nil }
        self = codec
    }
}
