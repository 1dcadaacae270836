import CRDKafka

/// librdkafka with nothing around it: the benchmark must not measure our own wrapper twice.
struct RawKafka: ~Copyable {
    enum Role { case producer, consumer }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    let handle: OpaquePointer
    private let isConsumer: Bool

    init(_ role: Role, _ properties: [String: String]) throws {
        let configuration = rd_kafka_conf_new()
        var reason = [CChar](repeating: 0, count: 512)
        for (name, value) in properties
        where rd_kafka_conf_set(configuration, name, value, &reason, reason.count) != RD_KAFKA_CONF_OK {
            rd_kafka_conf_destroy(configuration)
            throw Failure(description: Self.text(reason))
        }
        let type = role == .consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER
        guard let handle = rd_kafka_new(type, configuration, &reason, reason.count) else {
            // rd_kafka_new takes the configuration only where it succeeds.
            rd_kafka_conf_destroy(configuration)
            throw Failure(description: Self.text(reason))
        }
        self.handle = handle
        isConsumer = role == .consumer
    }

    deinit {
        rd_kafka_destroy(handle)
    }

    /// How many partitions a topic has; waits for the brokers for up to ten seconds.
    func partitionCount(of topic: String) throws -> Int32 {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let only = rd_kafka_topic_new(handle, topic, nil)
        defer { rd_kafka_topic_destroy(only) }
        let error = rd_kafka_metadata(handle, 0, only, &metadata, 10_000)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else {
            throw Failure(description: "metadata of \(topic): \(String(cString: rd_kafka_err2str(error)))")
        }
        defer { rd_kafka_metadata_destroy(metadata) }
        guard metadata.pointee.topic_cnt == 1, metadata.pointee.topics[0].partition_cnt > 0 else {
            throw Failure(description: "there is no topic \(topic)")
        }
        return metadata.pointee.topics[0].partition_cnt
    }

    private static func text(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
