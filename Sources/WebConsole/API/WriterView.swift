public import LakeModel

/// A running writer as the console shows it; empty pages' `writer` is null.
public struct WriterView: Encodable, Sendable {
    public struct Table: Encodable, Sendable {
        public var name: String
        public var openObjects: Int
        public var waitingObjects: Int
        public var isConsuming: Bool
        /// The sum over the topic partitions, as far as the brokers' ends are known.
        public var lagEvents: Int64
        /// The greatest of the topic partitions'.
        public var lagSeconds: Double?
        /// Since the start, by reason.
        public var deadLettered: [String: Int64]
        public var eventsCommitted: Int64

        public init(
            name: String, openObjects: Int, waitingObjects: Int, isConsuming: Bool, lagEvents: Int64,
            lagSeconds: Double?, deadLettered: [String: Int64], eventsCommitted: Int64
        ) {
            (self.name, self.openObjects, self.waitingObjects) = (name, openObjects, waitingObjects)
            (self.isConsuming, self.lagEvents, self.lagSeconds) = (isConsuming, lagEvents, lagSeconds)
            (self.deadLettered, self.eventsCommitted) = (deadLettered, eventsCommitted)
        }
    }

    public struct Source: Sendable {
        public var table: String
        public var name: TopicPartition
        public var lagEvents: Int64?
        public var lagSeconds: Double?

        public init(table: String, name: TopicPartition, lagEvents: Int64?, lagSeconds: Double?) {
            (self.table, self.name, self.lagEvents, self.lagSeconds) = (table, name, lagEvents, lagSeconds)
        }
    }

    public var memoryBytesUsed: Int
    public var memoryBytesMax: Int
    public var isPaused: Bool
    public var isAssigned: Bool
    public var isStopping: Bool
    public var storeTrouble: String?
    public var tables: [Table]
    /// Not part of the JSON: joined into a table's topic partitions.
    public var sources: [Source]

    public init(
        memoryBytesUsed: Int, memoryBytesMax: Int, isPaused: Bool, isAssigned: Bool, isStopping: Bool,
        storeTrouble: String?, tables: [Table], sources: [Source]
    ) {
        (self.memoryBytesUsed, self.memoryBytesMax) = (memoryBytesUsed, memoryBytesMax)
        (self.isPaused, self.isAssigned, self.isStopping) = (isPaused, isAssigned, isStopping)
        (self.storeTrouble, self.tables, self.sources) = (storeTrouble, tables, sources)
    }

    enum CodingKeys: String, CodingKey {
        case memoryBytesUsed, memoryBytesMax, isPaused, isAssigned, isStopping, storeTrouble, tables
    }
}
