import ArgumentParser
import LakeModel
import Maintenance

/// What `varve compact` merges, and into what; options stand above the configuration.
struct CompactionChoice: ParsableArguments {
    @Option(help: ArgumentHelp("Size that merged objects aim at (default: 256MiB).", valueName: "size"))
    var target: SizeArgument?

    @Option(help: ArgumentHelp("The format of merged objects: envelope or parquet (default: as they are)."))
    var outputFormat: DataFormat?

    @Option(help: ArgumentHelp("How events are sorted: offset, event_time or input.", valueName: "order"))
    var order: RowOrder?

    @Option(help: ArgumentHelp("zstd's level of merged objects (default: 3).", valueName: "number"))
    var level: Int32?

    @Option(
        help: ArgumentHelp(
            "Take on hours that are not complete once nothing came for this long (default: 1d).",
            valueName: "duration"))
    var coldAfter: DurationArgument?

    @Option(help: ArgumentHelp("Only hours from here on.", valueName: "hour"))
    var fromHour: LakeHour?

    @Option(help: ArgumentHelp("Only hours through this one.", valueName: "hour"))
    var toHour: LakeHour?

    @Flag(help: "Keep only the last event of each key, in each hour and shard.")
    var lastOfKey = false

    @Option(help: ArgumentHelp("Leave objects with this label alone; repeat for more.", valueName: "label"))
    var hold: [String] = []

    func validate() throws {
        if outputFormat == .value { throw ValidationError("--output-format is envelope or parquet") }
        if let level, !(1...22).contains(level) { throw ValidationError("--level goes from 1 to 22") }
        if let target, target.bytes < 1 << 20 { throw ValidationError("--target is at least 1MiB") }
        // As in the configuration: S3 copies 5 GiB at most in one request, and outputs are a fifth larger at times.
        if let target, target.bytes > 4 << 30 { throw ValidationError("--target is at most 4GiB") }
    }

    /// The policy for one table, kept to what fits into the memory: a merge that sorts holds its compressed bytes.
    func policy(_ configured: CompactionPolicy?, memoryBytes: Int) throws -> CompactionPolicy {
        var policy = configured ?? CompactionPolicy()
        if let target { policy.targetBytes = Int64(target.bytes) }
        if let order { policy.order = order }
        if let outputFormat { policy.format = outputFormat }
        if let level { policy.level = level }
        if let coldAfter { policy.coldAfterMilliseconds = Int64(coldAfter.milliseconds) }
        if lastOfKey { policy.keepsLastOfKey = true }
        policy.firstHour = fromHour
        policy.lastHour = toHour?.lastHour
        addHold(to: &policy)
        let fitting = Int64(memoryBytes) / 2
        guard policy.order == .input || policy.targetBytes <= fitting else {
            throw CommandFailure(
                .usage, "sorting objects of \(humanBytes(policy.targetBytes)) needs more memory", at: "--memory",
                fix: "give at least \(humanBytes(policy.targetBytes * 2)), a smaller --target, or --order input")
        }
        return policy
    }

    func addHold(to policy: inout CompactionPolicy) {
        if !hold.isEmpty { policy.holds.append(LegalHold(name: "--hold", tags: hold)) }
    }
}

/// A merge that would be done.
struct CompactionPlanRow: Listable {
    var table: String
    var group: CompactionGroup

    static let columns: [Column] = [
        .left("table"), .left("partition"), .left("side"), .detail("format"), .detail("output_format"),
        .right("inputs"), .right("outputs"), .right("bytes"), .detail("uncompressed_bytes"), .right("records"),
        .right("requests"), .detail("cost_usd"),
    ]

    var cells: [Cell] {
        [
            .text(table), .text(group.partition.description), .text(group.side.rawValue),
            .text(group.format.rawValue), .text(group.outputFormat.rawValue), .integer(Int64(group.inputs.count)),
            .integer(group.outputs), .bytes(group.bytes), .bytes(group.uncompressedBytes), .integer(group.records),
            .integer(group.requests.total), .number((group.requests.dollars * 1e7).rounded() / 1e7),
        ]
    }
}

/// A merge that was done, or was not.
struct CompactionRow: Listable {
    var outcome: CompactionOutcome

    init(_ outcome: CompactionOutcome) { self.outcome = outcome }

    static let columns: [Column] = [
        .left("partition"), .left("side"), .left("state"), .right("version"), .right("inputs"), .right("outputs"),
        .right("bytes_read"), .right("bytes_written"), .right("records"), .detail("dropped"), .detail("attempts"),
        .detail("problem"),
    ]

    var cells: [Cell] {
        [
            .text(outcome.group.partition.description), .text(outcome.group.side.rawValue),
            .text(outcome.state.rawValue), .optional(outcome.version), .integer(Int64(outcome.inputs)),
            .integer(Int64(outcome.outputs.count)), .bytes(outcome.bytesRead), .bytes(outcome.bytesWritten),
            .integer(outcome.records), .integer(outcome.droppedRecords), .integer(Int64(outcome.attempts)),
            .optional(outcome.problem),
        ]
    }
}
