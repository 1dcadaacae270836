import LakeModel

/// One table that `manifest sql` can read.
public struct SQLTable: Hashable, Sendable {
    public var name: String
    public var meaning: String
    public var columns: [Column]

    public struct Column: Hashable, Sendable {
        public var name: String
        /// `INTEGER` or `TEXT`. Times are RFC 3339 text in UTC, so that they sort; compare `datetime(at)` with
        /// `datetime('now')`.
        public var type: String
        public var meaning: String
    }

    fileprivate init(_ name: String, _ meaning: String, _ columns: [(String, String, String)]) {
        (self.name, self.meaning) = (name, meaning)
        self.columns = columns.map { Column(name: $0.0, type: $0.1, meaning: $0.2) }
    }

    var create: String {
        "CREATE TABLE \(name) (\(columns.map { "\"\($0.name)\" \($0.type)" }.joined(separator: ", ")))"
    }

    var insert: String {
        "INSERT INTO \(name) VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))"
    }

    /// Every table, in the order in which help shows them.
    public static let all = [
        objects, objectOffsets, objectColumns, offsets, manifests, commits, commitOffsets, closedHours,
    ]

    static let objects = SQLTable(
        "objects", "live data objects",
        [
            ("path", "TEXT", "relative to the table's folder"),
            ("side", "TEXT", "main, late or dead_letter"),
            ("date", "TEXT", "of the partition"),
            ("hour", "INTEGER", "of the partition; null in a table partitioned by day"),
            ("shard", "INTEGER", "of the partition"),
            ("format", "TEXT", "envelope, value or parquet"),
            ("bytes", "INTEGER", "size in the store"),
            ("uncompressed_bytes", "INTEGER", "size of the events"),
            ("records", "INTEGER", "number of events"),
            ("event_time_min", "TEXT", "least event time; null where no event has one"),
            ("event_time_max", "TEXT", "greatest event time"),
            ("checksum", "TEXT", "algorithm:hex, of the bytes in the store"),
            ("schema_id", "TEXT", "null where there is none"),
            ("uploaded_at", "TEXT", "by the store's clock"),
            ("tags", "TEXT", "separated by commas"),
            ("adopted", "TEXT", "key of the bytes below the lake's root where another program wrote them, else null"),
        ])

    static let objectOffsets = SQLTable(
        "object_offsets", "what each live object holds of each topic partition",
        [
            ("path", "TEXT", "of the object"), ("topic", "TEXT", ""), ("partition", "INTEGER", "of the topic"),
            ("first", "INTEGER", "first offset"), ("last", "INTEGER", "last offset, in it"),
            ("count", "INTEGER", "events"),
        ])

    static let objectColumns = SQLTable(
        "object_columns", "bounds of some columns of each live Parquet object",
        [
            ("path", "TEXT", "of the object"), ("name", "TEXT", "names of fields, joined by dots"),
            ("kind", "TEXT", "boolean, integer, number, text, date or time"),
            ("nulls", "INTEGER", "events without a value"),
            ("min", "TEXT", "no value is less; CAST it where the kind is a number"),
            ("max", "TEXT", "no value is greater"),
        ])

    static let offsets = SQLTable(
        "offsets", "how far each topic partition is in the lake",
        [
            ("topic", "TEXT", ""), ("partition", "INTEGER", "of the topic"),
            ("next", "INTEGER", "every event below this offset is in the lake"),
            ("watermark", "TEXT", "highest event time seen"),
        ])

    static let manifests = SQLTable(
        "manifests", "the manifests of the checkpoint below this snapshot",
        [
            ("path", "TEXT", "relative to _varve/checkpoint/"),
            ("overflow", "INTEGER", "1 where its objects wait to be sorted in"),
            ("first", "TEXT", "least partition"), ("last", "TEXT", "greatest partition"),
            ("objects", "INTEGER", ""), ("bytes", "INTEGER", "of its objects"), ("records", "INTEGER", ""),
            ("event_time_min", "TEXT", ""), ("event_time_max", "TEXT", ""), ("checksum", "TEXT", "CRC-64/NVME"),
        ])

    static let commits = SQLTable(
        "commits", "the log, as far as it was not collected",
        [
            ("version", "INTEGER", ""), ("id", "TEXT", ""), ("parent", "TEXT", "null for version 1"),
            ("kind", "TEXT", "append, compact, lifecycle, vacuum, erase or adopt"),
            ("at", "TEXT", "by the writer's clock"), ("writer", "TEXT", "one start of one process"),
            ("host", "TEXT", ""), ("program", "TEXT", ""), ("reason", "TEXT", ""),
            ("objects_added", "INTEGER", ""), ("bytes_added", "INTEGER", ""), ("records_added", "INTEGER", ""),
            ("objects_removed", "INTEGER", ""), ("horizon", "TEXT", "vacuum only"),
        ])

    static let commitOffsets = SQLTable(
        "commit_offsets", "the offsets that each commit moved",
        [
            ("version", "INTEGER", ""), ("topic", "TEXT", ""), ("partition", "INTEGER", "of the topic"),
            ("from_offset", "INTEGER", ""), ("to_offset", "INTEGER", "not in it"), ("events", "INTEGER", ""),
            ("watermark", "TEXT", ""),
        ])

    static let closedHours = SQLTable(
        "closed_hours", "hours declared complete, as far as the log was not collected",
        [("version", "INTEGER", "of the commit"), ("date", "TEXT", ""), ("hour", "INTEGER", "null for a day")])
}

/// Values as rows of the tables above, in the order of their columns.
enum SQLRows {
    static func text(_ value: (some CustomStringConvertible)?) -> SQLValue {
        value.map { .text($0.description) } ?? .null
    }

    static func integer(_ value: (some BinaryInteger)?) -> SQLValue {
        value.map { .integer(Int64(clamping: $0)) } ?? .null
    }

    static func object(_ object: DataObject) -> [SQLValue] {
        [
            .text(object.path), .text(object.side.rawValue), text(object.partition.date),
            integer(object.partition.hour),
            integer(object.partition.shard), .text(object.format.rawValue), .integer(object.bytes),
            .integer(object.uncompressedBytes), .integer(object.records), text(object.eventTime?.min),
            text(object.eventTime?.max), .text("\(object.checksum.algorithm.rawValue):\(object.checksum.value)"),
            text(object.schemaID), text(object.uploadedAt), .text(object.tags.joined(separator: ",")),
            text(object.adopted?.key),
        ]
    }

    static func spans(_ object: DataObject) -> [[SQLValue]] {
        object.offsets.map {
            [
                .text(object.path), .text($0.topic), integer($0.partition), .integer($0.first), .integer($0.last),
                .integer($0.count),
            ]
        }
    }

    static func columns(_ object: DataObject) -> [[SQLValue]] {
        (object.columns ?? []).map {
            [
                .text(object.path), .text($0.name), .text($0.kind.rawValue), .integer($0.nulls), text($0.min),
                text($0.max),
            ]
        }
    }

    static func offsets(_ head: TableHead) -> [[SQLValue]] {
        head.progress.sorted { $0.key < $1.key }.map {
            [.text($0.key.topic), integer($0.key.partition), .integer($0.value.next), text($0.value.watermark)]
        }
    }

    static func manifest(_ manifest: ManifestSummary) -> [SQLValue] {
        [
            .text(manifest.path), .integer(manifest.overflow ? 1 : 0), text(manifest.first), text(manifest.last),
            .integer(manifest.objects), .integer(manifest.bytes), .integer(manifest.records),
            text(manifest.eventTime?.min), text(manifest.eventTime?.max), .text(manifest.checksum),
        ]
    }

    static func commit(_ commit: Commit) -> [SQLValue] {
        [
            .integer(commit.version), text(commit.id), text(commit.parent), .text(commit.kind.rawValue),
            text(commit.at),
            .text(commit.writer.id), .text(commit.writer.host), .text(commit.writer.program), text(commit.reason),
            integer(commit.add.count), .integer(commit.add.reduce(0) { $0 &+ $1.bytes }),
            .integer(commit.add.reduce(0) { $0 &+ $1.records }), integer(commit.remove.count), text(commit.horizon),
        ]
    }

    static func ranges(_ commit: Commit) -> [[SQLValue]] {
        commit.offsets.map {
            [
                .integer(commit.version), .text($0.topic), integer($0.partition), .integer($0.from), .integer($0.to),
                .integer($0.events), text($0.watermark),
            ]
        }
    }

    static func closed(_ commit: Commit) -> [[SQLValue]] {
        commit.closed.map { [.integer(commit.version), text($0.date), integer($0.hour)] }
    }
}
