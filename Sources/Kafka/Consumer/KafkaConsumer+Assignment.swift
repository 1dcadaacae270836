internal import CRDKafka
public import LakeModel
internal import Logging

extension KafkaConsumer {
    /// Answers `.assigned`: begins to read each topic partition at its position.
    ///
    /// Takes all topic partitions of the signal in one call. Only `.timestamp` asks the brokers, up to `timeout`. On an
    /// error nothing has been started, and the group still waits for the answer.
    public func start(
        _ positions: [(TopicPartition, StartOffset)], timeout: Duration = .seconds(10)
    ) throws(KafkaError) {
        let offsets = try resolve(positions, timeout)
        let (isCooperative, new) = (handle.isCooperative, Set(offsets.map(\.0)))
        // The eager protocol knows only whole assignments: what runs already goes on where it is.
        let running = isCooperative ? [] : sources.owned.filter { !new.contains($0) }
        let list = PartitionList(capacity: offsets.count + running.count)
        for partition in running {
            list.append(partition, offset: sources.position(of: partition))
            handle.forward(partition)
        }
        for (partition, offset) in offsets {
            list.append(partition, offset: offset)
            sources.own(partition, from: offset)
            handle.forward(partition)
        }
        lookup.removeAll(keepingCapacity: true)
        do {
            try changeAssignment(to: list, isCooperative: isCooperative)
            unsettled.formUnion(running)
        } catch {
            for (partition, _) in offsets { sources.disown(partition) }
            throw error
        }
        handle.awaitsAssign = false
    }

    func changeAssignment(to list: borrowing PartitionList, isCooperative: Bool) throws(KafkaError) {
        // Both copy the list.
        if isCooperative {
            try KafkaError.check(taking: rd_kafka_incremental_assign(handle.client, list.pointer), "assign")
        } else {
            try KafkaError.check(rd_kafka_assign(handle.client, list.pointer), "assign")
        }
    }

    /// Answers `.revoked`: gives the topic partitions back. From here on none of their events is handed over.
    public func release(_ partitions: [TopicPartition]) throws(KafkaError) {
        // What was never started is in nobody's assignment; librdkafka refuses to take it out.
        let started = partitions.filter { sources.isOwned($0) }
        for partition in partitions { sources.disown(partition) }
        unsettled.subtract(partitions)
        lookup.removeAll(keepingCapacity: true)
        handle.awaitsRelease = false
        guard !handle.isClosed else { return }
        if handle.isCooperative {
            let list = PartitionList(started)
            try KafkaError.check(taking: rd_kafka_incremental_unassign(handle.client, list.pointer), "unassign")
        } else {
            unsettled = []
            // The eager protocol revokes everything at once; a null list empties the assignment.
            for partition in sources.owned { sources.disown(partition) }
            try KafkaError.check(rd_kafka_assign(handle.client, nil), "unassign")
        }
    }

    /// Stops fetching; what was fetched and not polled is thrown away. See `poll(eventsMax: 0)` for a cheaper way.
    public func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = PartitionList(partitions)
        try KafkaError.check(rd_kafka_pause_partitions(handle.client, list.pointer), "pause")
        try throwFirstError(of: list, "pause")
    }

    /// Goes on after the last event that was handed over.
    public func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = PartitionList(partitions)
        try KafkaError.check(rd_kafka_resume_partitions(handle.client, list.pointer), "resume")
        try throwFirstError(of: list, "resume")
    }

    /// Goes on reading an owned topic partition at another offset, also after an error that stopped it; events
    /// fetched before are dropped.
    public func seek(_ partition: TopicPartition, to offset: Int64, timeout: Duration = .seconds(10))
        throws(KafkaError)
    {
        let operation = "seek \(partition)"
        guard sources.isOwned(partition), offset >= 0 else {
            let reason = offset < 0 ? "offset \(offset) is negative" : "not assigned to this consumer"
            throw error(RD_KAFKA_RESP_ERR__STATE, operation, reason)
        }
        let list = PartitionList(capacity: 1)
        list.append(partition, offset: offset)
        let result = rd_kafka_seek_partitions(handle.client, list.pointer, timeout.millisecondsForC)
        try KafkaError.check(taking: result, operation)
        let code = list.elements.first?.error ?? RD_KAFKA_RESP_ERR_NO_ERROR
        sources.own(partition, from: offset)
        if code == RD_KAFKA_RESP_ERR__STATE {
            // librdkafka 2.0 seeks only where it fetches, and it stops fetching after an offset out of range.
            try restart(partition)
        } else {
            try KafkaError.check(code, operation)
        }
    }

    /// Takes a topic partition out of the assignment and puts it back at its position.
    private func restart(_ partition: TopicPartition) throws(KafkaError) {
        let isCooperative = handle.isCooperative
        // The eager protocol knows only whole assignments.
        let all = isCooperative ? [partition] : sources.owned
        if isCooperative {
            let list = PartitionList(all)
            try KafkaError.check(taking: rd_kafka_incremental_unassign(handle.client, list.pointer), "unassign")
        }
        let list = PartitionList(capacity: all.count)
        for partition in all {
            handle.forward(partition)
            list.append(partition, offset: sources.position(of: partition))
        }
        lookup.removeAll(keepingCapacity: true)
        try changeAssignment(to: list, isCooperative: isCooperative)
        unsettled.formUnion(all)
    }

    /// Tells the group how far the lake has come, for lag tools. Asynchronous; failures are only logged.
    ///
    /// `offsets` are those of the next events.
    public func commitHint(_ offsets: [TopicPartition: Int64]) {
        let owned = offsets.filter { sources.isOwned($0.key) }
        guard !owned.isEmpty else { return }
        let list = PartitionList(capacity: owned.count)
        for (partition, offset) in owned { list.append(partition, offset: offset) }
        let code = rd_kafka_commit(handle.client, list.pointer, 1)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            bridge.logger.warning(
                "the group's offsets were not committed", metadata: ["error": "\(error(code, "commit"))"])
        }
    }

    /// Begins to leave the group. Go on polling: `.revoked` comes once more where something is owned and wants its
    /// `release`, then `.closed`.
    public func beginClose() throws(KafkaError) {
        guard !isClosing else { return }
        isClosing = true
        // What came and was not answered is answered now: with nothing.
        if handle.awaitsAssign { handle.answerWithNothing() }
        handle.awaitsAssign = false
        _ = serveControl(&pending) { _ in }
        try handle.leave()
    }

    /// Leaves the group within `timeout`: for callers that can answer `.revoked` inside `onSignal`, synchronously.
    ///
    /// Topic partitions that `onSignal` did not release are released after it. Events are not handed over any more.
    /// False where the time was over before the group let go; `deinit` is safe then, too.
    @discardableResult
    public func close(timeout: Duration, onSignal: (ConsumerSignal) -> Void = { _ in }) throws(KafkaError) -> Bool {
        try beginClose()
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while !isClosed, ContinuousClock.now < deadline {
            for signal in poll(timeout: .milliseconds(100), eventsMax: 0, onBatch: { _ in }) {
                onSignal(signal)
                if case .revoked(let partitions, _) = signal, partitions.contains(where: { sources.isOwned($0) }) {
                    try release(partitions)
                }
            }
        }
        return isClosed
    }

    func throwFirstError(of list: borrowing PartitionList, _ operation: String) throws(KafkaError) {
        guard let bad = list.elements.first(where: { $0.error != RD_KAFKA_RESP_ERR_NO_ERROR }) else { return }
        throw error(bad.error, "\(operation) \(bad.source)")
    }
}
