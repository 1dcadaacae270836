internal import Compression

/// A page with its bytes decompressed: levels and values.
struct Page {
    var header: PageHeader
    var repetitions: UnsafeRawBufferPointer
    var definitions: UnsafeRawBufferPointer
    var values: UnsafeRawBufferPointer
}

/// Reads the pages of a column chunk one after the other; the bytes of a page are valid until the next one.
final class PageReader {
    private static let windowBytes = 1 << 20
    /// Old parquet-mr left a dictionary's header out of the chunk's size (PARQUET-816).
    private static let slackBytes: Int64 = 100
    /// Statistics in a header may be long.
    private static let headerBytesMax = 16 << 20

    private let source: any ParquetSource
    private let settings: ParquetReaderSettings
    private let codec: BlockCodec
    private let column: ParquetColumn
    private let start: Int64
    private let end: Int64
    private var window: [UInt8] = []
    private var windowStart: Int64
    private(set) var position: Int64
    private let body = FrameBuffer(capacityBytes: 0)
    private var decompressor: BlockDecompressor

    init(
        _ source: any ParquetSource, _ chunk: ColumnChunkMetadata, _ column: ParquetColumn, dataEnd: Int64,
        _ settings: ParquetReaderSettings
    ) throws(ParquetError) {
        guard let codec = BlockCodec(parquetNumber: chunk.codec) else {
            throw ParquetError(.unsupported, "", "compression codec \(chunk.codec) (3 is LZO)")
        }
        guard !chunk.isEncrypted else { throw ParquetError(.unsupported, "", "the column is encrypted") }
        guard chunk.filePath == nil else { throw ParquetError(.unsupported, "", "the column lies in another file") }
        let range = try Self.range(of: chunk, dataEnd: dataEnd)
        (start, end) = (range.lowerBound, range.upperBound)
        (position, windowStart) = (start, start)
        (self.source, self.settings, self.codec, self.column) = (source, settings, codec, column)
        do throws(CompressionError) {
            decompressor = try BlockDecompressor()
        } catch {
            throw ParquetError(.limit, "", "\(error)")
        }
    }

    /// Bytes of the file that a reader of the chunk may ask for.
    static func range(of chunk: ColumnChunkMetadata, dataEnd: Int64) throws(ParquetError) -> Range<Int64> {
        // A dictionary at offset 0 is a writer's way of saying that there is none.
        let dictionary = chunk.dictionaryPageOffset.flatMap { $0 > 0 ? $0 : nil } ?? chunk.dataPageOffset
        let start = min(dictionary, chunk.dataPageOffset)
        let (end, overflow) = start.addingReportingOverflow(chunk.compressedBytes)
        guard start >= 4, chunk.compressedBytes >= 0, !overflow, end <= dataEnd else {
            throw .damaged("the column's bytes \(start) and \(chunk.compressedBytes) on lie outside of the file")
        }
        return start..<min(end + Self.slackBytes, dataEnd)
    }

    /// Goes on at the page whose header is at `offset` of the file.
    func seek(to offset: Int64) throws(ParquetError) {
        guard offset >= start, offset < end else { throw .damaged("a page at byte \(offset) is not in its column") }
        position = offset
    }

    /// Makes sure that at least `count` bytes from `position` on are in the window, or all that there are.
    private func load(_ count: Int) throws(ParquetError) -> WindowRange {
        let offset = position - windowStart
        if offset < 0 || offset + Int64(count) > window.count, windowStart + Int64(window.count) < end || offset < 0 {
            let upper = min(position + Int64(max(count, Self.windowBytes)), end)
            window = try source.read(position..<upper)
            guard window.count == upper - position else { throw ParquetError(.source, "", "a read came back short") }
            windowStart = position
        }
        let lower = Int(position - windowStart)
        return WindowRange(lower: lower, count: max(window.count - lower, 0))
    }

    private struct WindowRange {
        var lower: Int
        var count: Int
    }

    /// The header at `position`, which moves behind it.
    private func header() throws(ParquetError) -> PageHeader {
        guard position < end else { throw .damaged("its pages end early, at byte \(position)") }
        var wanted = 1 << 10
        while true {
            let range = try load(wanted)
            do throws(ParquetError) {
                let (header, bytes) = try window.withUnsafeBufferPointer { (all) throws(ParquetError) in
                    let bytes = UnsafeRawBufferPointer(all)
                    var reader = ThriftReader(
                        UnsafeRawBufferPointer(rebasing: bytes[range.lower..<range.lower + range.count]))
                    return (try PageHeader(from: &reader), reader.position)
                }
                position += Int64(bytes)
                return header
            } catch {
                // It may only be cut by the window.
                guard range.count >= wanted || position + Int64(range.count) < end, wanted < Self.headerBytesMax else {
                    throw error
                }
                guard position + Int64(range.count) < end else { throw error }
                wanted = max(wanted, range.count) * 4
            }
        }
    }

    /// The next page of data, or the dictionary; pages of other kinds are passed over.
    func next() throws(ParquetError) -> Page {
        while true {
            let header = try header()
            let size = Int(header.compressedBytes)
            guard size <= settings.pageBytesMax, Int(header.uncompressedBytes) <= settings.pageBytesMax else {
                throw ParquetError(
                    .limit, "",
                    "a page of \(max(header.compressedBytes, header.uncompressedBytes)) bytes, "
                        + "the limit is \(settings.pageBytesMax)")
            }
            guard Int64(size) <= end - position else { throw .damaged("a page of \(size) bytes goes past its column") }
            guard let kind = header.kind, kind != .index else {
                position += Int64(size)
                continue
            }
            let range = try load(size)
            position += Int64(size)
            return try window.withUnsafeBufferPointer { (all) throws(ParquetError) in
                let raw = UnsafeRawBufferPointer(
                    rebasing: UnsafeRawBufferPointer(all)[range.lower..<range.lower + size])
                if let crc = header.crc, settings.verifiesChecksums, crc32(raw) != crc {
                    throw .damaged("a page's checksum is wrong")
                }
                return kind == .dataV2 ? try pageV2(header, raw) : try page(header, raw)
            }
        }
    }

    /// Puts the uncompressed bytes of `raw` behind what `body` holds.
    private func decompress(_ raw: UnsafeRawBufferPointer, _ size: Int, _ codec: BlockCodec) throws(ParquetError) {
        body.ensure(free: size)
        let target = UnsafeMutableRawBufferPointer(start: body.base + body.count, count: size)
        do throws(CompressionError) {
            try decompressor.decompress(raw, codec: codec, to: target)
        } catch {
            throw .damaged("\(error)")
        }
        body.advance(by: size)
    }

    private func page(_ header: PageHeader, _ raw: UnsafeRawBufferPointer) throws(ParquetError) -> Page {
        body.clear(keepingCapacityBytes: 8 << 20)
        try decompress(raw, Int(header.uncompressedBytes), codec)
        var cursor = ByteCursor(body.bytes)
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        guard header.kind == .data else {
            return Page(header: header, repetitions: none, definitions: none, values: cursor.rest)
        }
        let repetitions = try levels(&cursor, column.repetitionMax, header.repetitionEncoding, header)
        let definitions = try levels(&cursor, column.definitionMax, header.definitionEncoding, header)
        return Page(header: header, repetitions: repetitions, definitions: definitions, values: cursor.rest)
    }

    /// The levels of a version 1 page: behind their length, or bit-packed without one.
    private func levels(
        _ cursor: inout ByteCursor, _ most: UInt8, _ encoding: Int32, _ header: PageHeader
    ) throws(ParquetError) -> UnsafeRawBufferPointer {
        guard most > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        if encoding == ParquetEncoding.bitPacked.rawValue {
            return try cursor.take((Int(header.valueCount) * bitWidth(of: UInt64(most)) + 7) / 8)
        }
        guard encoding == ParquetEncoding.rle.rawValue else {
            throw ParquetError(.unsupported, "", "levels in encoding \(encoding)")
        }
        return try cursor.take(Int(try cursor.littleEndian32()))
    }

    private func pageV2(_ header: PageHeader, _ raw: UnsafeRawBufferPointer) throws(ParquetError) -> Page {
        let repetitionBytes = Int(header.repetitionBytes)
        let levels = repetitionBytes + Int(header.definitionBytes)
        guard levels <= raw.count else { throw .damaged("a page's levels are longer than the page") }
        body.clear(keepingCapacityBytes: 8 << 20)
        body.append(UnsafeRawBufferPointer(rebasing: raw[..<levels]))
        let values = UnsafeRawBufferPointer(rebasing: raw[levels...])
        let size = Int(header.uncompressedBytes) - levels
        // Some writers leave nothing at all where every value is null, not even an empty block.
        if !values.isEmpty || size > 0 {
            try decompress(values, size, header.isCompressed ? codec : .uncompressed)
        }
        let all = body.bytes
        return Page(
            header: header, repetitions: UnsafeRawBufferPointer(rebasing: all[..<repetitionBytes]),
            definitions: UnsafeRawBufferPointer(rebasing: all[repetitionBytes..<levels]),
            values: UnsafeRawBufferPointer(rebasing: all[levels...]))
    }
}
