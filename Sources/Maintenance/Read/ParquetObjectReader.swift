import Catalog
import Compression
import Formats
import LakeModel
import ObjectStorage

/// Reads the events of a Parquet object as envelope lines: the footer first, then row group after row group.
///
/// Memory is one row group as it is stored, one page of each column and one event. Where every row group is read, size,
/// checksum and number of records are checked against the catalog's entry.
struct ParquetObjectReader: Sendable {
    let store: any ObjectStore
    let table: TableName
    /// Bytes that one request fetches.
    var chunkBytes = 8 << 20
    /// The first request's, from the end: most footers fit.
    var tailBytes: Int64 = 64 << 10
    /// Row groups as they are stored; this program's are a tenth of it.
    var groupBytesMax: Int64 = 512 << 20
    /// Row groups that cannot have a row that all of these pass are passed over.
    var filters: [ParquetFilter] = []

    init(store: any ObjectStore, table: TableName) {
        (self.store, self.table) = (store, table)
    }

    /// What the rows look like.
    func shape(of object: DataObject) async throws(ReadError) -> ParquetTableShape {
        try await open(object).reader.shape
    }

    /// Asks the footer, and the Bloom filters where that is not enough: one request, or two, seldom three.
    func ask(_ probe: ParquetFieldProbe, in object: DataObject) async throws -> ProbeResult {
        let (source, reader) = try await open(object)
        func told(_ mayHold: Bool) -> ProbeResult {
            ProbeResult(mayHold: mayHold, gets: source.fetched.requests, bytes: source.fetched.bytes)
        }
        do {
            switch try probe.ask(reader) {
            case .no: return told(false)
            case .maybe: return told(true)
            case .filters(let range):
                if range.lowerBound < source.tailStart {
                    source.keep(from: range.lowerBound, next: range.lowerBound)
                    try await load(source, from: range.lowerBound, to: range.upperBound, of: object) { _ in }
                }
                return told(try probe.askFilters(reader))
            }
        } catch let error as ParquetError {
            throw ReadError.damaged(path: object.path, reason: error.description)
        }
    }

    /// As `ObjectLineReader.forEachLine`.
    func forEachLine(
        of object: DataObject, _ body: (UnsafeRawBufferPointer) throws -> Bool, pause: () async throws -> Void
    ) async throws {
        let (source, reader) = try await open(object)
        let pass = RowPass(object, reader)
        var checksum = ChecksumBuilder(object.checksum.algorithm)
        var hasAll = true
        for group in 0..<reader.file.rowGroupCount {
            guard try pass.mayPass(filters, group: group) else {
                hasAll = false
                continue
            }
            let range = try pass.bytes(ofGroup: group, most: groupBytesMax)
            // What lies between is fetched as well: only the whole has a checksum.
            let start = hasAll ? source.loaded.upperBound : max(range.lowerBound, source.loaded.upperBound)
            source.keep(from: range.lowerBound, next: start)
            try await load(source, from: range.lowerBound, to: range.upperBound, of: object) { checksum.update($0) }
            try pass.open(group: group)
            while let goesOn = try pass.lines(body) {
                guard goesOn else { return }
                try await pause()
            }
        }
        guard hasAll else { return }
        source.keep(from: source.loaded.upperBound, next: source.loaded.upperBound)
        try await load(source, from: source.bytes, to: source.bytes, of: object) { checksum.update($0) }
        let found = checksum.finalize()
        guard found == object.checksum else {
            throw ReadError.damaged(
                path: object.path,
                reason: "its \(found.algorithm.rawValue) is \(found.value), not \(object.checksum.value)")
        }
        if let fault = pass.fault() { throw ReadError.damaged(path: object.path, reason: fault) }
    }

    /// Fetches and reads the footer.
    private func open(
        _ object: DataObject
    ) async throws(ReadError) -> (source: LoadedObject, reader: ParquetTableReader) {
        let bytes = object.bytes
        var tail = try await fetch(object, from: max(0, bytes - tailBytes), count: min(bytes, tailBytes))
        var fetched = (requests: Int64(1), bytes: Int64(tail.count))
        let settings = ParquetReaderSettings()
        if let wanted = LoadedObject.tailBytes(tail), wanted > tail.count, wanted <= bytes,
            wanted <= settings.footerBytesMax
        {
            tail = try await fetch(object, from: bytes - wanted, count: wanted)
            fetched = (2, fetched.bytes + wanted)
        }
        let source = LoadedObject(bytes: bytes, tail: tail, fetched: fetched)
        do throws(ParquetError) {
            return (source, try ParquetTableReader(try ParquetFileReader(source, settings: settings)))
        } catch {
            throw .damaged(path: object.path, reason: error.description)
        }
    }

    /// Fetches what comes next, up to `end`; of what lies before `first` only the checksum is wanted.
    private func load(
        _ source: LoadedObject, from first: Int64, to end: Int64, of object: DataObject,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) async throws(ReadError) {
        while source.loaded.upperBound < end {
            let start = source.loaded.upperBound
            source.keep(from: min(first, start), next: start)
            var chunk = source.fromTail(start, to: end)
            if chunk.isEmpty {
                let stop = min(end, max(start + 1, source.tailStart))
                chunk = try await fetch(object, from: start, count: min(stop - start, Int64(chunkBytes)))
                source.fetched = (source.fetched.requests + 1, source.fetched.bytes + Int64(chunk.count))
            }
            chunk.withUnsafeBytes(body)
            source.add(chunk)
        }
    }

    private func fetch(_ object: DataObject, from offset: Int64, count: Int64) async throws(ReadError) -> [UInt8] {
        guard let key = object.key(in: table) else {
            throw .damaged(path: object.path, reason: "its path is not a key")
        }
        let bytes: [UInt8]
        do {
            bytes = try await store.get(key, range: .from(offset, count: count), bytesMax: Int(count)).bytes
        } catch  where error.kind == .notFound {
            throw .missing(path: object.path)
        } catch {
            throw .store(error)
        }
        guard bytes.count == count else {
            throw .damaged(
                path: object.path, reason: "it has \(offset + Int64(bytes.count)) bytes, not \(object.bytes)")
        }
        return bytes
    }
}

/// The parts of an object that are in memory: its end, and a stretch that moves on.
private final class LoadedObject: ParquetSource {
    let bytes: Int64
    private let tail: [UInt8]
    let tailStart: Int64
    private var stretch: [UInt8] = []
    private(set) var loaded: Range<Int64> = 0..<0
    /// What was asked of the store so far.
    var fetched: (requests: Int64, bytes: Int64)

    init(bytes: Int64, tail: [UInt8], fetched: (requests: Int64, bytes: Int64)) {
        (self.bytes, self.tail, tailStart) = (bytes, tail, bytes - Int64(tail.count))
        self.fetched = fetched
    }

    /// How many bytes from the end on the footer begins; nil where these are not the last bytes of such a file.
    static func tailBytes(_ tail: [UInt8]) -> Int64? {
        guard tail.count >= 8, tail.suffix(4).elementsEqual("PAR1".utf8) else { return nil }
        return tail.suffix(8).prefix(4).reversed().reduce(0) { $0 << 8 | Int64($1) } + 8
    }

    /// Forgets what lies before `start`; the next bytes that are added stand at `next`.
    func keep(from start: Int64, next: Int64) {
        if next != loaded.upperBound {
            (stretch, loaded) = ([], next..<next)
        } else if start >= loaded.upperBound {
            (stretch, loaded) = ([], next..<next)
        } else if start > loaded.lowerBound {
            stretch.removeFirst(Int(start - loaded.lowerBound))
            loaded = start..<loaded.upperBound
        }
    }

    func add(_ chunk: [UInt8]) {
        if stretch.isEmpty { stretch = chunk } else { stretch += chunk }
        loaded = loaded.lowerBound..<(loaded.upperBound + Int64(chunk.count))
    }

    /// Bytes from `start` on that the end has.
    func fromTail(_ start: Int64, to end: Int64) -> [UInt8] {
        guard start >= tailStart, end > start else { return [] }
        return Array(tail[Int(start - tailStart)..<Int(min(end, bytes) - tailStart)])
    }

    func read(_ range: Range<Int64>) throws(ParquetError) -> [UInt8] {
        if range.lowerBound >= tailStart, range.upperBound <= bytes {
            return fromTail(range.lowerBound, to: range.upperBound)
        }
        guard range.lowerBound >= loaded.lowerBound, range.upperBound <= loaded.upperBound else {
            throw ParquetError(.source, "", "bytes \(range) are outside of the row group that is read")
        }
        let start = Int(range.lowerBound - loaded.lowerBound)
        return Array(stretch[start..<start + range.count])
    }
}

/// One pass over the rows of one object, as lines.
private final class RowPass {
    /// Lines between two pauses.
    private static let linesMax = 1000
    private static let linesBytesMax = 4 << 20

    private let object: DataObject
    private let reader: ParquetTableReader
    private var writer = StoredEventWriter()
    private let line = FrameBuffer(capacityBytes: 4 << 10)
    private var records: Int64 = 0

    init(_ object: DataObject, _ reader: ParquetTableReader) {
        (self.object, self.reader) = (object, reader)
    }

    private func naming<Result>(_ body: () throws(ParquetError) -> Result) throws(ReadError) -> Result {
        do throws(ParquetError) {
            return try body()
        } catch {
            throw .damaged(path: object.path, reason: error.description)
        }
    }

    func mayPass(_ filters: [ParquetFilter], group: Int) throws(ReadError) -> Bool {
        try naming { () throws(ParquetError) in
            guard !filters.isEmpty else { return true }
            return try reader.file.mayPass(filters, inGroup: group)
        }
    }

    func bytes(ofGroup group: Int, most: Int64) throws(ReadError) -> Range<Int64> {
        let range = try naming { () throws(ParquetError) in try reader.file.byteRange(ofGroup: group) }
        guard range.upperBound - range.lowerBound <= most else {
            throw .damaged(path: object.path, reason: "row group \(group) takes over \(most) bytes")
        }
        return range
    }

    func open(group: Int) throws(ReadError) {
        try naming { () throws(ParquetError) in try reader.open(group: group) }
    }

    /// Hands out some lines; false where `body` wants no more, nil at the end of the row group.
    func lines(_ body: (UnsafeRawBufferPointer) throws -> Bool) throws -> Bool? {
        var bytes = 0
        for _ in 0..<Self.linesMax where bytes < Self.linesBytesMax {
            guard let event = try naming({ () throws(ParquetError) in try reader.nextInGroup() }) else {
                return bytes > 0 ? true : nil
            }
            records += 1
            line.clear(keepingCapacityBytes: 1 << 20)
            writer.append(event, to: line)
            bytes += line.count
            // Without its line feed.
            guard try body(UnsafeRawBufferPointer(rebasing: line.bytes.dropLast())) else { return false }
        }
        return true
    }

    /// The first thing that is not as the catalog says; nil where all is.
    func fault() -> String? {
        if records != object.records { return "it holds \(records) records, not \(object.records)" }
        return nil
    }
}
