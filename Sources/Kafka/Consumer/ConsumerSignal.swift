public import LakeModel

/// What a consumer has to say besides events; answered or noted by whoever polls.
public enum ConsumerSignal: Sendable {
    /// The group gave these topic partitions to this consumer. Answer with `start`, for all of them in one call.
    case assigned([TopicPartition])
    /// The group takes these away. Finish or drop their events, then answer with `release`; until then the group
    /// waits, at most `max.poll.interval.ms`. With `lost`, others may own them already and must not be waited for.
    case revoked([TopicPartition], lost: Bool)
    /// Everything below `offset` was handed over, transaction markers included. Only with `reportsEnd`.
    case reachedEnd(TopicPartition, offset: Int64)
    /// The broker does not have the offset that was asked for: retention passed it, or the topic was made anew. Nothing
    /// more comes from this topic partition until `seek`; there is no silent reset.
    case offsetOutOfRange(TopicPartition, requested: Int64, reason: String)
    /// Something failed. librdkafka goes on by itself unless `isFatal`, but for errors that name a topic partition and
    /// are not retriable: that one stands still until `seek`.
    case error(KafkaError, of: TopicPartition?)
    /// librdkafka's statistics as JSON, every `statistics.interval.ms` where that is set.
    case statistics(String)
    /// The consumer has left the group after `beginClose`; only `deinit` is left to do.
    case closed
}

/// Where to begin reading an assigned topic partition.
public enum StartOffset: Hashable, Sendable {
    case at(Int64)
    case beginning
    case end
    /// The first event with this timestamp (milliseconds since 1970) or a later one; the end where there is none.
    case timestamp(Int64)
}
