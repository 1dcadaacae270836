internal import LakeModel

/// Reads the rows of a raw table back into events.
public final class RawTableReader {
    public let file: ParquetFileReader
    private var group = -1
    private var row: Int64 = 0
    private var cursors: [EntryCursor] = []
    /// The bytes of the last row's topic and what they say: rows of one topic mostly stand together.
    private var topicBytes: [UInt8] = []
    private var topic = ""
    private var budget = 0

    /// Throws where the file is no raw table.
    public init(_ file: ParquetFileReader) throws(ParquetError) {
        self.file = file
        let expected = try RawTable.schema()
        guard file.schema.columns == expected.columns else {
            throw ParquetError(.misuse, "schema", "the file is no raw table: its columns are others")
        }
        guard file.keyValues.contains(where: { $0.key == RawTable.versionKey && $0.value == RawTable.version }) else {
            throw ParquetError(.unsupported, "footer", "the file has no \(RawTable.versionKey) = \(RawTable.version)")
        }
    }

    /// The next event; nil behind the last.
    public func next() throws(ParquetError) -> StoredEvent? {
        while true {
            if group >= 0, let event = try nextInGroup() { return event }
            guard group + 1 < file.rowGroupCount else { return nil }
            try open(group: group + 1)
        }
    }

    /// Goes to the start of a row group.
    public func open(group: Int) throws(ParquetError) {
        self.group = group
        row = 0
        cursors = []
        for column in file.schema.columns {
            cursors.append(EntryCursor(try file.open(column, inGroup: group, offsets: nil)))
        }
    }

    /// The next event of the row group that was opened last; nil behind its last.
    public func nextInGroup() throws(ParquetError) -> StoredEvent? {
        guard row < file.rowCount(inGroup: group) else {
            try checkEnd()
            return nil
        }
        do throws(ParquetError) {
            let event = try event()
            row += 1
            return event
        } catch {
            throw error.at("row group \(group), row \(row)")
        }
    }

    private func checkEnd() throws(ParquetError) {
        for cursor in cursors where try cursor.load() {
            throw ParquetError(
                .damaged, "row group \(group), column \(cursor.column.name)", "it has more rows than the row group")
        }
    }

    private func entry(_ column: RawTable.Column) throws(ParquetError) -> EntryCursor {
        let cursor = cursors[column.rawValue]
        guard try cursor.load() else { throw .damaged("column \(cursor.column.name) ends early") }
        return cursor
    }

    private func bytes(_ column: RawTable.Column) throws(ParquetError) -> [UInt8]? {
        let cursor = try entry(column)
        guard cursor.isValue else {
            cursor.advance()
            return nil
        }
        budget -= cursor.bytes.count
        guard budget >= 0 else { throw ParquetError(.limit, "", "it takes over \(file.settings.rowBytesMax) bytes") }
        let bytes = Array(cursor.bytes)
        cursor.advance()
        return bytes
    }

    private func event() throws(ParquetError) -> StoredEvent {
        budget = file.settings.rowBytesMax
        try readTopic()
        let partition = try entry(.partition)
        let offset = try entry(.offset)
        let (time, type) = (try entry(.timestamp), try entry(.timestampType))
        let timestamp = try KafkaTimestamp(time: time.isValue ? time.int64 : nil, type: type.bytes)
        var event = StoredEvent(
            TopicPartition(topic: topic, partition: partition.int32), offset: offset.int64,
            timestamp: timestamp.time, timestampType: timestamp.type, key: try bytes(.key), value: nil)
        for cursor in [partition, offset, time, type] { cursor.advance() }
        event.headers = try headers()
        let (text, binary) = (try bytes(.value), try bytes(.valueBinary))
        guard text == nil || binary == nil else { throw .damaged("it has both a value and a value_binary") }
        event.value = text ?? binary
        return event
    }

    private func readTopic() throws(ParquetError) {
        let cursor = try entry(.topic)
        if !cursor.bytes.elementsEqual(topicBytes) || topic.isEmpty {
            topicBytes = Array(cursor.bytes)
            topic = String(decoding: topicBytes, as: UTF8.self)
        }
        cursor.advance()
    }

    private func headers() throws(ParquetError) -> [StoredEvent.Header] {
        let first = try entry(.headerName)
        if first.definition == 0 {
            for column in [RawTable.Column.headerName, .headerNameBinary, .headerValue] { try entry(column).advance() }
            return []
        }
        var headers: [StoredEvent.Header] = []
        repeat {
            let (text, binary) = (try bytes(.headerName), try bytes(.headerNameBinary))
            guard let name = text ?? binary else { throw .damaged("a header has no name") }
            headers.append(.init(name: name, value: try bytes(.headerValue)))
            budget -= MemoryLayout<StoredEvent.Header>.stride
        } while try first.load() && first.repetition == 1
        return headers
    }
}
