public import ArgumentParser
public import Catalog
public import LakeModel
public import Maintenance

extension TableAddress: ExpressibleByArgument {
    public init?(argument: String) {
        guard let address = try? TableAddress.parse(argument) else { return nil }
        self = address
    }
}

extension TableAddress {
    /// For verbs that treat a table and its sides alike: naming one side would say less than what is done.
    func checkIsWhole() throws {
        guard side != .main else { return }
        throw ValidationError("\(self) is a part of the table \(table), which is treated as a whole: name \(table)")
    }
}

extension LakeHour: ExpressibleByArgument {
    public init?(argument: String) {
        guard let hour = LakeHour(argument) else { return nil }
        self = hour
    }
}

extension RowOrder: ExpressibleByArgument {}
extension DataFormat: ExpressibleByArgument {}
extension ImportLayout: ExpressibleByArgument {}
extension ImportRequest.OffsetSource: ExpressibleByArgument {}
extension ImportRequest.OffsetEnds: ExpressibleByArgument {}
extension ImportRequest.UndatedFiles: ExpressibleByArgument {}

/// A range of offsets on the command line: `100..200` without the end, `100..` and `..200`.
struct OffsetsArgument: Hashable, Sendable, ExpressibleByArgument {
    var range: Range<Int64>

    init?(argument: String) {
        let parts = argument.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].isEmpty else { return nil }
        let lower = parts[0].isEmpty ? 0 : Int64(parts[0])
        let upper = parts[2].isEmpty ? Int64.max : Int64(parts[2])
        guard let lower, let upper, lower >= 0, lower <= upper else { return nil }
        range = lower..<upper
    }
}

/// Which objects of a table: by hour, event time, shard, source and labels.
struct ObjectFilter: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only this hour of the table: 2026-11-21/05; of one partitioned by day, the whole day.", valueName: "hour"))
    var hour: LakeHour?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only event times from here on: RFC 3339, or back from now: -1d.", valueName: "time"))
    var from: TimeArgument?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Only event times before this.", valueName: "time"))
    var to: TimeArgument?

    @Option(help: ArgumentHelp("Only this shard; repeat for more.", valueName: "number"))
    var shard: [UInt16] = []

    @Option(help: ArgumentHelp("Only events of this topic.", valueName: "name"))
    var topic: String?

    @Option(help: ArgumentHelp("Only this partition of --topic.", valueName: "number"))
    var partition: Int32?

    @Option(help: ArgumentHelp("Only these offsets: 100..200 (without 200), 100.., ..200.", valueName: "range"))
    var offsets: OffsetsArgument?

    func validate() throws {
        if partition != nil, topic == nil { throw ValidationError("--partition needs --topic") }
        let now = CommandContext.current.clock.now()
        if let from, let to, from.resolved(now: now) >= to.resolved(now: now) {
            throw ValidationError("no time is from --from and before --to: give an earlier --from")
        }
    }

    /// The catalog's query; `exact` has to be asked too, as the query knows whole topic partitions only.
    ///
    /// - `layout`: the table's.
    func query(side: TableSide, of layout: TableLayout?, now: Timestamp, tags: [String] = []) -> ObjectQuery {
        query(sides: [side], of: layout, now: now, tags: tags)
    }

    func query(sides: Set<TableSide>, of layout: TableLayout?, now: Timestamp, tags: [String] = []) -> ObjectQuery {
        var query = ObjectQuery(sides: sides)
        if let hour {
            // The objects of a day hold those of its hours, and are told apart no further.
            let first = layout?.granularity == .day ? LakeHour(date: hour.date, hour: nil) : hour
            query.hours = first...hour.lastHour
        }
        if from != nil || to != nil { query.eventTime = times(now: now) }
        if !shard.isEmpty { query.shards = Set(shard) }
        if let topic, let partition { query.topicPartition = TopicPartition(topic: topic, partition: partition) }
        query.offsets = offsets?.range
        query.tags = Set(tags)
        return query
    }

    /// Whether an object can hold events of the topic asked for.
    func matchesTopic(_ object: DataObject) -> Bool {
        guard let topic, partition == nil else { return true }
        return object.offsets.contains { $0.topic == topic }
    }

    /// From `from` to just before `to`.
    func times(now: Timestamp) -> TimeSpan {
        let first = from?.resolved(now: now) ?? Timestamp(milliseconds: .min)
        let end = to?.resolved(now: now) ?? Timestamp(milliseconds: .max)
        return TimeSpan(min: first, max: end.advanced(byMilliseconds: -1))
    }
}
