internal import CRDKafka
internal import LakeModel

/// Owns a consumer client with its two queues: one for control, one for data.
struct ConsumerHandle: ~Copyable {
    let client: OpaquePointer
    /// The group's queue: rebalances, errors, commits, logs and statistics as events.
    let control: OpaquePointer
    /// Every owned topic partition's fetch queue is forwarded here.
    let data: OpaquePointer
    let wakeUp: KafkaWakeUp
    /// Set with the first assignment, even an empty one.
    var wasEverAssigned = false
    /// An assignment was taken from the queue and not answered yet.
    var awaitsAssign = false
    /// A revocation was taken from the queue and not answered yet.
    var awaitsRelease = false
    /// `leave` has been called.
    private(set) var isLeaving = false
    private var mustOutliveUs = false

    init(_ properties: [(name: String, value: String)], tokens: (any KafkaTokenSource)? = nil) throws(KafkaError) {
        let wakeUp = try KafkaWakeUp()
        let events =
            RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_LOG
            | RD_KAFKA_EVENT_STATS
        let redactor = Redactor(properties: properties)
        let client = try Configuration(properties, events: events, tokens: tokens).makeClient(
            RD_KAFKA_CONSUMER, redactor)
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
        guard finish() else {
            // Its threads still write to the pipe. It is left to itself: better than a process that hangs or aborts.
            _ = Unmanaged.passRetained(wakeUp)
            return
        }
        // The pipe must not be written to after it is closed, so the queues let go of it first; queues go before
        // the client.
        rd_kafka_queue_io_event_enable(control, -1, nil, 0)
        rd_kafka_queue_io_event_enable(data, -1, nil, 0)
        rd_kafka_queue_destroy(data)
        rd_kafka_queue_destroy(control)
        Destruction.run(client, wakeUp, milliseconds: 5000)
    }

    /// Sends a topic partition's messages to the data queue. Done before each start: the mark of a forward made by
    /// the application outlives the start (`RD_KAFKA_Q_F_FWD_APP` in rdkafka_queue.c).
    func forward(_ partition: TopicPartition) {
        guard let queue = rd_kafka_queue_get_partition(client, partition.topic, partition.partition) else { return }
        rd_kafka_queue_forward(queue, data)
        rd_kafka_queue_destroy(queue)
    }

    /// Whether assignments are changed by difference; as the group agreed on, which settings alone cannot tell.
    var isCooperative: Bool {
        // A static string: "NONE", "EAGER" or "COOPERATIVE".
        guard let name = rd_kafka_rebalance_protocol(client) else { return false }
        return String(cString: name) == "COOPERATIVE"
    }

    var isClosed: Bool { rd_kafka_consumer_closed(client) == 1 }
}

// Leaving. What librdkafka 2.0 does not forgive, and what is therefore done here:
// - An assignment that was delivered and not answered keeps it from ever ending. Answered before it begins to end.
// - Whoever asks the group for something after it has ended waits for ever. So nothing is asked then.
// - A cooperative consumer that has joined and was never given an assignment aborts the process when it is destroyed
//   (its pull request 4381, fixed in 2.3). Such a client is not destroyed.
extension ConsumerHandle {
    /// Begins to leave the group; its last events come over the control queue. Assignments must have been answered.
    mutating func leave() throws(KafkaError) {
        guard !isLeaving else { return }
        mustOutliveUs = joinedInVain()
        try KafkaError.check(taking: rd_kafka_consumer_close_queue(client, control), "close")
        isLeaving = true
    }

    /// Takes nothing new on: the answer to an assignment that comes too late.
    func answerWithNothing() {
        let nothing = PartitionList()
        if isCooperative {
            if let error = rd_kafka_incremental_assign(client, nothing.pointer) { rd_kafka_error_destroy(error) }
        } else {
            rd_kafka_assign(client, nothing.pointer)
        }
    }

    /// True where the client must not be destroyed. Unsubscribed, it joins no more, so that the answer stays true; and
    /// it leaves its group, so that nothing is lost by letting it be.
    private func joinedInVain() -> Bool {
        guard !wasEverAssigned else { return false }
        rd_kafka_unsubscribe(client)
        return isCooperative
    }

    /// Leaves the group if that was not done, in at most five seconds; false where the client must not be destroyed.
    private func finish() -> Bool {
        var mustLive = mustOutliveUs
        if !isLeaving {
            if awaitsAssign { answerWithNothing() }
            dismissEvents(wait: 0)
            mustLive = joinedInVain()
            if let error = rd_kafka_consumer_close_queue(client, control) {
                // A fatal error, after which destroying does not wait for the group.
                rd_kafka_error_destroy(error)
                return !mustLive
            }
        }
        // While leaving, every assignment counts as the answer to a revocation. Only where one waits for it: a group
        // that is done already answers nobody, and this call would wait for ever.
        if awaitsRelease, !isClosed { rd_kafka_assign(client, nil) }
        let deadline = ContinuousClock.now.advanced(by: .seconds(5))
        while !isClosed {
            guard ContinuousClock.now < deadline else { return false }
            dismissEvents(wait: 20)
        }
        return !mustLive
    }

    private func dismissEvents(wait: Int32) {
        while let event = rd_kafka_queue_poll(control, wait) {
            defer { rd_kafka_event_destroy(event) }
            guard rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE else { continue }
            if rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
                answerWithNothing()
            } else {
                rd_kafka_assign(client, nil)
            }
        }
    }
}
