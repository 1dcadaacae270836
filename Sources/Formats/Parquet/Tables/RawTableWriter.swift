public import LakeModel

/// What the raw table's rows of one topic partition share.
public struct RawTablePrefix: Sendable {
    let topic: [UInt8]
    let partition: Int32

    public init(topic: String, partition: Int32) {
        (self.topic, self.partition) = (Array(topic.utf8), partition)
    }
}

/// The columns of a raw table, filled event by event.
struct RawRows {
    private let kafka: KafkaColumns
    private let value, valueBinary: ParquetColumnBuffer

    init(_ columns: [ParquetColumnBuffer]) {
        kafka = KafkaColumns(columns)
        value = columns[RawTable.Column.value.rawValue]
        valueBinary = columns[RawTable.Column.valueBinary.rawValue]
    }

    /// Appends a row; answers about how many bytes that is.
    @inline(__always)
    func append(
        _ event: Event, prefix: borrowing RawTablePrefix, headers: some EventHeaders, parser: JSONParser,
        known: JSONOutcome?
    ) -> Int {
        let isJSON = event.value.map { (known ?? parser.parse($0)).isValid } ?? false
        let bytes = kafka.append(event, prefix: prefix, headers: headers)
        value.append(optional: isJSON ? event.value : nil)
        valueBinary.append(optional: isJSON ? nil : event.value)
        return bytes + (event.value?.count ?? 0)
    }
}

/// Writes events as rows of a raw table; takes every event, allocates nothing for one.
public final class RawTableWriter: @unchecked Sendable {
    public let file: ParquetFileWriter
    private let rows: RawRows

    public init(
        settings: ParquetWriterSettings = .init(), sink: @escaping (UnsafeRawBufferPointer) -> Void
    ) throws(ParquetError) {
        file = try ParquetFileWriter(schema: RawTable.schema(), settings: RawTable.settings(settings), sink: sink)
        rows = RawRows(file.columns)
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
        try file.endRow(
            bytes: rows.append(event, prefix: prefix, headers: headers, parser: parser, known: known))
    }

    /// Writes what waits and the footer; the writer takes nothing afterwards.
    public func close() throws(ParquetError) -> ParquetFileSummary {
        try file.close()
    }
}
