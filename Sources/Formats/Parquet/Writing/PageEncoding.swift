internal import Compression
internal import CSimdjson

/// Memory that writers of the same settings use in turn, one thread at a time.
public final class ParquetScratch: @unchecked Sendable {
    var pages: PageScratch

    public init(_ settings: ParquetWriterSettings) throws(ParquetError) {
        do throws(CompressionError) {
            pages = try PageScratch(settings)
        } catch {
            throw ParquetError(.misuse, "settings", "\(error)")
        }
    }
}

/// Memory that all columns of a writer use in turn.
struct PageScratch: ~Copyable {
    let body = FrameBuffer(capacityBytes: 0)
    let trial = FrameBuffer(capacityBytes: 0)
    var compressor: BlockCompressor
    private(set) var indices = UnsafeMutableBufferPointer<UInt32>(start: nil, count: 0)

    init(_ settings: ParquetWriterSettings) throws(CompressionError) {
        compressor = try BlockCompressor(codec: settings.compression, level: settings.compressionLevel)
    }

    deinit {
        indices.deallocate()
    }

    mutating func indices(_ count: Int) -> UnsafeMutableBufferPointer<UInt32> {
        if indices.count < count {
            indices.deallocate()
            indices = .allocate(capacity: count)
        }
        return UnsafeMutableBufferPointer(rebasing: indices[..<count])
    }

    /// Compresses the body from byte `start` on behind what `trial` holds; answers how many bytes that took.
    mutating func compress(from start: Int, _ column: ParquetColumn) throws(ParquetError) -> Int {
        do throws(CompressionError) {
            return try compressor.compress(UnsafeRawBufferPointer(rebasing: body.bytes[start...]), to: trial)
        } catch {
            throw ParquetError(.limit, column.name, "\(error)")
        }
    }

    var memoryBytes: Int { body.capacity + trial.capacity + indices.count * 4 + compressor.memoryBytes }
}

extension ParquetColumnWriter {
    /// Makes a page of what waits, `rows` rows of it.
    func flushPage(rows: Int, _ scratch: inout PageScratch) throws(ParquetError) {
        guard page.pointee.level_count > 0 else { return }
        var header = PageHeader()
        header.kind = settings.pageVersion == .v1 ? .data : .dataV2
        header.valueCount = Int32(clamping: page.pointee.level_count)
        header.nullCount = Int32(clamping: page.pointee.level_count - page.pointee.value_count)
        header.rowCount = Int32(clamping: rows)
        scratch.body.clear()
        appendLevels(&header, to: scratch.body)
        let encoding = try appendValues(&scratch)
        header.encoding = encoding.rawValue
        chunk.encodings[encoding, default: 0] += 1
        noteStatistics(rows: rows)
        let start = pages.count
        try appendPage(&header, &scratch)
        chunk.offsets.pages.append(
            .init(
                offset: Int64(start), compressedBytes: Int32(clamping: pages.count - start),
                firstRow: chunk.rowCount))
        chunk.rowCount += Int64(rows)
        page.clearColumn(keepingBytes: 4 * settings.pageBytes)
    }

    private func appendLevels(_ header: inout PageHeader, to body: FrameBuffer) {
        let repetition = appendLevels(page.repetitions, column.repetitionMax, to: body)
        let definition = appendLevels(page.definitions, column.definitionMax, to: body)
        (header.repetitionBytes, header.definitionBytes) = (repetition, definition)
    }

    /// Version 1 has the length of the levels in front of them, version 2 in the header.
    private func appendLevels(_ levels: UnsafeBufferPointer<UInt8>, _ most: UInt8, to body: FrameBuffer) -> Int32 {
        guard most > 0 else { return 0 }
        let start = body.count
        if settings.pageVersion == .v1 { body.append(littleEndian: 0) }
        body.append(runs: levels, width: bitWidth(of: UInt64(most)))
        let bytes = body.count - start
        if settings.pageVersion == .v1 { body.replace(littleEndian: UInt32(clamping: bytes - 4), at: start) }
        return Int32(clamping: bytes)
    }

    private func appendValues(_ scratch: inout PageScratch) throws(ParquetError) -> ParquetEncoding {
        if chunk.isDictionaryOpen, appendIndices(&scratch) { return .rleDictionary }
        if columnSettings.hasBloomFilter { noteHashes(of: page) }
        let encoding: ParquetEncoding
        if let chosen = chunk.fallback {
            encoding = chosen
        } else {
            encoding = try chooseFallback(&scratch)
            chunk.fallback = encoding
        }
        append(encoding, to: scratch.body)
        return encoding
    }

    /// Appends numbers of the dictionary; false, and the dictionary is closed, where it does not pay or is full.
    private func appendIndices(_ scratch: inout PageScratch) -> Bool {
        let count = page.pointee.value_count
        let known = dictionary?.count ?? 0
        let indices = scratch.indices(count)
        let hasRoom = dictionary?.encode(page, bytesMax: settings.dictionaryBytes, to: indices) ?? false
        let all = dictionary?.count ?? 0
        if hasRoom, columnSettings.encoding == .dictionary || isDictionaryUseful(known: known, all: all, count) {
            let width = max(bitWidth(of: UInt64(max(all - 1, 0))), 1)
            scratch.body.append(UInt8(width))
            scratch.body.append(runs: UnsafeBufferPointer(indices), width: width)
            chunk.hasDictionaryPages = true
            return true
        }
        chunk.isDictionaryOpen = false
        dictionary?.truncate(to: chunk.hasDictionaryPages ? known : 0)
        return false
    }

    /// Values that never repeat gain nothing from numbers: a chunk's first page tells. Values that go on being new,
    /// as times do, gain little: the second page tells.
    private func isDictionaryUseful(known: Int, all: Int, _ count: Int) -> Bool {
        let added = all - known
        switch chunk.offsets.pages.count {
        case 0:
            chunk.newOnFirstPage = added
            return count <= 1000 || added * 100 <= count * 97
        case 1: return added * 10 <= count * 3 || added * 100 <= chunk.newOnFirstPage * 85
        default: return true
        }
    }

    /// Tries what the type allows on this page, and takes what compresses best; the chunk keeps to it.
    private func chooseFallback(_ scratch: inout PageScratch) throws(ParquetError) -> ParquetEncoding {
        let candidates = candidates
        guard candidates.count > 1, page.pointee.value_count >= 100 else { return candidates[0] }
        let start = scratch.body.count
        var best: (encoding: ParquetEncoding, bytes: Int)?
        for encoding in candidates {
            append(encoding, to: scratch.body)
            scratch.trial.clear()
            let bytes = try scratch.compress(from: start, column)
            if bytes < best?.bytes ?? .max { best = (encoding, bytes) }
            scratch.body.truncate(to: start)
        }
        return best?.encoding ?? candidates[0]
    }

    /// Encodings that take the place of a dictionary, the cheapest to read first.
    private var candidates: [ParquetEncoding] {
        switch columnSettings.encoding {
        case .plain: return [.plain]
        case .deltaBinaryPacked: return [.deltaBinaryPacked]
        case .deltaLengthByteArray: return [.deltaLengthByteArray]
        case .deltaByteArray: return [.deltaByteArray]
        case .byteStreamSplit: return [.byteStreamSplit]
        case .automatic, .dictionary: break
        }
        switch column.type {
        case .int32, .int64: return [.plain, .deltaBinaryPacked]
        case .byteArray: return [.plain, .deltaLengthByteArray]
        case .float, .double: return [.plain, .byteStreamSplit]
        case .boolean, .int96, .fixedLengthByteArray: return [.plain]
        }
    }

    private func append(_ encoding: ParquetEncoding, to body: FrameBuffer) {
        let count = page.pointee.value_count
        guard count > 0, let values = page.pointee.values else {
            // An empty page of differences still has its header.
            if encoding == .deltaBinaryPacked || encoding == .deltaLengthByteArray || encoding == .deltaByteArray {
                body.append(deltas: UnsafeBufferPointer<Int64>(start: nil, count: 0))
                if encoding == .deltaByteArray { body.append(deltas: UnsafeBufferPointer<Int64>(start: nil, count: 0)) }
            }
            return
        }
        switch encoding {
        case .deltaBinaryPacked where column.width == 4:
            values.withMemoryRebound(to: Int32.self, capacity: count) {
                body.append(deltas: UnsafeBufferPointer(start: $0, count: count))
            }
        case .deltaBinaryPacked:
            values.withMemoryRebound(to: Int64.self, capacity: count) {
                body.append(deltas: UnsafeBufferPointer(start: $0, count: count))
            }
        case .deltaLengthByteArray: body.append(deltaLengths: page.byteArrays)
        case .deltaByteArray: body.append(deltaArrays: page.byteArrays)
        case .byteStreamSplit: body.append(split: values, count: count, width: column.width)
        default: body.append(plain: page, column.type)
        }
    }

    /// Compresses the scratch's body into a page with its header.
    func appendPage(_ header: inout PageHeader, _ scratch: inout PageScratch) throws(ParquetError) {
        let body = scratch.body
        // Version 2 leaves the levels uncompressed in front.
        let levels = header.kind == .dataV2 ? Int(header.repetitionBytes + header.definitionBytes) : 0
        scratch.trial.clear()
        scratch.trial.append(UnsafeRawBufferPointer(rebasing: body.bytes[..<levels]))
        _ = try scratch.compress(from: levels, column)
        guard let uncompressed = Int32(exactly: body.count), let compressed = Int32(exactly: scratch.trial.count) else {
            throw ParquetError(.limit, column.name, "a page of over 2 GiB")
        }
        (header.uncompressedBytes, header.compressedBytes) = (uncompressed, compressed)
        if settings.hasChecksums { header.crc = crc32(scratch.trial.bytes) }
        let encoded = header.encoded()
        encoded.withUnsafeBytes { pages.append($0) }
        pages.append(scratch.trial.bytes)
        chunk.uncompressedBytes += Int64(encoded.count + body.count)
    }

    private func noteStatistics(rows: Int) {
        let count = page.pointee.value_count
        let nulls = Int64(page.pointee.level_count - count)
        chunk.valueCount += Int64(page.pointee.level_count)
        chunk.nullCount += nulls
        var bounds = page.bounds(order)
        if order == .lexicographic { bounds?.truncate(to: settings.statisticsBytes, isText: column.isText) }
        if bounds == nil, count > 0 { chunk.hasIndex = false }
        if let bounds {
            if chunk.bounds?.merge(bounds, order) == nil { chunk.bounds = bounds }
        }
        chunk.index.nullPages.append(count == 0)
        chunk.index.minValues.append(bounds?.min ?? [])
        chunk.index.maxValues.append(bounds?.max ?? [])
        chunk.index.nullCounts = (chunk.index.nullCounts ?? []) + [nulls]
    }

    func noteHashes(of values: UnsafeMutablePointer<varve_column>) {
        let width = column.width
        for index in 0..<values.pointee.value_count { hashes.append(xxHash64(values.slice(index, width))) }
    }
}

extension FrameBuffer {
    /// All values of a column in plain encoding.
    func append(plain page: UnsafeMutablePointer<varve_column>, _ type: ParquetPhysicalType) {
        guard let values = page.pointee.values else { return }
        switch type {
        case .boolean: append(bits: values, count: page.pointee.value_count)
        case .byteArray: append(plain: page.byteArrays)
        default: append(UnsafeRawBufferPointer(start: values, count: page.pointee.value_bytes))
        }
    }
}

extension ParquetColumn {
    /// Whether bounds of it have to stay UTF-8.
    var isText: Bool {
        switch logicalType {
        case .string, .json, .enumeration: true
        default: false
        }
    }
}
