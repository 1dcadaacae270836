internal import LakeModel

/// Kafka's timestamp of an event as Parquet tables keep it: a time in one column, its type as text in the next.
///
/// Kafka takes any 64-bit number for a timestamp. Beyond the calendar there is nothing that readers of Parquet could
/// print or convert (DuckDB refuses the whole column for one of them), so such a number stands with its type, as
/// `create:1700000000000000000`, and its time is null.
struct KafkaTimestamp {
    let type: TimestampType
    let time: Timestamp?

    /// Reads what the two columns hold.
    init(time: Int64?, type text: some Collection<UInt8>) throws(ParquetError) {
        let name = text.prefix { $0 != UInt8(ascii: ":") }
        guard let type = Self.type(name) else { throw .damaged("an unknown timestamp_type") }
        var time = time
        if name.count < text.count {
            let number = Int64(String(decoding: text.dropFirst(name.count + 1), as: UTF8.self))
            guard time == nil, let number else { throw .damaged("a timestamp_type with a wrong number") }
            time = number
        }
        guard (type == .none) == (time == nil) else { throw .damaged("timestamp and its type do not fit") }
        (self.type, self.time) = (type, time.map(Timestamp.init(milliseconds:)))
    }

    private static func type(_ name: some Sequence<UInt8>) -> TimestampType? {
        if name.elementsEqual("create".utf8) { return .create }
        if name.elementsEqual("append".utf8) { return .append }
        return name.elementsEqual("none".utf8) ? TimestampType.none : nil
    }

    /// Whether a time of an event can stand in a column.
    @inline(__always)
    static func isTime(_ milliseconds: Int64) -> Bool { PartitionCalendar.range.contains(milliseconds) }
}
