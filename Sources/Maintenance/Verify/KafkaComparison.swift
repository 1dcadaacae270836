public import LakeModel

/// What a broker says of one topic partition.
public struct BrokerOffsets: Hashable, Sendable {
    /// The first offset that is still there.
    public var low: Int64
    /// The offset that the next event will get.
    public var high: Int64

    public init(low: Int64, high: Int64) {
        (self.low, self.high) = (low, high)
    }
}

/// Compares the catalog's next offsets with the brokers'.
public enum KafkaComparison {
    /// Topic partitions from which events were lost, or whose topic is not the one that was read. `broker` has nil for
    /// a topic partition that it does not know. Being behind is no finding: see `lag`.
    public static func findings(
        next: [TopicPartition: Int64], broker: [TopicPartition: BrokerOffsets]
    ) -> [VerifyFinding] {
        next.sorted { $0.key < $1.key }.compactMap { source, next in
            guard let offsets = broker[source] else {
                return VerifyFinding(.kafka, source.description, "the brokers do not know it any more")
            }
            if offsets.low > next {
                return VerifyFinding(
                    .kafka, source.description,
                    "\(offsets.low - next) events were removed from the topic before they were read: it begins at "
                        + "\(offsets.low), the catalog continues at \(next)")
            }
            if offsets.high < next {
                return VerifyFinding(
                    .kafka, source.description,
                    "the topic ends at \(offsets.high), before the catalog's \(next): it was made anew or cut")
            }
            return nil
        }
    }

    /// Events that the brokers have and the catalog has not, over all topic partitions.
    public static func lag(next: [TopicPartition: Int64], broker: [TopicPartition: BrokerOffsets]) -> Int64 {
        broker.reduce(0) { sum, entry in
            let from = max(next[entry.key] ?? entry.value.low, entry.value.low)
            return sum &+ max(0, entry.value.high - from)
        }
    }
}
