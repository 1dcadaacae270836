public import LakeModel

/// What the raw table's rows of one topic partition share.
public struct RawTablePrefix: Sendable {
    let topic: [UInt8]
    let partition: Int32

    public init(topic: String, partition: Int32) {
        (self.topic, self.partition) = (Array(topic.utf8), partition)
    }
}

/// Writes events as rows of a raw table; takes every event, allocates nothing for one.
public final class RawTableWriter: @unchecked Sendable {
    public let file: ParquetFileWriter
    private let columns: RawColumns

    public init(
        settings: ParquetWriterSettings = .init(), sink: @escaping (UnsafeRawBufferPointer) -> Void
    ) throws(ParquetError) {
        file = try ParquetFileWriter(schema: RawTable.schema(), settings: RawTable.settings(settings), sink: sink)
        columns = RawColumns(file)
    }

    /// What the writer holds now, near enough.
    public var memoryBytes: Int { file.memoryBytes }

    /// Writes one row. `known` spares a second check of a payload that `parser` judged last.
    ///
    /// Throws where a page does not fit the format's 2 GiB.
    public func append(
        _ event: Event, prefix: borrowing RawTablePrefix, headers: some EventHeaders, parser: JSONParser,
        known: JSONOutcome? = nil
    ) throws(ParquetError) {
        var bytes = 64 + (event.key?.count ?? 0) + (event.value?.count ?? 0)
        columns.append(coordinatesOf: event, prefix: prefix)
        columns.append(optional: event.key, to: columns.key)
        bytes += columns.append(headersOf: event, headers)
        columns.append(valueOf: event, isJSON: event.value.map { (known ?? parser.parse($0)).isValid } ?? false)
        try file.endRow(bytes: bytes)
    }

    /// Writes what waits and the footer; the writer takes nothing afterwards.
    public func close() throws(ParquetError) -> ParquetFileSummary {
        try file.close()
    }
}

/// The columns' memory, so that an event goes there without a call to another object.
private struct RawColumns {
    let topic, partition, offset, timestamp, timestampType, key: ParquetColumnWriter
    let headerName, headerNameBinary, headerValue: ParquetColumnWriter
    let value, valueBinary: ParquetColumnWriter

    init(_ file: ParquetFileWriter) {
        func column(_ name: RawTable.Column) -> ParquetColumnWriter { file.columns[name.rawValue] }
        (topic, partition, offset) = (column(.topic), column(.partition), column(.offset))
        (timestamp, timestampType, key) = (column(.timestamp), column(.timestampType), column(.key))
        (headerName, headerNameBinary) = (column(.headerName), column(.headerNameBinary))
        (headerValue, value, valueBinary) = (column(.headerValue), column(.value), column(.valueBinary))
    }

    @inline(__always)
    func append(coordinatesOf event: Event, prefix: borrowing RawTablePrefix) {
        prefix.topic.withUnsafeBytes { topic.append(bytes: $0, definition: 0) }
        partition.append(int32: prefix.partition, definition: 0)
        offset.append(int64: event.offset, definition: 0)
        switch event.timestampType {
        case .create: append(event.timestamp, "create")
        case .append: append(event.timestamp, "append")
        case .none: append(nil, "none")
        }
    }

    private func append(_ time: Int64?, _ type: StaticString) {
        if let time {
            timestamp.append(int64: time, definition: 1)
        } else {
            timestamp.appendNull(definition: 0)
        }
        let text = UnsafeRawBufferPointer(start: type.utf8Start, count: type.utf8CodeUnitCount)
        timestampType.append(bytes: text, definition: 0)
    }

    @inline(__always)
    func append(optional bytes: UnsafeRawBufferPointer?, to column: ParquetColumnWriter) {
        if let bytes {
            column.append(bytes: bytes, definition: 1)
        } else {
            column.appendNull(definition: 0)
        }
    }

    /// An entry has definition 1; names and values are optional in it. Answers their bytes.
    func append(headersOf event: Event, _ headers: some EventHeaders) -> Int {
        var level: UInt8 = 0
        var bytes = 0
        headers.forEachHeader(of: event) { name, value in
            let isText = isUTF8(name)
            append(isText ? name : nil, level, headerName)
            append(isText ? nil : name, level, headerNameBinary)
            append(value, level, headerValue)
            bytes += name.count + (value?.count ?? 0)
            level = 1
        }
        if level == 0 {
            headerName.appendNull(definition: 0)
            headerNameBinary.appendNull(definition: 0)
            headerValue.appendNull(definition: 0)
        }
        return bytes
    }

    private func append(_ bytes: UnsafeRawBufferPointer?, _ level: UInt8, _ column: ParquetColumnWriter) {
        if let bytes {
            column.append(bytes: bytes, definition: 2, repetition: level)
        } else {
            column.appendNull(definition: 1, repetition: level)
        }
    }

    @inline(__always)
    func append(valueOf event: Event, isJSON: Bool) {
        append(optional: isJSON ? event.value : nil, to: value)
        append(optional: isJSON ? nil : event.value, to: valueBinary)
    }
}
