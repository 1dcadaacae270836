internal import CRDKafka
public import LakeModel

/// The two ends of what a broker has of a topic partition.
public enum LogEdge: Sendable {
    /// The offset of the first event.
    case first
    /// The offset after the last event; with `read_committed`, after the last that no open transaction holds back. It
    /// may lie beyond the last event that can be read: what ends transactions has offsets too.
    case end

    /// What stands for a time in the question.
    var cValue: Int64 {
        switch self {
        case .first: Int64(RD_KAFKA_OFFSET_BEGINNING)
        case .end: Int64(RD_KAFKA_OFFSET_END)
        }
    }
}

extension KafkaConsumer {
    /// Asks the leaders of all these topic partitions together. Where one of them does not answer, nobody has.
    ///
    /// `rd_kafka_query_watermark_offsets` asks the same, but librdkafka 2.0 forgets its time-out once it knows the
    /// leader: while that one is away, it waits for ever.
    public func offsets(at edge: LogEdge, of partitions: some Collection<TopicPartition>, timeout: Duration)
        throws(KafkaError) -> [TopicPartition: Int64]
    {
        guard !partitions.isEmpty else { return [:] }
        let times = Dictionary(partitions.map { ($0, edge.cValue) }) { first, _ in first }
        let found = try offsets(forTimes: times, timeout: timeout)
        if let silent = times.keys.first(where: { found[$0] == nil }) {
            throw error(RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, "offsets of \(silent)")
        }
        return found
    }

    /// Asks the leader for the first offset and the one after the last; see `LogEdge`.
    public func watermarks(_ partition: TopicPartition, timeout: Duration)
        throws(KafkaError) -> (low: Int64, high: Int64)
    {
        let start = ContinuousClock.now
        let low = try offsets(at: .first, of: [partition], timeout: timeout)
        let left = max(.milliseconds(1), timeout - start.duration(to: .now))
        let high = try offsets(at: .end, of: [partition], timeout: left)
        return (low[partition] ?? 0, high[partition] ?? 0)
    }

    /// The offsets of the last fetch, without asking; nil until the first. For lag.
    public func cachedWatermarks(_ partition: TopicPartition) -> (low: Int64, high: Int64)? {
        var (low, high): (Int64, Int64) = (0, 0)
        let code = rd_kafka_get_watermark_offsets(
            handle.client, partition.topic, partition.partition, &low, &high)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, high >= 0 else { return nil }
        return (max(0, low), high)
    }

    /// The next offset to hand over, past transaction markers; nil before the first event since `start`.
    public func position(_ partition: TopicPartition) -> Int64? {
        let list = PartitionList([partition])
        guard rd_kafka_position(handle.client, list.pointer) == RD_KAFKA_RESP_ERR_NO_ERROR,
            let found = list.elements.first, found.error == RD_KAFKA_RESP_ERR_NO_ERROR, found.offset >= 0
        else { return nil }
        return found.offset
    }

    /// The first offsets whose timestamp is at or after the given one (milliseconds since 1970); a topic partition
    /// without such an event is missing in the answer.
    public func offsets(forTimes times: [TopicPartition: Int64], timeout: Duration)
        throws(KafkaError) -> [TopicPartition: Int64]
    {
        let list = PartitionList(capacity: times.count)
        for (partition, time) in times { list.append(partition, offset: time) }
        let code = rd_kafka_offsets_for_times(handle.client, list.pointer, timeout.millisecondsForC)
        try KafkaError.check(code, "offsets of \(Self.joined(times.keys))")
        try throwFirstError(of: list, "offsets of")
        return list.elements.reduce(into: [:]) { found, element in
            if element.offset >= 0 { found[element.source] = element.offset }
        }
    }

    private static func joined(_ partitions: some Collection<TopicPartition>) -> String {
        let named = partitions.sorted().prefix(3).map(\.description).joined(separator: ", ")
        return partitions.count > 3 ? "\(named) and \(partitions.count - 3) more" : named
    }

    /// Turns every start into what librdkafka takes: a number, or its logical beginning (-2) and end (-1).
    func resolve(_ positions: [(TopicPartition, StartOffset)], _ timeout: Duration)
        throws(KafkaError) -> [(TopicPartition, Int64)]
    {
        var times: [TopicPartition: Int64] = [:]
        for case (let partition, .timestamp(let time)) in positions { times[partition] = time }
        let found = times.isEmpty ? [:] : try offsets(forTimes: times, timeout: timeout)
        var result: [(TopicPartition, Int64)] = []
        result.reserveCapacity(positions.count)
        for (partition, start) in positions {
            switch start {
            case .at(let offset) where offset < 0:
                throw error(RD_KAFKA_RESP_ERR__INVALID_ARG, "start \(partition)", "offset \(offset) is negative")
            case .at(let offset): result.append((partition, offset))
            case .beginning: result.append((partition, Int64(RD_KAFKA_OFFSET_BEGINNING)))
            case .end: result.append((partition, Int64(RD_KAFKA_OFFSET_END)))
            case .timestamp: result.append((partition, found[partition] ?? Int64(RD_KAFKA_OFFSET_END)))
            }
        }
        return result
    }
}
