import LakeModel

/// Reads the lines that `DataObjectWriter` writes, with the keys in any order; many times faster than `JSONDecoder`,
/// which decides how long it takes to open a large table. An unknown, missing or repeated key is a fault.
struct DataObjectReader {
    /// Topics repeat from line to line: the same string is handed out again instead of a new allocation.
    private var lastTopic = ""

    mutating func read(_ line: UnsafeBufferPointer<UInt8>, at base: Int) throws(LineFault) -> DataObject {
        var scanner = LineScanner(line, base: base)
        var draft = Draft()
        try eachKey(&scanner) { scanner, key throws(LineFault) in try field(key, &scanner, &draft) }
        try scanner.expectEnd()
        guard draft.seen & Draft.required == Draft.required, let partition = draft.partition,
            let checksum = draft.checksum, let uploadedAt = draft.uploadedAt
        else { throw scanner.fault("a field is missing") }
        return DataObject(
            path: draft.path, side: draft.side, partition: partition, format: draft.format, bytes: draft.bytes,
            uncompressedBytes: draft.uncompressedBytes, records: draft.records, eventTime: draft.eventTime,
            offsets: draft.offsets, checksum: checksum, schemaID: draft.schemaID, uploadedAt: uploadedAt,
            tags: draft.tags, columns: draft.columns, adopted: draft.adopted)
    }

    /// The fields read so far; `seen` has one bit for each key.
    private struct Draft {
        static let required = 0b1_1111_0111_1011
        var seen = 0
        var path = ""
        var side = TableSide.main
        var partition: PartitionPath?
        var format = DataFormat.envelope
        var bytes: Int64 = 0
        var uncompressedBytes: Int64 = 0
        var records: Int64 = 0
        var eventTime: TimeSpan?
        var offsets: [OffsetSpan] = []
        var checksum: Checksum?
        var schemaID: String?
        var uploadedAt: Timestamp?
        var tags: [String] = []
        var columns: [ColumnStatistics] = []
        var adopted: AdoptedFile?
    }

    private mutating func field(
        _ key: UnsafeBufferPointer<UInt8>, _ scanner: inout LineScanner, _ draft: inout Draft
    ) throws(LineFault) {
        let bit: Int
        if key == "bytes" {
            (bit, draft.bytes) = (0, try scanner.integer())
        } else if key == "checksum" {
            (bit, draft.checksum) = (1, try checksum(&scanner))
        } else if key == "event_time" {
            (bit, draft.eventTime) = (2, try timeSpan(&scanner))
        } else if key == "format" {
            (bit, draft.format) = (3, try value(&scanner))
        } else if key == "offsets" {
            (bit, draft.offsets) = (4, try offsets(&scanner))
        } else if key == "partition" {
            (bit, draft.partition) = (5, try partition(&scanner))
        } else if key == "path" {
            (bit, draft.path) = (6, try scanner.string())
        } else if key == "schema_id" {
            (bit, draft.schemaID) = (7, try scanner.string())
        } else if key == "records" {
            (bit, draft.records) = (8, try scanner.integer())
        } else if key == "side" {
            (bit, draft.side) = (9, try value(&scanner))
        } else if key == "tags" {
            (bit, draft.tags) = (10, try tags(&scanner))
        } else if key == "uncompressed_bytes" {
            (bit, draft.uncompressedBytes) = (11, try scanner.integer())
        } else if key == "uploaded_at" {
            (bit, draft.uploadedAt) = (12, try time(&scanner))
        } else if key == "columns" {
            (bit, draft.columns) = (13, try columns(&scanner))
        } else if key == "adopted" {
            (bit, draft.adopted) = (14, try adopted(&scanner))
        } else {
            throw scanner.fault("an unknown field")
        }
        guard draft.seen & (1 << bit) == 0 else { throw scanner.fault("a field comes twice") }
        draft.seen |= 1 << bit
    }

    private mutating func offsets(_ scanner: inout LineScanner) throws(LineFault) -> [OffsetSpan] {
        var spans: [OffsetSpan] = []
        try eachElement(&scanner) { scanner throws(LineFault) in spans.append(try span(&scanner)) }
        return spans
    }

    private mutating func span(_ scanner: inout LineScanner) throws(LineFault) -> OffsetSpan {
        var (seen, partition) = (0, Int32(0))
        var (first, last, count) = (Int64(0), Int64(0), Int64(0))
        var topic = ""
        try eachKey(&scanner) { scanner, key throws(LineFault) in
            let bit: Int
            if key == "count" {
                (bit, count) = (1, try scanner.integer())
            } else if key == "first" {
                (bit, first) = (2, try scanner.integer())
            } else if key == "last" {
                (bit, last) = (4, try scanner.integer())
            } else if key == "partition" {
                guard let value = Int32(exactly: try scanner.integer()) else {
                    throw scanner.fault("a partition is too large")
                }
                (bit, partition) = (8, value)
            } else if key == "topic" {
                (bit, topic) = (16, try self.topic(&scanner))
            } else {
                throw scanner.fault("an unknown field")
            }
            guard seen & bit == 0 else { throw scanner.fault("a field comes twice") }
            seen |= bit
        }
        guard seen == 31 else { throw scanner.fault("a field is missing") }
        let source = TopicPartition(topic: topic, partition: partition)
        return OffsetSpan(source, first: first, last: last, count: count)
    }

    private mutating func topic(_ scanner: inout LineScanner) throws(LineFault) -> String {
        let start = scanner
        if let bytes = try scanner.plain(), bytes.elementsEqual(lastTopic.utf8) { return lastTopic }
        scanner = start
        lastTopic = try scanner.string()
        return lastTopic
    }

    private func partition(_ scanner: inout LineScanner) throws(LineFault) -> PartitionPath {
        var (date, hour, shard) = (CalendarDay?.none, UInt8?.none, UInt16?.none)
        try eachKey(&scanner) { scanner, key throws(LineFault) in
            if key == "date", date == nil {
                let bytes = try scanner.token()
                guard let day = FastTime.day(bytes) else { throw scanner.fault("not a date") }
                date = day
            } else if key == "hour", hour == nil {
                hour = UInt8(exactly: try scanner.integer())
                guard hour.map({ $0 < 24 }) ?? false else { throw scanner.fault("not an hour") }
            } else if key == "shard", shard == nil {
                shard = UInt16(exactly: try scanner.integer())
            } else {
                throw scanner.fault("an unknown or repeated field")
            }
        }
        guard let date, let shard else { throw scanner.fault("not a partition") }
        return PartitionPath(date: date, hour: hour, shard: shard)
    }

    private func checksum(_ scanner: inout LineScanner) throws(LineFault) -> Checksum {
        var (algorithm, value) = (Checksum.Algorithm?.none, String?.none)
        try eachKey(&scanner) { scanner, key throws(LineFault) in
            if key == "algorithm", algorithm == nil {
                algorithm = try self.value(&scanner) as Checksum.Algorithm
            } else if key == "value", value == nil {
                value = try scanner.string()
            } else {
                throw scanner.fault("an unknown or repeated field")
            }
        }
        guard let algorithm, let value else { throw scanner.fault("not a checksum") }
        return Checksum(algorithm: algorithm, value: value)
    }

    private func adopted(_ scanner: inout LineScanner) throws(LineFault) -> AdoptedFile {
        var (compression, place) = (AdoptedFile.Compression?.none, String?.none)
        try eachKey(&scanner) { scanner, key throws(LineFault) in
            if key == "compression", compression == nil {
                compression = try self.value(&scanner) as AdoptedFile.Compression
            } else if key == "key", place == nil {
                place = try scanner.string()
            } else {
                throw scanner.fault("an unknown or repeated field")
            }
        }
        guard let compression, let place else { throw scanner.fault("not an adopted file") }
        return AdoptedFile(key: place, compression: compression)
    }

    private func timeSpan(_ scanner: inout LineScanner) throws(LineFault) -> TimeSpan {
        var (least, greatest) = (Timestamp?.none, Timestamp?.none)
        try eachKey(&scanner) { scanner, key throws(LineFault) in
            if key == "min", least == nil {
                least = try time(&scanner)
            } else if key == "max", greatest == nil {
                greatest = try time(&scanner)
            } else {
                throw scanner.fault("an unknown or repeated field")
            }
        }
        guard let least, let greatest else { throw scanner.fault("not a span of times") }
        return TimeSpan(min: least, max: greatest)
    }

    private func tags(_ scanner: inout LineScanner) throws(LineFault) -> [String] {
        var tags: [String] = []
        try eachElement(&scanner) { scanner throws(LineFault) in tags.append(try scanner.string()) }
        return tags
    }

    private func columns(_ scanner: inout LineScanner) throws(LineFault) -> [ColumnStatistics] {
        var columns: [ColumnStatistics] = []
        try eachElement(&scanner) { scanner throws(LineFault) in columns.append(try column(&scanner)) }
        return columns
    }

    private func column(_ scanner: inout LineScanner) throws(LineFault) -> ColumnStatistics {
        var (name, kind, nulls) = (String?.none, ColumnStatistics.Kind?.none, Int64?.none)
        var (least, greatest) = (String?.none, String?.none)
        try eachKey(&scanner) { scanner, key throws(LineFault) in
            if key == "kind", kind == nil {
                kind = try self.value(&scanner) as ColumnStatistics.Kind
            } else if key == "max", greatest == nil {
                greatest = try scanner.string()
            } else if key == "min", least == nil {
                least = try scanner.string()
            } else if key == "name", name == nil {
                name = try scanner.string()
            } else if key == "nulls", nulls == nil {
                nulls = try scanner.integer()
            } else {
                throw scanner.fault("an unknown or repeated field")
            }
        }
        guard let name, let kind, let nulls else { throw scanner.fault("no statistics of a column") }
        return ColumnStatistics(name: name, kind: kind, nulls: nulls, min: least, max: greatest)
    }

    private func time(_ scanner: inout LineScanner) throws(LineFault) -> Timestamp {
        guard let time = FastTime.parse(try scanner.token()) else { throw scanner.fault("not an RFC 3339 time") }
        return time
    }

    private func value<Value: RawRepresentable & CaseIterable>(
        _ scanner: inout LineScanner
    ) throws(LineFault) -> Value where Value.RawValue == String {
        let bytes = try scanner.token()
        for candidate in Value.allCases where bytes.elementsEqual(candidate.rawValue.utf8) { return candidate }
        throw scanner.fault("an unknown value")
    }
}

/// Calls `body` for each key of an object, with the scanner before the key's value.
private func eachKey(
    _ scanner: inout LineScanner,
    _ body: (inout LineScanner, UnsafeBufferPointer<UInt8>) throws(LineFault) -> Void
) throws(LineFault) {
    try scanner.expect(UInt8(ascii: "{"))
    guard !scanner.take(UInt8(ascii: "}")) else { return }
    repeat {
        let key = try scanner.token()
        try scanner.expect(UInt8(ascii: ":"))
        try body(&scanner, key)
    } while scanner.take(UInt8(ascii: ","))
    try scanner.expect(UInt8(ascii: "}"))
}

/// Calls `body` for each element of an array, with the scanner before it.
private func eachElement(
    _ scanner: inout LineScanner, _ body: (inout LineScanner) throws(LineFault) -> Void
) throws(LineFault) {
    try scanner.expect(UInt8(ascii: "["))
    guard !scanner.take(UInt8(ascii: "]")) else { return }
    repeat { try body(&scanner) } while scanner.take(UInt8(ascii: ","))
    try scanner.expect(UInt8(ascii: "]"))
}
