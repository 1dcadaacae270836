import LakeModel

extension Settings {
    struct Table: Decodable, Sendable {
        enum ResetPolicy: String, Decodable { case stop, earliest, latest }
        struct Compression: Decodable, Sendable { var level: Int }

        var name: String
        var topics: [TopicSelector]
        var start: StartSetting
        var onReset: ResetPolicy
        var partition: Partition
        var format: DataFormat
        var schema: Schema
        var parquet: Parquet
        var compression: Compression
        var rotate: Rotate
        var late: Late
        var close: Close
        var compact: Compact
        var vacuum: Vacuum
        var lifecycle: Lifecycle
        /// Labels that every object of the table carries in the catalog.
        var tags: [String]

        enum CodingKeys: String, CodingKey {
            case name, topics, start
            case onReset = "on_reset"
            case partition, format, schema, parquet, compression, rotate, late, close, compact, vacuum, lifecycle, tags
        }

        /// Whether its objects are Parquet from the start, or once they are merged.
        var makesParquet: Bool { format == .parquet || compact.format == .parquet }
    }

    struct Partition: Decodable, Sendable {
        enum TimeUnit: String, Decodable {
            case iso8601
            case seconds = "s"
            case milliseconds = "ms"
            case microseconds = "us"
            case nanoseconds = "ns"
        }

        /// `kafka`, `field:/pointer` or `header:name`.
        var time: String
        var unit: TimeUnit
        var granularity: TableLayout.Granularity
        var zone: String
        var shards: Int
        /// `partition`, `key` or `field:/pointer`.
        var shardBy: String

        enum CodingKeys: String, CodingKey {
            case time, unit, granularity, zone, shards
            case shardBy = "shard_by"
        }

        var layout: TableLayout {
            TableLayout(granularity: granularity, zone: zone, shards: shards, time: time, shardBy: shardBy)
        }
    }

    struct Rotate: Decodable, Sendable {
        var bytes: ByteSize
        var age: TimeSetting
        var records: Int
    }

    struct Late: Decodable, Sendable {
        enum Policy: String, Decodable {
            case accept, separate
            case deadLetter = "dead_letter"
        }

        var after: TimeSetting
        var policy: Policy
    }

    struct Close: Decodable, Sendable {
        var grace: TimeSetting
        var idle: TimeSetting
    }
}
