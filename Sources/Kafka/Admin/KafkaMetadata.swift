internal import CRDKafka

/// What the cluster says of itself.
public struct KafkaMetadata: Sendable {
    public struct Broker: Hashable, Sendable {
        public var id: Int32
        public var host: String
        public var port: Int
    }

    public struct Topic: Sendable {
        public var name: String
        public var partitions: [Partition]
        /// Why the cluster says nothing of the topic's partitions, where it does not.
        public var error: KafkaError?
    }

    public struct Partition: Hashable, Sendable {
        public var number: Int32
        /// -1 where it has none at the moment.
        public var leader: Int32
        public var replicas: Int
    }

    public var brokers: [Broker]
    /// Sorted by name; internal topics are among them.
    public var topics: [Topic]
}

extension KafkaAdmin {
    /// Asks for the brokers and all topics.
    public func metadata(timeout: Duration = .seconds(10)) throws(KafkaError) -> KafkaMetadata {
        var answer: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(client.pointer, 1, nil, &answer, timeout.millisecondsForC)
        drainMainQueue()
        try KafkaError.check(code, "list topics")
        guard let answer else { throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, operation: "list topics") }
        // The answer is ours; everything below is copied out of it.
        defer { rd_kafka_metadata_destroy(answer) }
        let brokers = UnsafeBufferPointer(start: answer.pointee.brokers, count: Int(answer.pointee.broker_cnt))
        let topics = UnsafeBufferPointer(start: answer.pointee.topics, count: Int(answer.pointee.topic_cnt))
        return KafkaMetadata(
            brokers: brokers.map { broker in
                KafkaMetadata.Broker(
                    id: broker.id, host: broker.host.map { String(cString: $0) } ?? "", port: Int(broker.port))
            },
            topics: topics.map(KafkaMetadata.Topic.init).sorted { $0.name < $1.name })
    }
}

extension KafkaMetadata.Topic {
    init(_ topic: rd_kafka_metadata_topic) {
        let name = topic.topic.map { String(cString: $0) } ?? ""
        self.name = name
        let all = UnsafeBufferPointer(start: topic.partitions, count: Int(topic.partition_cnt))
        partitions = all.map { partition in
            KafkaMetadata.Partition(
                number: partition.id, leader: partition.leader, replicas: Int(partition.replica_cnt))
        }
        error =
            topic.err == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(topic.err, operation: "metadata of \(name)")
    }
}
