public import Formats
public import LakeModel

/// How one table takes its events. Values only; checked where the configuration is read.
public struct TableSettings: Sendable {
    public var name: String
    /// Whether events of a topic belong to this table. The first table that says yes takes the topic.
    public var takesTopic: @Sendable (String) -> Bool
    public var start: StartPosition
    public var layout: TableLayout
    public var time: EventTimeRule
    public var shardRule: ShardRule
    public var format: DataFormat
    /// What the columns are, where the format is Parquet.
    public var parquet = ParquetSettings()
    /// zstd level, 1–19.
    public var compressionLevel: Int32
    public var rotate: RotationSettings
    public var late: LateSettings
    public var close: CloseSettings
    public var onReset: ResetPolicy
    /// Labels on every object.
    public var tags: [String]

    public init(
        name: String, takesTopic: @escaping @Sendable (String) -> Bool, start: StartPosition = .earliest,
        layout: TableLayout, time: EventTimeRule, shardRule: ShardRule, format: DataFormat = .envelope,
        compressionLevel: Int32 = 3, rotate: RotationSettings = .init(), late: LateSettings = .init(),
        close: CloseSettings = .init(), onReset: ResetPolicy = .stop, tags: [String] = []
    ) {
        (self.name, self.takesTopic, self.start, self.layout) = (name, takesTopic, start, layout)
        (self.time, self.shardRule, self.format) = (time, shardRule, format)
        (self.compressionLevel, self.rotate, self.late) = (compressionLevel, rotate, late)
        (self.close, self.onReset, self.tags) = (close, onReset, tags)
    }
}

/// When an open object is sealed.
public struct RotationSettings: Hashable, Sendable {
    /// Compressed bytes.
    public var bytes: Int64 = 128 << 20
    public var records: Int64 = 1_000_000
    /// Since the oldest event that is not committed yet arrived here.
    public var age: Duration = .seconds(300)

    public init(bytes: Int64 = 128 << 20, records: Int64 = 1_000_000, age: Duration = .seconds(300)) {
        (self.bytes, self.records, self.age) = (bytes, records, age)
    }
}

public struct LateSettings: Hashable, Sendable {
    public enum Policy: String, Sendable, CaseIterable {
        case accept, separate
        case deadLetter = "dead_letter"
    }

    /// An event is late when it is this much older than the newest of its topic partition.
    public var afterMilliseconds: Int64 = 3_600_000
    public var policy: Policy = .accept

    public init(afterMilliseconds: Int64 = 3_600_000, policy: Policy = .accept) {
        (self.afterMilliseconds, self.policy) = (afterMilliseconds, policy)
    }
}

/// When an hour is declared complete.
public struct CloseSettings: Hashable, Sendable {
    /// The table's watermark has to pass the end of the hour by this much.
    public var graceMilliseconds: Int64 = 300_000
    /// A topic partition with nothing to read for this long no longer holds hours open; nil: it always does.
    public var idle: Duration? = idleUsual

    /// Where nothing else is said.
    public static let idleUsual = Duration.seconds(600)

    public init(graceMilliseconds: Int64 = 300_000, idle: Duration? = idleUsual) {
        (self.graceMilliseconds, self.idle) = (graceMilliseconds, idle)
    }
}

/// What to do where the broker no longer has the offset that the catalog continues at.
public enum ResetPolicy: String, Sendable, CaseIterable {
    /// Stop with an error: events may be lost, and a person has to decide.
    case stop
    case earliest
    case latest
}

/// How the whole writer behaves.
public struct IngestSettings: Sendable {
    /// The part of the memory budget that is the writer's own: frames, finished objects, uploads.
    public var memoryBytesMax: Int = 384 << 20
    public var commitEvery: Duration = .seconds(10)
    /// So many stored objects are committed at once, without waiting for `commitEvery`.
    public var commitObjects: Int = 1000
    /// What waits for a commit is cut, and cuts are left to the next one, before a log entry takes more than this,
    /// about: some thousands of objects. Far below what the catalog takes.
    public var commitBytesMax: Int = 8 << 20
    /// Uncompressed bytes of one zstd frame.
    public var frameBytes: Int = 1 << 20
    /// Encoded bytes of a Parquet row group.
    public var rowGroupBytes: Int = 24 << 20
    /// Smaller ones are not ended early, however tight memory is.
    public var rowGroupBytesLeast: Int = 1 << 20
    /// Objects up to this size are one PUT; larger ones are multipart uploads that stream while they grow.
    public var singlePutBytesMax: Int = 16 << 20
    /// Every part but the last has exactly this size, as some stores demand.
    public var partBytes: Int = 8 << 20
    public var uploadsInFlightMax: Int = 8
    public var compressionThreads: Int = 2
    public var eventsPerPollMax: Int = 4096
    /// How long revoked partitions may be kept in order to commit their events.
    public var revokeTimeout: Duration = .seconds(30)
    /// How long a stop may take.
    public var shutdownTimeout: Duration = .seconds(25)
    /// Event times further ahead of the wall clock than this do not move the watermark.
    public var futureMillisecondsMax: Int64 = 3_600_000
    /// Stop once every topic partition has reached the end that it had at the start.
    public var once: Bool = false

    public init() {}
}
