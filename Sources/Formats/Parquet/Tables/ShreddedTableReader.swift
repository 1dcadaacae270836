internal import LakeModel

/// Reads the rows of a shredded table back into events, each with a payload that says what the produced one said: the
/// schema's fields in their order, then what was kept in `_rest`.
public final class ShreddedTableReader {
    public let file: ParquetFileReader
    public let schema: ShreddedSchema
    private let rows: ParquetRowReader
    /// `_rest` may hold a whole payload, one level down.
    private let parser = JSONParser(depthMax: JSONParser.depthMax + 1)
    private let fieldsStart: Int

    /// Throws where the file is no shredded table.
    public init(_ file: ParquetFileReader) throws(ParquetError) {
        self.file = file
        schema = try ShreddedSchema(file.schema)
        let key = ShreddedTableWriter.versionKey
        guard file.keyValues.contains(where: { $0.key == key && $0.value == "1" }) else {
            throw ParquetError(.unsupported, "footer", "the file has no \(key) = 1")
        }
        rows = try ParquetRowReader(file)
        fieldsStart = file.schema.fields.count - schema.fields.count - 1
    }

    /// Goes to the start of a row group.
    public func open(group: Int) throws(ParquetError) {
        try rows.open(group: group)
    }

    /// The next event of the row group that was opened last; nil behind its last.
    public func nextInGroup() throws(ParquetError) -> StoredEvent? {
        guard let row = try rows.nextInGroup() else { return nil }
        guard row.count == fieldsStart + schema.fields.count + 1 else { throw .damaged("a row has other fields") }
        var event = try kafka(row)
        let values = ParquetValue.group(Array(row[fieldsStart..<row.count - 1]))
        var payload = JSONTree(values, .structure(schema.fields)) ?? .object(.init())
        if case .bytes(let rest) = row[row.count - 1] { try put(rest, into: &payload) }
        event.value = payload.bytes
        return event
    }

    private func kafka(_ row: [ParquetValue]) throws(ParquetError) -> StoredEvent {
        guard case .bytes(let topic) = row[0], case .int32(let partition) = row[1], case .int64(let offset) = row[2],
            case .bytes(let typeName) = row[4], case .list(let list) = row[6]
        else { throw .damaged("a row has no coordinates") }
        var time: Int64?
        if case .int64(let milliseconds) = row[3] { time = milliseconds }
        let timestamp = try KafkaTimestamp(time: time, type: typeName)
        var event = StoredEvent(
            TopicPartition(topic: String(decoding: topic, as: UTF8.self), partition: partition), offset: offset,
            timestamp: timestamp.time, timestampType: timestamp.type, key: row[5].bytes, value: nil)
        for header in list {
            guard case .group(let parts) = header, parts.count == 3, let name = parts[0].bytes ?? parts[1].bytes else {
                throw .damaged("a header has no name")
            }
            event.headers.append(.init(name: name, value: parts[2].bytes))
        }
        return event
    }

    private func put(_ rest: [UInt8], into payload: inout JSONTree) throws(ParquetError) {
        let isPut = rest.withUnsafeBytes { bytes in
            guard parser.parse(bytes).isValid else { return false }
            var walk = JSONWalk(bytes)
            guard walk.peek == UInt8(ascii: "{") else { return false }
            walk.forEachMember { walk, pointer in
                payload.put(Array(walk.value()), at: Self.steps(of: pointer)[...])
            }
            return true
        }
        guard isPut else { throw .damaged("_rest is no JSON object") }
    }

    /// RFC 6901: `~1` is a slash and `~0` a tilde, in that order.
    private static func steps(of pointer: String) -> [[UInt8]] {
        guard pointer.utf8.first == UInt8(ascii: "/") else { return [] }
        return pointer.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            var step: [UInt8] = []
            var isEscape = false
            for byte in $0 {
                if isEscape {
                    step.append(byte == UInt8(ascii: "1") ? UInt8(ascii: "/") : UInt8(ascii: "~"))
                    isEscape = false
                } else if byte == UInt8(ascii: "~") {
                    isEscape = true
                } else {
                    step.append(byte)
                }
            }
            return step
        }
    }
}

extension ParquetValue {
    fileprivate var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }
}
