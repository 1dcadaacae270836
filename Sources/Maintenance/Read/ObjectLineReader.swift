public import Catalog
import Compression
public import Formats
public import LakeModel
public import ObjectStorage

/// Reads the lines of a data object and checks it against what the catalog says of it. The rows of a Parquet object
/// come as envelope lines too.
///
/// Memory is one chunk, one zstd window and one line, whatever the object's size; of a Parquet object one row group.
public struct ObjectLineReader: Sendable {
    public let store: any ObjectStore
    public let table: TableName
    /// Bytes that one request fetches.
    public var chunkBytes = 8 << 20
    /// Bytes that the first request fetches, the next ones four times as many each: for who may have enough soon.
    public var firstChunkBytes = 8 << 20
    /// Of Parquet objects, row groups that cannot have a row that all of these pass are passed over.
    public var filters: [ParquetFilter] = []
    /// Only events with these offsets are wanted: where an object tells how, the rest of it is passed over, in large
    /// steps. Others come too.
    public var offsets: Range<Int64>?

    public init(store: any ObjectStore, table: TableName) {
        (self.store, self.table) = (store, table)
    }

    /// Calls `body` with each line, without its line feed, borrowed for the call; false from it stops the reading, and
    /// then nothing is checked. Size, checksum and number of lines are checked when the end is reached.
    ///
    /// Where `offsets` or `filters` let parts be passed over, each part read is checked, and nothing else.
    ///
    /// `pause` is called after each chunk, when no line is borrowed. What `body` and `pause` throw comes out as it is;
    /// all else is a `ReadError`, or a `CompressionError` where there is no memory to decompress with.
    public func forEachLine(
        of object: DataObject, _ body: (UnsafeRawBufferPointer) throws -> Bool,
        pause: () async throws -> Void = {}
    ) async throws {
        guard object.format != .parquet else {
            var reader = ParquetObjectReader(store: store, table: table)
            (reader.chunkBytes, reader.filters) = (chunkBytes, filters)
            return try await reader.forEachLine(of: object, body, pause: pause)
        }
        if let offsets, let search = OffsetSearch(object, offsets, reader: self), let found = try await search.run() {
            return try await search.forEachLine(found, body, pause: pause)
        }
        let most = max(0, object.uncompressedBytes)
        switch object.adopted?.compression ?? .zstd {
        case .plain:
            try await read(object, through: PlainDecoder(outputBytesMax: most), body, pause)
        case .gzip:
            try await read(object, through: try GzipDecoder(outputBytesMax: most), body, pause)
        case .zstd:
            try await read(object, through: try FrameDecoder(limits: .exactly(outputBytes: most)), body, pause)
        }
    }

    private func read<Decoder: StreamDecoder & ~Copyable>(
        _ object: DataObject, through decoder: consuming Decoder,
        _ body: (UnsafeRawBufferPointer) throws -> Bool, _ pause: () async throws -> Void
    ) async throws {
        var pass = LinePass(
            object.path, decoder, checksum: object.checksum.algorithm, isForeign: object.adopted != nil)
        guard try await read(object, 0..<object.bytes, &pass, body, pause: pause) else { return }
        try pass.takeRest(body)
        if let fault = fault(of: object, pass.finish()) { throw damaged(object, fault) }
    }

    /// Hands the lines of a stretch of whole frames on; false where `body` has had enough.
    func read<Decoder: StreamDecoder & ~Copyable>(
        _ object: DataObject, _ range: Range<Int64>, _ pass: inout LinePass<Decoder>,
        _ body: (UnsafeRawBufferPointer) throws -> Bool, pause: () async throws -> Void
    ) async throws -> Bool {
        var offset = range.lowerBound
        var size = min(firstChunkBytes, chunkBytes)
        while offset < range.upperBound {
            let chunk = try await fetch(object, offset..<min(offset + Int64(size), range.upperBound))
            size = min(size * 4, chunkBytes)
            guard !chunk.isEmpty else { break }
            offset += Int64(chunk.count)
            guard try pass.take(chunk, body) else { return false }
            try await pause()
        }
        return true
    }

    /// The first thing that is not as the catalog says; nil where all is.
    private func fault(of object: DataObject, _ found: LineTotals) -> String? {
        guard found.bytes == object.bytes else { return "it has \(found.bytes) bytes, not \(object.bytes)" }
        guard found.checksum == object.checksum else {
            return "its \(found.checksum.algorithm.rawValue) is \(found.checksum.value), not \(object.checksum.value)"
        }
        guard !found.endsInLine || object.adopted != nil else { return "its last line does not end" }
        guard found.uncompressedBytes == object.uncompressedBytes else {
            return "it holds \(found.uncompressedBytes) bytes uncompressed, not \(object.uncompressedBytes)"
        }
        guard found.lines == object.records else { return "it holds \(found.lines) records, not \(object.records)" }
        return nil
    }

    /// A part of an object.
    func fetch(_ object: DataObject, _ range: Range<Int64>) async throws(ReadError) -> [UInt8] {
        guard let key = object.key(in: table) else { throw damaged(object, "its path is not a key") }
        do {
            let part = ByteRange.from(range.lowerBound, count: Int64(range.count))
            return try await store.get(key, range: part, bytesMax: range.count).bytes
        } catch  where error.kind == .notFound {
            throw .missing(path: object.path)
        } catch  where error.kind == .invalid {
            // A store refuses a range behind the end, and other things in the same way.
            guard let bytes = try? await store.head(key).bytes, bytes < object.bytes else { throw .store(error) }
            throw damaged(object, "it has \(bytes) bytes, not \(object.bytes)")
        } catch {
            throw .store(error)
        }
    }

    func damaged(_ object: DataObject, _ reason: String) -> ReadError {
        .damaged(path: object.path, reason: reason)
    }
}

/// Why a data object could not be read.
public enum ReadError: Error, Sendable {
    /// The catalog lists it and the store does not have it.
    case missing(path: String)
    /// It is not what the catalog says.
    case damaged(path: String, reason: String)
    case store(StoreError)
}

extension ReadError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing(let path): "\(path) is missing in the store"
        case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
        case .store(let error): error.description
        }
    }
}
