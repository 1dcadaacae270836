import Catalog
import LakeModel

// What the JSON API answers with. Names become snake_case; what is unknown is left out. docs/console.md lists them.

struct TotalsView: Encodable {
    var objects: Int64
    var bytes: Int64
    var uncompressedBytes: Int64
    var records: Int64

    init(_ totals: SideTotals) {
        (objects, bytes) = (totals.objects, totals.bytes)
        (uncompressedBytes, records) = (totals.uncompressedBytes, totals.records)
    }
}

struct LakeView: Encodable {
    var lake: String
    var program: String
    var now: String
    var isLoading: Bool
    var problem: String?
    var tables: Int
    var tablesLeftOut: Int
    var levels: [String: Int]
    var objects: Int64
    var bytes: Int64
    var records: Int64
    var lateRecords: Int64
    var deadLetters: Int64
    var writer: WriterView?
}

struct TableView: Encodable {
    struct Layout: Encodable {
        var granularity: String
        var zone: String
        var shards: Int
        var time: String
        var shardBy: String
    }

    struct Debt: Encodable {
        var objects: Int64
        var bytes: Int64
        var smallBytesMax: Int64
    }

    var name: String
    var version: Int64
    var checkpointVersion: Int64
    var committedAt: String?
    var watermark: String?
    var newestEvent: String?
    /// Age of the newest committed event.
    var freshnessSeconds: Double?
    var completeThrough: String?
    var firstEvent: String?
    var topics: [String]
    var topicCount: Int
    var topicPartitions: Int
    var layout: Layout?
    var main: TotalsView
    var late: TotalsView
    var deadLetter: TotalsView
    var health: TableHealth
    var debt: Debt
    /// Manifests summed up, of all: sums below one of the other are of the newest hours only.
    var manifestsKnown: Int
    var manifests: Int
    /// Events of the last 14 days of the table, oldest first; days without events are there.
    var days: [DayView]

    init(_ facts: TableFacts, writer: WriterView?, now: Timestamp, options: ConsoleOptions) {
        let head = facts.head
        (name, version, checkpointVersion) = (facts.name, head.version, facts.checkpointVersion)
        committedAt = head.at?.description
        watermark = head.watermark()?.description
        let newest = head.progress.values.compactMap(\.watermark).max()
        newestEvent = newest?.description
        freshnessSeconds = newest.map { Double(max(0, now.milliseconds - $0.milliseconds)) / 1000 }
        completeThrough = head.closedThrough?.description
        firstEvent = head.eventTime?.min.description
        let all = Set(head.progress.keys.map(\.topic)).sorted()
        (topics, topicCount, topicPartitions) = (Array(all.prefix(10)), all.count, head.progress.count)
        layout = head.layout.map {
            Layout(
                granularity: $0.granularity.rawValue, zone: $0.zone, shards: $0.shards, time: $0.time,
                shardBy: $0.shardBy)
        }
        main = TotalsView(head.total(of: .main))
        late = TotalsView(head.total(of: .late))
        deadLetter = TotalsView(head.total(of: .deadLetter))
        health = TableHealth(
            facts, writer: writer?.tables.first { $0.name == facts.name }, now: now, options: options)
        let owed = SmallFileDebt(facts)
        debt = Debt(objects: owed.objects, bytes: owed.bytes, smallBytesMax: facts.smallBytesMax)
        (manifestsKnown, manifests) = (facts.known.manifestsKnown, facts.known.manifests)
        days = DayView.series(facts.known.hours, side: .main, days: 14)
    }
}

struct DayView: Encodable {
    var date: String
    var objects: Int64 = 0
    var bytes: Int64 = 0
    var records: Int64 = 0

    /// The last `days` days that end with the newest one, each with its sums.
    static func series(_ hours: [HourRollup], side: TableSide, days: Int) -> [DayView] {
        let own = hours.filter { $0.totals.side == side }
        guard let last = own.map(\.hour.date.daysSinceEpoch).max() else { return [] }
        let first = max(last - Int32(clamping: days) + 1, own.map(\.hour.date.daysSinceEpoch).min() ?? last)
        var series = (first...last).map { DayView(date: "\(CalendarDay(daysSinceEpoch: $0))") }
        for rollup in own where rollup.hour.date.daysSinceEpoch >= first {
            let index = Int(rollup.hour.date.daysSinceEpoch - first)
            series[index].objects &+= rollup.totals.objects
            series[index].bytes &+= rollup.totals.bytes
            series[index].records &+= rollup.totals.records
        }
        return series
    }
}

struct HourView: Encodable {
    var date: String
    var hour: Int?
    var objects: Int64
    var bytes: Int64
    var records: Int64
    var smallObjects: Int64
    var isComplete: Bool
    var newestUpload: String

    init(_ rollup: HourRollup, isComplete: Bool) {
        (date, hour) = ("\(rollup.hour.date)", rollup.hour.hour.map(Int.init))
        (objects, bytes, records) = (rollup.totals.objects, rollup.totals.bytes, rollup.totals.records)
        (smallObjects, self.isComplete) = (rollup.smallObjects, isComplete)
        newestUpload = "\(rollup.newestUpload)"
    }
}

struct ObjectView: Encodable {
    var path: String
    var side: String
    var shard: Int
    var format: String
    var bytes: Int64
    var records: Int64
    var firstEvent: String?
    var lastEvent: String?
    var uploadedAt: String
    var tags: [String]
    var sources: Int

    init(_ object: DataObject) {
        (path, side, format) = (object.path, object.side.rawValue, object.format.rawValue)
        (shard, bytes, records) = (Int(object.partition.shard), object.bytes, object.records)
        (firstEvent, lastEvent) = (object.eventTime?.min.description, object.eventTime?.max.description)
        (uploadedAt, tags, sources) = ("\(object.uploadedAt)", Array(object.tags.prefix(20)), object.offsets.count)
    }
}

/// A commit summed up: what is listed and drawn, whatever the number of its objects.
struct CommitView: Encodable, Sendable {
    struct Sum: Encodable, Sendable {
        var objects: Int64 = 0
        var bytes: Int64 = 0
        var records: Int64 = 0
    }

    var version: Int64
    var id: String
    var at: String
    var kind: String
    var reason: String?
    var writer: String
    var host: String
    var program: String
    var added = Sum()
    var removed = Sum()
    var lateRecords: Int64 = 0
    var deadLetters: Int64 = 0
    /// The first eight.
    var offsets: [String]
    var offsetCount: Int
    var closed: [String]

    init(_ commit: Commit) {
        (version, id, at, kind) = (commit.version, "\(commit.id)", "\(commit.at)", commit.kind.rawValue)
        reason = commit.reason.map { String($0.prefix(300)) }
        (writer, host) = (String(commit.writer.id.prefix(100)), String(commit.writer.host.prefix(100)))
        program = String(commit.writer.program.prefix(100))
        for object in commit.add {
            added.objects += 1
            added.bytes &+= object.bytes
            added.records &+= object.records
            if object.side == .late { lateRecords &+= object.records }
            if object.side == .deadLetter { deadLetters &+= object.records }
        }
        for gone in commit.removed {
            removed.objects &+= gone.objects
            removed.bytes &+= gone.bytes
            removed.records &+= gone.records
        }
        offsets = commit.offsets.prefix(8).map { "\($0.topicPartition) \($0.from)–\($0.to)" }
        offsetCount = commit.offsets.count
        closed = commit.closed.suffix(8).map(\.description)
    }
}

struct SourceView: Encodable {
    var topic: String
    var partition: Int32
    var next: Int64
    var watermark: String?
    var lagEvents: Int64?
    var lagSeconds: Double?
}
