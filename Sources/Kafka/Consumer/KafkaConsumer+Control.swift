internal import CRDKafka
internal import LakeModel
internal import Logging

extension KafkaConsumer {
    /// Serves the control queue until it is empty; returns how many events were handed over (none, but for strays).
    ///
    /// It is served before the data queue and to its end, so that an event which came here before its topic partition
    /// was forwarded is seen before those that came after.
    func serveControl(_ signals: inout [ConsumerSignal], _ onBatch: (EventBatch) -> Void) -> Int {
        var strays = 0
        while let event = rd_kafka_queue_poll(handle.control, 0) {
            // The event is ours, and everything read from it belongs to it.
            defer { rd_kafka_event_destroy(event) }
            switch rd_kafka_event_type(event) {
            case RD_KAFKA_EVENT_FETCH: strays += deliverStray(event, &signals, onBatch)
            case RD_KAFKA_EVENT_REBALANCE: noteRebalance(event, &signals)
            case RD_KAFKA_EVENT_ERROR: noteError(event, &signals)
            case RD_KAFKA_EVENT_OFFSET_COMMIT: logCommit(event)
            case RD_KAFKA_EVENT_LOG: bridge.log(event: event)
            case RD_KAFKA_EVENT_STATS: noteStatistics(event, &signals)
            default: break
            }
        }
        if isClosing, !isClosed, handle.isClosed {
            isClosed = true
            signals.append(.closed)
        }
        return strays
    }

    private func noteRebalance(_ event: OpaquePointer, _ signals: inout [ConsumerSignal]) {
        let partitions = PartitionList.elements(of: rd_kafka_event_topic_partition_list(event)).map(\.source)
        switch rd_kafka_event_error(event) {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            handle.wasEverAssigned = true
            // Nothing for us, or too late: answered here, as there is nothing to decide.
            handle.awaitsAssign = !partitions.isEmpty && !isClosing
            if !handle.awaitsAssign { handle.answerWithNothing() }
            if !isClosing { signals.append(.assigned(partitions)) }
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            let isLost = rd_kafka_assignment_lost(handle.client) != 0
            handle.awaitsRelease = true
            signals.append(.revoked(partitions, lost: isLost))
        case let code:
            // rdkafka.h: on any other error the application gives up its assignment to synchronise with librdkafka.
            rd_kafka_assign(handle.client, nil)
            let lost = sources.owned
            for partition in lost { sources.disown(partition) }
            lookup.removeAll(keepingCapacity: true)
            signals.append(.error(error(code, "rebalance", eventText(event)), of: nil))
            signals.append(.revoked(lost, lost: true))
        }
    }

    private func noteError(_ event: OpaquePointer, _ signals: inout [ConsumerSignal]) {
        let code = rd_kafka_event_error(event)
        var partition: TopicPartition?
        var offset: Int64 = -1
        // A copy that is ours to free; nil for errors of the whole client.
        if let place = rd_kafka_event_topic_partition(event) {
            if let topic = place.pointee.topic {
                partition = TopicPartition(topic: String(cString: topic), partition: place.pointee.partition)
            }
            offset = place.pointee.offset
            rd_kafka_topic_partition_destroy(place)
        }
        guard code == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_event_error_is_fatal(event) != 0 else {
            note(code, eventText(event), of: partition, offset: offset, &signals)
            return
        }
        let (cause, text) = withErrorText { rd_kafka_fatal_error(handle.client, $0, $1) }
        let known = cause == RD_KAFKA_RESP_ERR_NO_ERROR ? code : cause
        var fatal = error(known, "consume", text.isEmpty ? eventText(event) : text)
        (fatal.isFatal, fatal.isRetriable) = (true, false)
        signals.append(.error(fatal, of: partition))
    }

    private func logCommit(_ event: OpaquePointer) {
        let code = rd_kafka_event_error(event)
        let failed = PartitionList.elements(of: rd_kafka_event_topic_partition_list(event))
            .first { $0.error != RD_KAFKA_RESP_ERR_NO_ERROR }
        guard code != RD_KAFKA_RESP_ERR__NO_OFFSET,
            let worst = code != RD_KAFKA_RESP_ERR_NO_ERROR ? code : failed?.error
        else { return }
        // A hint for lag tools: nothing depends on it, so it is said and not handled.
        bridge.logger.warning(
            "the group's offsets were not committed; lag tools show too much until the next commit",
            metadata: ["error": "\(error(worst, "commit"))"])
    }

    private func noteStatistics(_ event: OpaquePointer, _ signals: inout [ConsumerSignal]) {
        guard let text = rd_kafka_event_stats(event) else { return }
        signals.append(.statistics(String(cString: text)))
    }

    private func eventText(_ event: OpaquePointer) -> String? {
        rd_kafka_event_error_string(event).map { String(cString: $0) }
    }
}
