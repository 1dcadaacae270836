import LakeModel
import TestSupport
import Testing

@Suite("Partitions, hours, ids")
struct ValueTests {
    private let day = CalendarDay(daysSinceEpoch: 20_778)

    @Test("a partition's folders are Hive-style")
    func partitionPath() {
        #expect(PartitionPath(date: day, hour: 5, shard: 3).description == "date=2026-11-21/hour=05/shard=0003")
        #expect(PartitionPath(date: day, hour: nil, shard: 12_345).description == "date=2026-11-21/shard=12345")
        #expect(PartitionPath(date: day, hour: 23, shard: 0).hourPath == "date=2026-11-21/hour=23")
        #expect(PartitionPath(date: day, hour: nil, shard: 0).hourPath == "date=2026-11-21")
    }

    @Test("partitions sort by date, hour, shard")
    func partitionOrder() {
        let next = CalendarDay(daysSinceEpoch: 20_779)
        let sorted = [
            PartitionPath(date: day, hour: 0, shard: 9), PartitionPath(date: day, hour: 2, shard: 1),
            PartitionPath(date: day, hour: 10, shard: 0), PartitionPath(date: day, hour: 10, shard: 2),
            PartitionPath(date: next, hour: 0, shard: 0),
        ]
        #expect(sorted.reversed().sorted() == sorted)
    }

    @Test(
        "an hour is read as it is written, and with a T",
        arguments: [
            ("2026-11-21/05", "2026-11-21/05"), ("2026-11-21T05", "2026-11-21/05"), ("2026-11-21", "2026-11-21"),
            ("2026-11-21/23", "2026-11-21/23"), ("2026-11-21/00", "2026-11-21/00"),
        ])
    func hours(_ text: String, expected: String) throws {
        #expect(try #require(LakeHour(text)).description == expected)
    }

    @Test(
        "anything else is no hour",
        arguments: [
            "", "2026-11-21/24", "2026-11-21/5", "2026-11-21/+5", "2026-11-21/005", "2026-11-21 05", "2026-13-21/05",
            "2026-11-21/0٥", "2026-11-21/", "2026-11-21T05Z",
        ])
    func noHours(_ text: String) {
        #expect(LakeHour(text) == nil)
    }

    @Test("a commit id is 32 hex digits, the same for the same seed")
    func commitIDs() throws {
        var (one, two) = (SeededGenerator(seed: 7), SeededGenerator(seed: 7))
        let id = CommitID(using: &one)
        #expect(id == CommitID(using: &two))
        #expect(id != CommitID(using: &one))
        #expect(id.description.utf8.count == 32)
        #expect(CommitID(id.description) == id)
        let bad = [
            "", "0123", String(repeating: "g", count: 32), String(repeating: "A", count: 32), id.description + "0",
        ]
        for text in bad { #expect(CommitID(text) == nil, "\(text)") }
    }

    @Test("topic partitions sort by topic, then by number")
    func topicPartitions() {
        let sorted = [("a", 2), ("a", 10), ("b", 0)].map { TopicPartition(topic: $0.0, partition: $0.1) }
        #expect(sorted.reversed().sorted() == sorted)
        #expect(sorted[1].description == "a/10")
    }

    @Test("a side's folder is the first segment of its paths")
    func sides() {
        #expect(TableSide.allCases.map(\.folder) == ["data", "late", "dead_letter"])
    }

    @Test("hex keeps its leading zeros")
    func hexDigits() {
        #expect(hex(0) == "0000000000000000")
        #expect(hex(0xABC) == "0000000000000abc")
        #expect(hex(.max) == "ffffffffffffffff")
    }
}
