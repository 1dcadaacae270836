internal import CRDKafka
public import LakeModel
public import Logging

/// Creates, changes and lists topics. Every call waits for its answer, at most its time-out.
public final class KafkaAdmin {
    let client: ClientHandle
    private let redactor: Redactor
    private let bridge: LogBridge

    /// `properties` are librdkafka's, by name, and win over the defaults.
    public init(
        brokers: String, clientID: String = "varve", properties: [String: String] = [:],
        tokens: (any KafkaTokenSource)? = nil, logger: Logger
    ) throws(KafkaError) {
        var all: [(name: String, value: String)] = [("bootstrap.servers", brokers), ("client.id", clientID)]
        all += properties.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        all.append(("log.queue", "true"))
        redactor = Redactor(properties: all)
        bridge = LogBridge(logger: logger, redactor: redactor)
        client = try ClientHandle(all, events: RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG, tokens: tokens)
        // A null queue stands for the main one.
        _ = rd_kafka_set_log_queue(client.pointer, nil)
    }

    /// Creates a topic, and waits until its brokers know it. `.topicExists` where there is one.
    public func createTopic(
        _ name: String, partitions: Int, replicas: Int = 1, configuration: [String: String] = [:],
        timeout: Duration = .seconds(30)
    ) throws(KafkaError) {
        let operation = "create topic \(name)"
        let (topic, text) = withErrorText {
            rd_kafka_NewTopic_new(name, Int32(clamping: partitions), Int32(clamping: replicas), $0, $1)
        }
        guard let topic else { throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation: operation, message: text) }
        defer { rd_kafka_NewTopic_destroy(topic) }
        for (key, value) in configuration.sorted(by: { $0.key < $1.key }) {
            try KafkaError.check(rd_kafka_NewTopic_set_config(topic, key, value), "\(operation), \(key)")
        }
        var topics: [OpaquePointer?] = [topic]
        try run(operation, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout) { options, queue in
            rd_kafka_CreateTopics(client.pointer, &topics, 1, options, queue)
        } read: { event throws(KafkaError) in
            let result = rd_kafka_event_CreateTopics_result(event)
            try checkTopics(operation) { count in result.flatMap { rd_kafka_CreateTopics_result_topics($0, count) } }
        }
    }

    public func deleteTopic(_ name: String, timeout: Duration = .seconds(30)) throws(KafkaError) {
        let operation = "delete topic \(name)"
        guard let topic = rd_kafka_DeleteTopic_new(name) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation: operation)
        }
        defer { rd_kafka_DeleteTopic_destroy(topic) }
        var topics: [OpaquePointer?] = [topic]
        try run(operation, RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout) { options, queue in
            rd_kafka_DeleteTopics(client.pointer, &topics, 1, options, queue)
        } read: { event throws(KafkaError) in
            let result = rd_kafka_event_DeleteTopics_result(event)
            try checkTopics(operation) { count in result.flatMap { rd_kafka_DeleteTopics_result_topics($0, count) } }
        }
    }

    /// Grows a topic to `total` partitions.
    public func growTopic(_ name: String, toPartitions total: Int, timeout: Duration = .seconds(30))
        throws(KafkaError)
    {
        let operation = "grow topic \(name)"
        let (growth, text) = withErrorText { rd_kafka_NewPartitions_new(name, max(0, total), $0, $1) }
        guard let growth else {
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation: operation, message: text)
        }
        defer { rd_kafka_NewPartitions_destroy(growth) }
        var growths: [OpaquePointer?] = [growth]
        try run(operation, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, timeout) { options, queue in
            rd_kafka_CreatePartitions(client.pointer, &growths, 1, options, queue)
        } read: { event throws(KafkaError) in
            let result = rd_kafka_event_CreatePartitions_result(event)
            try checkTopics(operation) { count in result.flatMap { rd_kafka_CreatePartitions_result_topics($0, count) }
            }
        }
    }

    /// Deletes all events below the offsets, for good.
    public func deleteRecords(below offsets: [TopicPartition: Int64], timeout: Duration = .seconds(30))
        throws(KafkaError)
    {
        let operation = "delete records"
        let list = PartitionList(capacity: offsets.count)
        for (partition, offset) in offsets { list.append(partition, offset: offset) }
        // Copies the list.
        guard let request = rd_kafka_DeleteRecords_new(list.pointer) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation: operation)
        }
        defer { rd_kafka_DeleteRecords_destroy(request) }
        var requests: [OpaquePointer?] = [request]
        try run(operation, RD_KAFKA_ADMIN_OP_DELETERECORDS, timeout) { options, queue in
            rd_kafka_DeleteRecords(client.pointer, &requests, 1, options, queue)
        } read: { event throws(KafkaError) in
            // Both belong to the event.
            let result = rd_kafka_event_DeleteRecords_result(event)
            let done = PartitionList.elements(of: result.flatMap { rd_kafka_DeleteRecords_result_offsets($0) })
            for element in done where element.error != RD_KAFKA_RESP_ERR_NO_ERROR {
                throw KafkaError(element.error, operation: "\(operation) of \(element.source)")
            }
        }
    }

    /// One admin call: options and a queue of its own, its event, the event's error, the rest by `read`.
    private func run(
        _ operation: String, _ kind: rd_kafka_admin_op_t, _ timeout: Duration,
        send: (_ options: OpaquePointer, _ queue: OpaquePointer) -> Void,
        read: (_ result: OpaquePointer) throws(KafkaError) -> Void
    ) throws(KafkaError) {
        guard let options = rd_kafka_AdminOptions_new(client.pointer, kind) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation: operation)
        }
        defer { rd_kafka_AdminOptions_destroy(options) }
        guard let queue = rd_kafka_queue_new(client.pointer) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, operation: operation)
        }
        defer { rd_kafka_queue_destroy(queue) }
        let milliseconds = max(1, min(timeout.millisecondsForC, 3_600_000))
        rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, nil, 0)
        if kind != RD_KAFKA_ADMIN_OP_DELETERECORDS {
            // How long the brokers themselves wait until the change has reached them all.
            rd_kafka_AdminOptions_set_operation_timeout(options, milliseconds, nil, 0)
        }
        send(options, queue)
        // librdkafka ends the request by itself; the second more is only for its answer.
        guard let event = rd_kafka_queue_poll(queue, milliseconds + 1000) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation: operation)
        }
        defer { rd_kafka_event_destroy(event) }
        drainMainQueue()
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let text = rd_kafka_event_error_string(event).map { String(cString: $0) }
            throw KafkaError(code, operation: operation, message: text, redactor: redactor)
        }
        try read(event)
    }

    /// The results for the topics of a request, which belong to its event.
    private func checkTopics(
        _ operation: String,
        _ results: (UnsafeMutablePointer<Int>) -> UnsafeMutablePointer<OpaquePointer?>?
    ) throws(KafkaError) {
        var count = 0
        guard let topics = results(&count) else { return }
        for topic in UnsafeBufferPointer(start: topics, count: count) {
            let code = rd_kafka_topic_result_error(topic)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
            let text = rd_kafka_topic_result_error_string(topic).map { String(cString: $0) }
            throw KafkaError(code, operation: operation, message: text, redactor: redactor)
        }
    }

    /// Logs what has gathered on the main queue.
    func drainMainQueue() {
        guard let queue = rd_kafka_queue_get_main(client.pointer) else { return }
        defer { rd_kafka_queue_destroy(queue) }
        while let event = rd_kafka_queue_poll(queue, 0) {
            defer { rd_kafka_event_destroy(event) }
            switch rd_kafka_event_type(event) {
            case RD_KAFKA_EVENT_LOG: bridge.log(event: event)
            default: break
            }
        }
    }
}
