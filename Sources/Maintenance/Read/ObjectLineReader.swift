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
    /// Of Parquet objects, row groups that cannot have a row that all of these pass are passed over.
    public var filters: [ParquetFilter] = []

    public init(store: any ObjectStore, table: TableName) {
        (self.store, self.table) = (store, table)
    }

    /// Calls `body` with each line, without its line feed, borrowed for the call; false from it stops the reading, and
    /// then nothing is checked. Size, checksum and number of lines are checked when the end is reached.
    ///
    /// `pause` is called after each chunk, when no line is borrowed. What `body` and `pause` throw comes out as it is;
    /// all else is a `ReadError`.
    public func forEachLine(
        of object: DataObject, _ body: (UnsafeRawBufferPointer) throws -> Bool,
        pause: () async throws -> Void = {}
    ) async throws {
        guard object.format != .parquet else {
            var reader = ParquetObjectReader(store: store, table: table)
            (reader.chunkBytes, reader.filters) = (chunkBytes, filters)
            return try await reader.forEachLine(of: object, body, pause: pause)
        }
        var pass = try LinePass(object)
        var offset: Int64 = 0
        while offset < object.bytes {
            let chunk = try await fetch(object, from: offset)
            guard !chunk.isEmpty else { break }
            offset += Int64(chunk.count)
            do {
                guard try pass.take(chunk, body) else { return }
            } catch let error as CompressionError {
                throw damaged(object, error.description)
            } catch is LineSplitter.LineTooLong {
                throw damaged(object, "it holds a line that is too long")
            }
            try await pause()
        }
        if let fault = pass.finish(bytesRead: offset) { throw damaged(object, fault) }
    }

    private func fetch(_ object: DataObject, from offset: Int64) async throws(ReadError) -> [UInt8] {
        guard let key = ObjectKey("\(table)/\(object.path)") else { throw damaged(object, "its path is not a key") }
        do {
            let count = min(Int64(chunkBytes), object.bytes - offset)
            return try await store.get(key, range: .from(offset, count: count), bytesMax: chunkBytes).bytes
        } catch  where error.kind == .notFound {
            throw .missing(path: object.path)
        } catch {
            throw .store(error)
        }
    }

    private func damaged(_ object: DataObject, _ reason: String) -> ReadError {
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

/// One pass over the bytes of one object.
private struct LinePass: ~Copyable {
    private let object: DataObject
    private var decoder: FrameDecoder
    private var checksum: ChecksumBuilder
    private var splitter = LineSplitter()
    private var lines: Int64 = 0

    init(_ object: DataObject) throws(ReadError) {
        self.object = object
        do {
            decoder = try FrameDecoder(limits: .init(outputBytesMax: max(0, object.uncompressedBytes)))
        } catch {
            throw .damaged(path: object.path, reason: error.description)
        }
        checksum = ChecksumBuilder(object.checksum.algorithm)
    }

    mutating func take(_ chunk: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Bool) throws -> Bool {
        try chunk.withUnsafeBytes { bytes in
            checksum.update(bytes)
            var position = 0
            while let piece = try decoder.next(in: bytes, at: &position) {
                let goesOn = try splitter.take(piece) { line in
                    lines += 1
                    return try body(line)
                }
                guard goesOn else { return false }
            }
            return true
        }
    }

    /// The first thing that is not as the catalog says; nil where all is.
    consuming func finish(bytesRead: Int64) -> String? {
        let (object, lines) = (object, lines)
        let (uncompressed, isAtLineStart) = (decoder.outputBytes, splitter.isAtLineStart)
        guard bytesRead == object.bytes else { return "it has \(bytesRead) bytes, not \(object.bytes)" }
        let found = checksum.finalize()
        guard found == object.checksum else {
            return "its \(found.algorithm.rawValue) is \(found.value), not \(object.checksum.value)"
        }
        guard isAtLineStart else { return "its last line does not end" }
        guard uncompressed == object.uncompressedBytes else {
            return "it holds \(uncompressed) bytes uncompressed, not \(object.uncompressedBytes)"
        }
        guard lines == object.records else { return "it holds \(lines) records, not \(object.records)" }
        return nil
    }
}
