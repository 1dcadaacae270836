import Kafka
import LakeModel
import Testing

@Suite("events come out as they went in")
struct RoundTripTests {
    @Test("all codecs; null is not empty; headers keep order, repetition and null; timestamps are kept")
    func everything() throws {
        let cluster = try MockCluster()
        let codecs = ["none", "gzip", "snappy", "lz4", "zstd"]
        for codec in codecs {
            try cluster.createTopic("codec-\(codec)", partitions: 2)
            let producer = try KafkaProducer(
                brokers: cluster.brokers, properties: ["compression.codec": codec], logger: quietLog)
            for (index, event) in samples.enumerated() {
                try producer.send(
                    topic: "codec-\(codec)", partition: Int32(index % 2), key: event.key, value: event.value,
                    headers: event.headers.map { ($0.name, $0.value) }, timestamp: event.timestamp)
            }
            try producer.flush()
            #expect(producer.deliveredCount == Int64(samples.count))
            #expect(producer.failedCount == 0)
        }

        let reader = try Reader(cluster.settings(group: "round-trip"), topics: codecs.map { "codec-\($0)" })
        try reader.poll(until: "every end is reached") { reader.ended.count == 2 * codecs.count }
        for codec in codecs {
            for partition in 0..<2 {
                let source = TopicPartition(topic: "codec-\(codec)", partition: Int32(partition))
                let sent = samples.enumerated().filter { $0.offset % 2 == partition }.map(\.element)
                let got = reader.events.filter { $0.source == source }
                #expect(got.map(\.offset) == Array(0..<Int64(sent.count)), "\(source)")
                #expect(got.map(\.key) == sent.map(\.key), "\(source)")
                #expect(got.map(\.value) == sent.map(\.value), "\(source)")
                #expect(got.map(\.headers) == sent.map(\.headers), "\(source)")
                #expect(got.map(\.timestamp) == sent.map(\.timestamp), "\(source)")
                #expect(got.allSatisfy { $0.timestampType == .create })
                #expect(reader.ended[source] == Int64(sent.count))
            }
        }
        #expect(reader.consumer.staleEventsDropped == 0)
        #expect(reader.consumer.strayEventCount == 0)
    }

    private struct Sample {
        var key: [UInt8]?
        var value: [UInt8]?
        var headers: [CopiedEvent.Header] = []
        var timestamp: Int64 = 1_700_000_000_000
    }

    private let samples: [Sample] =
        [
            Sample(key: nil, value: nil),
            Sample(key: [], value: []),
            Sample(key: nil, value: []),
            Sample(key: [], value: nil),
            Sample(key: bytes("k"), value: bytes(#"{"a":1}"#), timestamp: 1),
            Sample(key: [0, 255, 0], value: [UInt8](repeating: 0, count: 100_000)),
            Sample(
                key: bytes("h"), value: bytes("v"),
                headers: [
                    .init(name: "a", value: bytes("1")), .init(name: "a", value: bytes("2")),
                    .init(name: "null", value: nil), .init(name: "empty", value: []), .init(name: "a", value: [0, 1]),
                    .init(name: "", value: bytes("no name")), .init(name: "ümlaut", value: bytes("x")),
                ], timestamp: 4_102_444_800_000),
        ] + (0..<40).map { Sample(key: bytes("key \($0)"), value: bytes(String(repeating: "x", count: $0 * 100))) }
}
