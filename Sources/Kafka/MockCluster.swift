internal import CRDKafka

/// A Kafka cluster inside this process, for demonstrations and tests: librdkafka's mock brokers on loopback sockets.
///
/// It has topics, groups with both rebalance protocols, headers and all codecs. It has no transactions, no admin calls,
/// no retention by time, and keeps about 5 MB of events per topic partition before it drops the oldest.
public final class MockCluster {
    /// Requests that can be made to fail, by their number in the Kafka protocol.
    public enum Request: Int16, Sendable, CaseIterable {
        case produce = 0
        case fetch = 1
        case listOffsets = 2
        case metadata = 3
        case offsetCommit = 8
        case offsetFetch = 9
        case findCoordinator = 10
        case joinGroup = 11
        case heartbeat = 12
        case leaveGroup = 13
        case syncGroup = 14
    }

    private let client: ClientHandle
    private let cluster: OpaquePointer

    public init(brokers: Int = 1) throws(KafkaError) {
        guard (1...16).contains(brokers) else {
            throw KafkaError(.invalidArgument, operation: "mock cluster", message: "1 to 16 brokers, not \(brokers)")
        }
        let client = try ClientHandle([("client.id", "varve-mock"), ("log_level", "3")], events: 0)
        guard let cluster = rd_kafka_mock_cluster_new(client.pointer, Int32(brokers)) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, operation: "mock cluster")
        }
        self.client = client
        self.cluster = cluster
    }

    deinit {
        // Before its client, which goes with the stored properties.
        rd_kafka_mock_cluster_destroy(cluster)
    }

    /// `host:port` of every broker, separated by commas.
    public var brokers: String {
        // Belongs to the cluster.
        rd_kafka_mock_cluster_bootstraps(cluster).map { String(cString: $0) } ?? ""
    }

    /// Topics that nobody created appear with four partitions when they are first asked for.
    public func createTopic(_ name: String, partitions: Int, replicas: Int = 1) throws(KafkaError) {
        let code = rd_kafka_mock_topic_create(
            cluster, name, Int32(clamping: partitions), Int32(clamping: replicas))
        try KafkaError.check(code, "create topic \(name)")
    }

    /// Answers the next requests of this kind with these errors, one each; 0 is success.
    public func failNext(_ request: Request, with codes: [KafkaError.Code]) {
        let errors = codes.map(\.cValue)
        rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, errors.count, errors)
    }

    /// Answers metadata requests for this topic with this error; nil for none.
    public func setError(_ code: KafkaError.Code?, ofTopic topic: String) {
        rd_kafka_mock_topic_set_error(cluster, topic, code?.cValue ?? RD_KAFKA_RESP_ERR_NO_ERROR)
    }

    /// Delays every answer of a broker (numbered from 1).
    public func setRoundTrip(_ time: Duration, ofBroker broker: Int32) throws(KafkaError) {
        let code = rd_kafka_mock_broker_set_rtt(cluster, broker, time.millisecondsForC)
        try KafkaError.check(code, "mock broker \(broker)")
    }

    /// Drops a broker's connections and refuses new ones.
    public func stopBroker(_ broker: Int32) throws(KafkaError) {
        try KafkaError.check(rd_kafka_mock_broker_set_down(cluster, broker), "mock broker \(broker)")
    }

    public func startBroker(_ broker: Int32) throws(KafkaError) {
        try KafkaError.check(rd_kafka_mock_broker_set_up(cluster, broker), "mock broker \(broker)")
    }

    public func moveLeader(ofTopic topic: String, partition: Int32, toBroker broker: Int32) throws(KafkaError) {
        let code = rd_kafka_mock_partition_set_leader(cluster, topic, partition, broker)
        try KafkaError.check(code, "move leader of \(topic)/\(partition)")
    }

    public func moveCoordinator(ofGroup group: String, toBroker broker: Int32) throws(KafkaError) {
        let code = rd_kafka_mock_coordinator_set(cluster, "group", group, broker)
        try KafkaError.check(code, "move coordinator of \(group)")
    }
}
