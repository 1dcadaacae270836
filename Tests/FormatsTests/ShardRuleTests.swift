import Formats
import LakeModel
import TestSupport
import Testing

@Suite("Shards")
struct ShardRuleTests {
    /// From Apache Kafka's `UtilsTest.testMurmur2`; positive numbers as its default partitioner makes them.
    @Test(
        "the hash is Kafka's murmur2",
        arguments: [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
        ] as [(String, Int32)])
    func murmur2(text: String, hash: Int32) {
        let event = OwnedEvent("{}", key: text)
        for shards in [1, 2, 3, 7, 64, 1000, 65535] {
            #expect(shard(.key, event, shards: shards) == Int(hash & 0x7FFF_FFFF) % shards)
        }
    }

    @Test("go by key, field or topic partition")
    func sources() throws {
        let pointer = try #require(JSONPointer("/user/id"))
        let byKey = shard(.key, OwnedEvent("1", key: "u-42"), shards: 64)
        #expect(shard(.field(pointer), OwnedEvent(#"{"user":{"id":"u-42"}}"#), shards: 64) == byKey)
        #expect(shard(.field(pointer), OwnedEvent(#"{"user":{"id":"\u0075-42"}}"#), shards: 64) == byKey)
        let byNumber = shard(.key, OwnedEvent("1", key: "42"), shards: 64)
        #expect(shard(.field(pointer), OwnedEvent(#"{"user":{"id":42}}"#), shards: 64) == byNumber)
        #expect(shard(.partition, OwnedEvent("1", key: "u-42"), shards: 64) == 3)
        #expect(shard(.partition, OwnedEvent("1"), shards: 2) == 1)
    }

    @Test(
        "events without the key or field go by topic partition",
        arguments: [
            "{}", #"{"user":{"id":null}}"#, #"{"user":{"id":[1]}}"#, "nope", "",
        ])
    func missing(payload: String) throws {
        let pointer = try #require(JSONPointer("/user/id"))
        #expect(shard(.field(pointer), OwnedEvent(payload), shards: 64) == 3)
        #expect(shard(.key, OwnedEvent(payload), shards: 64) == 3)
        #expect(shard(.field(pointer), OwnedEvent(value: nil), shards: 64) == 3)
    }

    @Test("an empty key is a key")
    func emptyKey() {
        // murmur2 of nothing is 275646681.
        #expect(shard(.key, OwnedEvent("1", key: ""), shards: 1000) == 681)
    }

    @Test("spread evenly")
    func spread() {
        var counts = [Int](repeating: 0, count: 16)
        for number in 0..<16_000 { counts[shard(.key, OwnedEvent("1", key: "user-\(number)"), shards: 16)] += 1 }
        #expect(counts.allSatisfy { (850...1150).contains($0) }, "\(counts)")
    }

    @Test("rules are read", arguments: ["partition", "key", "field:/a", "x", "", "field:a"])
    func rules(text: String) {
        #expect((ShardRule(text) != nil) == ["partition", "key", "field:/a"].contains(text))
    }

    private func shard(_ rule: ShardRule, _ event: OwnedEvent, shards: Int) -> Int {
        let parser = JSONParser()
        return event.borrowed { borrowed in
            let isJSON = borrowed.value.map { parser.parse($0).isValid } ?? false
            return rule.shard(
                of: borrowed, partition: event.topicPartition.partition, parser: isJSON ? parser : nil,
                shards: shards)
        }
    }
}
