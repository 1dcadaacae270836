import Compression
import LakeModel
import ObjectStorage

/// Manifests and checkpoint lists as bytes: zstd frames of NDJSON.
enum ManifestCodec {
    /// One data object a line, in the order given.
    static func encode(_ objects: some Sequence<DataObject>) -> [UInt8] {
        var writer = DataObjectWriter()
        for object in objects { writer.append(object) }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8], place: String) throws(CatalogError) -> [DataObject] {
        var reader = DataObjectReader()
        var objects: [DataObject] = []
        do {
            try bytes.withUnsafeBufferPointer { buffer in
                var start = 0
                while start < buffer.count {
                    guard let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) else {
                        throw LineFault(reason: "its last line has no end", offset: start)
                    }
                    objects.append(try reader.read(UnsafeBufferPointer(rebasing: buffer[start..<end]), at: start))
                    start = end + 1
                }
            }
        } catch let fault as LineFault {
            throw .corrupt(place: place, reason: "line \(objects.count + 1): \(fault.reason) at byte \(fault.offset)")
        } catch {
            throw .corrupt(place: place, reason: "line \(objects.count + 1)")
        }
        return objects
    }

    static func encode(_ checkpoint: Checkpoint) throws(CatalogError) -> [UInt8] {
        var bytes = try CatalogJSON.encode(HeadLine(checkpoint))
        for manifest in checkpoint.manifests { bytes += try CatalogJSON.encode(manifest) }
        let end = EndLine(checksum: hex(CRC64NVME.checksum(of: bytes)), manifests: checkpoint.manifests.count)
        return try bytes + CatalogJSON.encode(end)
    }

    static func decodeList(_ bytes: [UInt8], version: Int64, place: String) throws(CatalogError) -> Checkpoint {
        let newline = UInt8(ascii: "\n")
        guard bytes.last == newline, let first = bytes.firstIndex(of: newline) else {
            throw .corrupt(place: place, reason: "it is cut short")
        }
        // The format comes first: a checkpoint of a newer program is not damaged.
        let line = try CatalogJSON.decode(
            HeadLine.self, from: Array(bytes[...first]), format: HeadLine.currentFormat, place: place)
        guard let last = bytes.dropLast().lastIndex(of: newline) else {
            throw .corrupt(place: place, reason: "it is cut short")
        }
        let end = try CatalogJSON.decodeLine(EndLine.self, from: Array(bytes[(last + 1)...]), place: place)
        guard hex(CRC64NVME.checksum(of: Array(bytes[...last]))) == end.checksum else {
            throw .corrupt(place: place, reason: "its checksum is not \(end.checksum)")
        }
        guard line.version == version else { throw .corrupt(place: place, reason: "it says version \(line.version)") }
        var manifests: [ManifestSummary] = []
        for next in bytes[(first + 1)..<(last + 1)].split(separator: newline) {
            manifests.append(try CatalogJSON.decodeLine(ManifestSummary.self, from: Array(next), place: place))
        }
        guard manifests.count == end.manifests else {
            throw .corrupt(place: place, reason: "it holds \(manifests.count) of \(end.manifests) manifests")
        }
        return Checkpoint(head: line.head, manifests: manifests)
    }

    static func compress(_ bytes: [UInt8], level: Int32, place: String) throws(CatalogError) -> [UInt8] {
        do {
            return try zstdCompress(bytes, level: level)
        } catch {
            throw .invalid("\(place) cannot be compressed: \(error)")
        }
    }

    static func decompress(_ bytes: [UInt8], bytesMax: Int, place: String) throws(CatalogError) -> [UInt8] {
        do {
            return try zstdDecompress(bytes, bytesMax: bytesMax)
        } catch {
            throw .corrupt(place: place, reason: "\(error)")
        }
    }
}

/// The first line of a checkpoint list: the table's head. Schema: `schemas/checkpoint-list.v1.json`.
struct HeadLine: Hashable, Codable {
    /// The newest that this program reads; the format of a list is that of its table's commits.
    static let currentFormat = 2

    var format: Int
    var version: Int64
    var id: CommitID?
    var at: Timestamp?
    var layout: TableLayout?
    var progress: [ProgressEntry]
    var horizon: Timestamp?
    var closedThrough: LakeHour?
    var totals: [SideTotals]
    var eventTime: TimeSpan?

    struct ProgressEntry: Hashable, Codable {
        var topic: String
        var partition: Int32
        var next: Int64
        var watermark: Timestamp?
    }

    enum CodingKeys: String, CodingKey {
        case format, version, id, at, layout, progress, horizon
        case closedThrough = "closed_through"
        case totals
        case eventTime = "event_time"
    }

    init(_ checkpoint: Checkpoint) {
        let head = checkpoint.head
        format = head.format
        (version, id, at, layout) = (head.version, head.id, head.at, head.layout)
        progress = head.progress.sorted { $0.key < $1.key }.map {
            ProgressEntry(
                topic: $0.key.topic, partition: $0.key.partition, next: $0.value.next, watermark: $0.value.watermark)
        }
        (horizon, closedThrough, eventTime) = (head.horizon, head.closedThrough, head.eventTime)
        totals = TableSide.allCases.compactMap { head.totals[$0] }
    }

    var head: TableHead {
        var head = TableHead()
        head.format = format
        (head.version, head.id, head.at, head.layout) = (version, id, at, layout)
        for entry in progress {
            let source = TopicPartition(topic: entry.topic, partition: entry.partition)
            head.progress[source] = Progress(next: entry.next, watermark: entry.watermark)
        }
        (head.horizon, head.closedThrough, head.eventTime) = (horizon, closedThrough, eventTime)
        for side in totals { head.totals[side.side] = side }
        return head
    }
}

/// The last line of a checkpoint list: what stands before it.
struct EndLine: Hashable, Codable {
    /// CRC-64/NVME of every byte before this line, 16 lower-case hex digits.
    var checksum: String
    /// How many lines stand between the head and this one.
    var manifests: Int
}
