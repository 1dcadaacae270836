import Compression
import Formats
import LakeModel
import ObjectStorage

/// Reads a file that another program wrote, once, and describes it as a data object.
///
/// Memory is one chunk, what decompression needs, and one line.
struct ForeignFileReader: Sendable {
    let store: any ObjectStore
    let layout: ImportLayout
    /// Bytes that one request fetches.
    var chunkBytes = 8 << 20

    /// Throws `ForeignName.PassedOver` for what cannot be adopted.
    func describe(_ file: ForeignFile) async throws -> DataObject {
        let first = try await fetch(file, from: 0)
        guard first.info.bytes == file.listed.bytes else { throw changed }
        let compression = try Self.compression(of: first.bytes)
        let totals: LineTotals =
            switch compression {
            case .plain: try await read(file, first, through: PlainDecoder())
            case .gzip: try await read(file, first, through: try GzipDecoder())
            case .zstd: try await read(file, first, through: try FrameDecoder())
            }
        if let cut = totals.cut { throw ForeignName.PassedOver(reason: cut) }
        guard totals.lines > 0 else { throw ForeignName.PassedOver(reason: "it holds no events") }
        return DataObject(
            path: file.path, partition: file.partition, format: .value, bytes: file.listed.bytes,
            uncompressedBytes: totals.uncompressedBytes, records: totals.lines, eventTime: file.times, offsets: [],
            checksum: totals.checksum, uploadedAt: file.listed.modifiedAt,
            adopted: AdoptedFile(key: file.key, compression: compression))
    }

    private func read<Decoder: StreamDecoder & ~Copyable>(
        _ file: ForeignFile, _ first: ObjectContent, through decoder: consuming Decoder
    ) async throws -> LineTotals {
        var pass = LinePass(file.key, decoder, checksum: .crc64nvme, isForeign: true)
        let check = EventLines()
        var chunk = first
        var offset: Int64 = 0
        do {
            while true {
                offset += Int64(chunk.bytes.count)
                _ = try pass.take(chunk.bytes) { try check.take($0) }
                guard offset < file.listed.bytes else { break }
                chunk = try await fetch(file, from: offset)
                guard chunk.info.tag == first.info.tag, !chunk.bytes.isEmpty else { throw changed }
            }
            try pass.takeRest { try check.take($0) }
        } catch ReadError.damaged(_, let reason) {
            throw ForeignName.PassedOver(reason: reason)
        }
        if check.isOneArray, layout == .vector || layout == .hive {
            throw ForeignName.PassedOver(
                reason: "it is one JSON array instead of lines of events; in Vector, set framing.method: "
                    + "newline_delimited")
        }
        return pass.finish()
    }

    private func fetch(_ file: ForeignFile, from offset: Int64) async throws -> ObjectContent {
        do throws(StoreError) {
            let count = min(Int64(chunkBytes), file.listed.bytes - offset)
            return try await store.get(file.listed.key, range: .from(offset, count: count), bytesMax: chunkBytes)
        } catch {
            switch error.kind {
            // Gone, or shorter than the listing said.
            case .notFound, .invalid: throw changed
            case .archived: throw ForeignName.PassedOver(reason: error.message)
            default: throw error
            }
        }
    }

    private var changed: ForeignName.PassedOver { ForeignName.PassedOver(reason: "it changed while it was read") }

    /// By the first bytes: names lie, and Firehose's have no endings.
    private static func compression(of bytes: [UInt8]) throws(ForeignName.PassedOver) -> AdoptedFile.Compression {
        // RFC 1952 section 2.3.1; RFC 8878 sections 3.1.1 and 3.1.2.
        if bytes.starts(with: [0x1F, 0x8B]) { return .gzip }
        let isSkippable = bytes.count >= 4 && bytes[0] & 0xF0 == 0x50 && bytes[1...].starts(with: [0x2A, 0x4D, 0x18])
        if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) || isSkippable { return .zstd }
        if bytes.starts(with: "PAR1".utf8) {
            throw ForeignName.PassedOver(reason: "files of format parquet are not adopted")
        }
        return .plain
    }
}

/// Sees to it that every line is one event: one JSON text.
private final class EventLines {
    private let parser = JSONParser()
    private var number: Int64 = 0
    private var beginsWithArray = false

    /// Vector's codec `json` writes a whole batch so where no framing is set.
    var isOneArray: Bool { number == 1 && beginsWithArray }

    func take(_ line: UnsafeRawBufferPointer) throws(ForeignName.PassedOver) -> Bool {
        number += 1
        if number == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) {
            // RFC 8259 section 8.1: readers need not accept one, and every reader of the file would meet it again.
            throw ForeignName.PassedOver(reason: "it begins with a byte order mark, which JSON has not")
        }
        if case .invalid(let fault) = parser.parse(line) {
            throw ForeignName.PassedOver(reason: "event \(number) is \(fault)")
        }
        // RFC 8259 section 2: the white space that may come before a value.
        if number == 1 { beginsWithArray = line.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "[") }
        return true
    }
}
