import LakeModel
import Testing

@testable import Formats

@Suite("Kafka timestamps in Parquet tables")
struct KafkaTimestampTests {
    @Test(
        "a time stands in its column, any other number with its type",
        arguments: [
            (5, "create", TimestampType.create, 5), (-1, "append", .append, -1),
            (nil, "create:1700000000000000000", .create, 1_700_000_000_000_000_000),
            (nil, "append:-9223372036854775808", .append, .min), (nil, "none", .none, nil),
        ] as [(Int64?, String, TimestampType, Int64?)])
    func reads(time: Int64?, text: String, type: TimestampType, milliseconds: Int64?) throws {
        let timestamp = try KafkaTimestamp(time: time, type: Array(text.utf8))
        #expect(timestamp.type == type && timestamp.time?.milliseconds == milliseconds)
    }

    @Test(
        "columns that contradict each other are damage",
        arguments: [
            (5, "create:5"), (nil, "create"), (5, "none"), (nil, "none:5"), (nil, "create:"), (nil, "create:5x"),
            (nil, "create:9223372036854775808"), (5, "sent"), (5, ""),
        ] as [(Int64?, String)])
    func refuses(time: Int64?, text: String) {
        #expect(throws: ParquetError.self) { try KafkaTimestamp(time: time, type: Array(text.utf8)) }
    }
}
