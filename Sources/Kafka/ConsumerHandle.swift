internal import CRDKafka

/// Owns a consumer client with its two queues: one for control, one for data.
struct ConsumerHandle: ~Copyable {
    let client: OpaquePointer
    /// The group's queue: rebalances, errors, commits, logs and statistics as events.
    let control: OpaquePointer
    /// Every owned topic partition's fetch queue is forwarded here.
    let data: OpaquePointer
    let wakeUp: KafkaWakeUp

    init(_ properties: [(name: String, value: String)]) throws(KafkaError) {
        let wakeUp = try KafkaWakeUp()
        let events =
            RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_LOG
            | RD_KAFKA_EVENT_STATS
        let redactor = Redactor(properties: properties)
        let client = try Configuration(properties, events: events).makeClient(RD_KAFKA_CONSUMER, redactor)
        // From here on errors, logs and statistics come through the group's queue.
        rd_kafka_poll_set_consumer(client)
        guard let control = rd_kafka_queue_get_consumer(client), let data = rd_kafka_queue_new(client) else {
            rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
            throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, operation: "kafka consumer")
        }
        // Fails only for a client without `log.queue`, which our settings always turn on.
        _ = rd_kafka_set_log_queue(client, control)
        (self.client, self.control, self.data, self.wakeUp) = (client, control, data, wakeUp)
        // librdkafka copies the byte, and writes it when a queue stops being empty, once until that queue is served.
        var byte = KafkaWakeUp.signalByte
        rd_kafka_queue_io_event_enable(control, wakeUp.writeEnd, &byte, 1)
        rd_kafka_queue_io_event_enable(data, wakeUp.writeEnd, &byte, 1)
    }

    deinit {
        // The pipe must not be written to after it is closed, so the queues let go of it first. Queues go before
        // the client; leaving the group was `beginClose`'s business, so destroying does not wait for it.
        rd_kafka_queue_io_event_enable(control, -1, nil, 0)
        rd_kafka_queue_io_event_enable(data, -1, nil, 0)
        rd_kafka_queue_destroy(data)
        rd_kafka_queue_destroy(control)
        rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
    }

    /// Sends a topic partition's messages to the data queue. Done before it is assigned; the mark of a forward made by
    /// the application stays over assign and unassign (`RD_KAFKA_Q_F_FWD_APP` in rdkafka_queue.c).
    func forward(topic: String, partition: Int32) {
        guard let queue = rd_kafka_queue_get_partition(client, topic, partition) else { return }
        rd_kafka_queue_forward(queue, data)
        rd_kafka_queue_destroy(queue)
    }

    /// Whether assignments are changed by difference; as the group agreed on, which settings alone cannot tell.
    var isCooperative: Bool {
        // A static string: "NONE", "EAGER" or "COOPERATIVE".
        guard let name = rd_kafka_rebalance_protocol(client) else { return false }
        return String(cString: name) == "COOPERATIVE"
    }
}
