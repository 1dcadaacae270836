public import LakeModel

/// An event read back from the lake, as it was produced.
public struct StoredEvent: Hashable, Sendable {
    public struct Header: Hashable, Sendable {
        public var name: [UInt8]
        /// Nil for a null value, which is not an empty one.
        public var value: [UInt8]?

        public init(name: [UInt8], value: [UInt8]?) {
            (self.name, self.value) = (name, value)
        }
    }

    public var topicPartition: TopicPartition
    public var offset: Int64
    /// Nil where the event had none.
    public var timestamp: Timestamp?
    public var timestampType: TimestampType
    public var key: [UInt8]?
    public var headers: [Header]
    /// Nil for a tombstone.
    public var value: [UInt8]?
    /// Only in dead letters.
    public var reason: String?
    public var detail: String?

    public init(
        _ topicPartition: TopicPartition, offset: Int64, timestamp: Timestamp?, timestampType: TimestampType,
        key: [UInt8]?, headers: [Header] = [], value: [UInt8]?, reason: String? = nil, detail: String? = nil
    ) {
        (self.topicPartition, self.offset) = (topicPartition, offset)
        (self.timestamp, self.timestampType) = (timestamp, timestampType)
        (self.key, self.headers, self.value) = (key, headers, value)
        (self.reason, self.detail) = (reason, detail)
    }
}

/// Where and why a line is not what its format says.
public struct LineError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Of the line, counted from 0.
    public var byte: Int
    public var reason: String

    public init(byte: Int, reason: String) {
        (self.byte, self.reason) = (byte, reason)
    }

    public var description: String { "byte \(byte): \(reason)" }
}
