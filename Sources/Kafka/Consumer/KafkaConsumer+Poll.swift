internal import CRDKafka
public import LakeModel

extension KafkaConsumer {
    /// Waits up to `timeout` for something to happen; hands events to `onBatch`, at most once, and returns what else
    /// there is to say, in order.
    ///
    /// The events and their memory are borrowed for the length of `onBatch`. Returns as soon as there are events or
    /// signals, and when `wakeUp` was signalled. With `eventsMax` 0, only control is served. Has to be called at least
    /// every `max.poll.interval.ms` (5 minutes), or the group takes the topic partitions away.
    public func poll(
        timeout: Duration, eventsMax: Int, onBatch: (EventBatch) -> Void
    ) -> [ConsumerSignal] {
        var signals = pending
        pending = []
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while true {
            var count = serveControl(&signals, onBatch)
            count += serveData(eventsMax, &signals, onBatch)
            guard count == 0, signals.isEmpty else { return signals }
            guard !handle.wakeUp.takeSignal() else { return signals }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return signals }
            // Queues wake us; the bound is for librdkafka's states that make no event, as `consumer_closed`.
            handle.wakeUp.wait(milliseconds: min(left.millisecondsForC, 100))
        }
    }

    /// Takes messages off the data queue and hands them over; returns how many there were, of any kind.
    private func serveData(
        _ eventsMax: Int, _ signals: inout [ConsumerSignal], _ onBatch: (EventBatch) -> Void
    ) -> Int {
        guard eventsMax > 0 else { return 0 }
        for partition in unsettled { handle.forward(partition) }
        batch.reserve(eventsMax)
        // Never waits: with a time-out it would wait for a *full* batch. Counts as the application's poll.
        let count = rd_kafka_consume_batch_queue(handle.data, 0, batch.messages.baseAddress, eventsMax)
        guard count > 0 else { return 0 }
        deliver(UnsafeMutableBufferPointer(rebasing: batch.messages[..<count]), &signals, onBatch)
        for index in 0..<count {
            // Messages of a batch belong to the caller.
            rd_kafka_message_destroy(batch.messages[index])
        }
        return count
    }

    /// Turns messages into events and signals; the caller keeps the messages.
    private func deliver(
        _ messages: UnsafeMutableBufferPointer<Message?>, _ signals: inout [ConsumerSignal],
        _ onBatch: (EventBatch) -> Void
    ) {
        let events = batch.events
        var eventCount = 0
        var dropped: Int64 = 0
        var current = SourceKey(topic: handle.client, partition: -1)
        var source: Int32 = -1
        for message in messages {
            guard let message else { continue }
            guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR, let topic = message.pointee.rkt else {
                note(message, &signals)
                continue
            }
            if topic != current.topic || message.pointee.partition != current.partition {
                current = SourceKey(topic: topic, partition: message.pointee.partition)
                source = lookUp(current)
            }
            // `states` moves only in `lookUp`; every index that it gave is in it.
            guard let states = sources.states else { continue }
            let offset = message.pointee.offset
            guard states[Int(source)].isOwned, offset >= states[Int(source)].next else {
                dropped += 1
                continue
            }
            states[Int(source)].next = offset &+ 1
            var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
            let timestamp = rd_kafka_message_timestamp(message, &type)
            events.initializeElement(
                at: eventCount,
                to: Event(
                    source: source, offset: offset, timestamp: timestamp, timestampType: TimestampType(type),
                    key: UnsafeRawBufferPointer(message: message.pointee.key, message.pointee.key_len),
                    value: UnsafeRawBufferPointer(message: message.pointee.payload, message.pointee.len),
                    handle: UnsafeMutableRawPointer(message)))
            eventCount += 1
        }
        staleEventsDropped += dropped
        guard eventCount > 0 else { return }
        onBatch(EventBatch(events: UnsafeBufferPointer(rebasing: events[..<eventCount]), headers: headers))
        let unreadable = headers.takeUnreadableCount()
        if unreadable > 0 {
            let text = "headers of \(unreadable) events cannot be parsed"
            signals.append(.error(error(RD_KAFKA_RESP_ERR__BAD_MSG, "read headers", text), of: nil))
        }
    }

    /// The slow way to a message's source, once for each topic partition and assignment.
    private func lookUp(_ key: SourceKey) -> Int32 {
        if let known = lookup[key] { return known }
        // The name belongs to the topic, and the topic is kept by the message.
        let name = rd_kafka_topic_name(key.topic).map { String(cString: $0) } ?? ""
        let partition = TopicPartition(topic: name, partition: key.partition)
        let source = sources.index(of: partition)
        unsettled.remove(partition)
        if sources.isOwned(partition) { lookup[key] = source }
        return source
    }

    /// A message that is an error: the end of a topic partition, a lost offset, a failed fetch.
    private func note(_ message: Message, _ signals: inout [ConsumerSignal]) {
        let name = message.pointee.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) }
        let partition = name.map { TopicPartition(topic: $0, partition: message.pointee.partition) }
        // Either the payload's text or a static one; read before the message goes.
        let text = rd_kafka_message_errstr(message).map { String(cString: $0) }
        note(message.pointee.err, text, of: partition, offset: message.pointee.offset, &signals)
    }

    func note(
        _ code: rd_kafka_resp_err_t, _ text: String?, of partition: TopicPartition?, offset: Int64,
        _ signals: inout [ConsumerSignal]
    ) {
        guard let partition else {
            signals.append(.error(error(code, "consume", text), of: nil))
            return
        }
        // An unknown topic is not owned by anybody, and is worth saying all the same.
        guard sources.isOwned(partition) || sources.existing(partition) == nil else { return }
        unsettled.remove(partition)
        switch code {
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
            signals.append(.reachedEnd(partition, offset: offset))
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET where offset >= 0, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
            let reason = bridge.redactor.clean(text ?? "offset out of range")
            signals.append(.offsetOutOfRange(partition, requested: offset, reason: reason))
        default:
            signals.append(.error(error(code, "consume \(partition)", text), of: partition))
        }
    }

    /// Messages that came over the control queue, before their topic partition was forwarded.
    func deliverStray(_ event: OpaquePointer, _ signals: inout [ConsumerSignal], _ onBatch: (EventBatch) -> Void)
        -> Int
    {
        let count = rd_kafka_event_message_count(event)
        batch.reserve(count)
        // Here the messages belong to the event, which the caller destroys.
        let taken = batch.messages.withMemoryRebound(to: UnsafePointer<rd_kafka_message_t>?.self) {
            rd_kafka_event_message_array(event, $0.baseAddress, count)
        }
        strayEventCount += Int64(taken)
        deliver(UnsafeMutableBufferPointer(rebasing: batch.messages[..<taken]), &signals, onBatch)
        return taken
    }
}

extension TimestampType {
    @inline(__always)
    init(_ type: rd_kafka_timestamp_type_t) {
        switch type {
        case RD_KAFKA_TIMESTAMP_CREATE_TIME: self = .create
        case RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME: self = .append
        default: self = .none
        }
    }
}
