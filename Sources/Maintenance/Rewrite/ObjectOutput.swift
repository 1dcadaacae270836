import Catalog
import LakeModel
import ObjectStorage

/// A new object while it is being written: encoded, uploaded in parts as it grows, described in the end.
///
/// One task at a time. Memory is what the encoder holds and less than two parts.
final class ObjectOutput {
    private let store: any ObjectStore
    private let key: ObjectKey
    private let options: PutOptions
    private let encoder: any RowEncoding
    private let partBytes: Int
    private var chunks: [[UInt8]] = []
    private var chunkBytes = 0
    private var digest = CRC64NVME()
    private var bytes: Int64 = 0
    private var upload: UploadID?
    private var parts: [UploadedPart] = []
    let path: String
    private var spans: SpanTally
    private(set) var records: Int64 = 0
    private(set) var times: TimeSpan?
    private(set) var puts: Int64 = 0

    init(
        store: any ObjectStore, table: TableName, path: String, options: PutOptions, encoder: any RowEncoding,
        sources: RowSources, partBytes: Int
    ) throws {
        guard let key = ObjectKey("\(table)/\(path)") else {
            throw MaintenanceError.invalid("not an object key: \(path)")
        }
        (self.store, self.key, self.path, self.options) = (store, key, path, options)
        (self.encoder, self.partBytes) = (encoder, max(partBytes, partBytesMin))
        spans = SpanTally(sources: sources)
    }

    /// About what the object will take in the store.
    var encodedBytes: Int64 { encoder.encodedBytes }

    /// Whether `send` has something to do.
    var hasPart: Bool { chunkBytes + encoder.readyBytes >= partBytes }

    func append(_ row: StoredRow) throws {
        try encoder.append(row)
        records += 1
        guard let front = row.front else { return }
        spans.add(front.source, front.offset)
        guard let milliseconds = front.timestamp else { return }
        let time = Timestamp(milliseconds: milliseconds)
        times = times.map { TimeSpan(min: min($0.min, time), max: max($0.max, time)) } ?? TimeSpan(min: time, max: time)
    }

    /// Uploads whole parts, all of one size: some stores demand it of all but the last.
    func send() async throws {
        takeReady()
        while chunkBytes >= partBytes {
            chunkBytes -= partBytes
            try await put(part: chunks.takeFirst(bytes: partBytes))
        }
    }

    /// Ends the object and describes it. `spans` is what it holds where its rows do not tell.
    func finish(
        side: TableSide, partition: PartitionPath, format: DataFormat, spans stated: [OffsetSpan], times: TimeSpan?,
        tags: [String]
    ) async throws -> DataObject {
        try encoder.finish()
        takeReady()
        let info: ObjectInfo
        var options = options
        if let upload {
            if chunkBytes > 0 || parts.isEmpty { try await put(part: chunks) }
            options.checksum = checksum
            puts += 1
            info = try await store.completeUpload(upload, of: key, parts: parts, options: options)
            self.upload = nil
        } else {
            options.checksum = checksum
            // Names are new by their commit id; this makes it certain that nothing is ever overwritten.
            options.condition = .absent
            info = try await putWhole(options)
        }
        chunks = []
        let seen = spans.spans
        return DataObject(
            path: path, side: side, partition: partition, format: format, bytes: bytes,
            uncompressedBytes: encoder.uncompressedBytes, records: records, eventTime: times,
            offsets: seen.isEmpty ? stated : seen, checksum: checksum, schemaID: encoder.schemaID,
            uploadedAt: info.modifiedAt, tags: tags, columns: encoder.statistics)
    }

    /// Removes what an object that will not be finished has left in the store; best effort, vacuum finds the rest.
    func abandon() async {
        guard let upload else { return }
        try? await store.abortUpload(upload, of: key)
    }

    private func putWhole(_ options: PutOptions) async throws(StoreError) -> ObjectInfo {
        puts += 1
        do {
            return try await store.put(ObjectBody(chunks: chunks), to: key, options: options)
        } catch  where error.kind == .conflict && error.mayHaveHappened {
            // A retry inside the store met what its first attempt had written.
            let info = try await store.head(key)
            guard info.bytes == bytes else { throw error }
            return info
        }
    }

    private var checksum: Checksum { Checksum(algorithm: .crc64nvme, value: hex(digest.value)) }

    private func takeReady() {
        for chunk in encoder.takeReady() {
            chunk.withUnsafeBytes { digest.update($0) }
            bytes += Int64(chunk.count)
            chunkBytes += chunk.count
            chunks.append(chunk)
        }
    }

    private func put(part: [[UInt8]]) async throws {
        if upload == nil {
            puts += 1
            upload = try await store.createUpload(to: key, options: options)
        }
        guard let upload else { return }
        puts += 1
        parts.append(try await store.putPart(parts.count + 1, ObjectBody(chunks: part), of: upload, to: key))
    }
}

/// First and last offset and number of events for each topic partition.
struct SpanTally {
    private struct Span {
        var first = Int64.max
        var last = Int64.min
        var count: Int64 = 0
    }

    private let sources: RowSources
    private var tally: [Span]

    init(sources: RowSources) {
        self.sources = sources
        tally = Array(repeating: Span(), count: sources.all.count)
    }

    mutating func add(_ source: Int32, _ offset: Int64) {
        let index = Int(source)
        guard tally.indices.contains(index) else { return }
        if offset < tally[index].first { tally[index].first = offset }
        if offset > tally[index].last { tally[index].last = offset }
        tally[index].count += 1
    }

    /// In order of topic partition.
    var spans: [OffsetSpan] {
        zip(sources.all, tally).compactMap { source, span in
            span.count > 0 ? OffsetSpan(source, first: span.first, last: span.last, count: span.count) : nil
        }
    }

    /// The spans of several objects together.
    static func sum(_ objects: some Sequence<DataObject>) -> [OffsetSpan] {
        var sums: [TopicPartition: OffsetSpan] = [:]
        for span in objects.flatMap(\.offsets) {
            guard var sum = sums[span.topicPartition] else {
                sums[span.topicPartition] = span
                continue
            }
            sum.first = min(sum.first, span.first)
            sum.last = max(sum.last, span.last)
            sum.count &+= span.count
            sums[span.topicPartition] = sum
        }
        return sums.values.sorted { $0.topicPartition < $1.topicPartition }
    }
}
