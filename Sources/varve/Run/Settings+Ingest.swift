import Formats
import Ingest
import Kafka
import LakeModel

/// The user's settings in the words of the libraries. What the settings' own checks have let through always fits.
extension Settings {
    /// How the memory budget is shared: what librdkafka may hold, and the rest for the writer.
    var kafkaBytesMax: Int {
        max(KafkaSettings.queueBytesLeast, min(memory.bytes / 4, 128 << 20))
    }

    func ingestSettings(once: Bool, cores: Int) -> IngestSettings {
        var settings = IngestSettings()
        settings.memoryBytesMax = max(8 << 20, memory.bytes - kafkaBytesMax)
        settings.commitEvery = commit.every.duration
        settings.shutdownTimeout = shutdown.timeout.duration
        settings.compressionThreads = max(1, min(cores, 16))
        // Frames of a small budget are small, so that a handful of lanes still fits.
        settings.frameBytes = min(1 << 20, max(64 << 10, settings.memoryBytesMax / 64))
        settings.singlePutBytesMax = min(16 << 20, max(partBytesLeast, settings.memoryBytesMax / 16))
        settings.partBytes = max(partBytesLeast, settings.singlePutBytesMax / 2)
        // Columns compress better the more rows there are, and wait in memory until their row group is ended.
        settings.rowGroupBytes = min(64 << 20, max(1 << 20, settings.memoryBytesMax / 16))
        settings.once = once
        return settings
    }

    func kafkaSettings(in context: CommandContext) throws(CommandFailure) -> KafkaSettings {
        guard let brokers = kafka.brokers else {
            throw CommandFailure(.configuration, "no brokers", at: "kafka.brokers", fix: "set it, or give --brokers")
        }
        var settings = KafkaSettings(
            brokers: brokers, group: kafka.group, instanceID: kafka.instanceID,
            assignment: kafka.assignment == .cooperative ? .cooperativeSticky : .range, reportsEnd: true,
            queueBytesMax: kafkaBytesMax, properties: kafka.properties)
        if let tokens = MSKTokens(self, in: context) {
            settings.tokens = tokens
            settings.properties.merge(MSKTokens.properties) { given, _ in given }
        }
        return settings
    }
}

/// The least part that every S3-compatible store takes.
private let partBytesLeast = 5 << 20

extension Settings.Table {
    func ingestSettings() throws(CommandFailure) -> TableSettings {
        let unit = EventTimeRule.Unit(rawValue: partition.unit.rawValue) ?? .iso8601
        guard let time = EventTimeRule(partition.time, unit: unit), let shards = ShardRule(partition.shardBy) else {
            throw CommandFailure(
                .configuration, "the partition rule is not understood", at: "tables.\(name).partition",
                fix: "see docs/configuration.md")
        }
        let topics = topics
        var table = TableSettings(
            name: name, takesTopic: { topic in topics.contains { $0.matches(topic) } },
            start: start.position, layout: partition.layout, time: time, shardRule: shards, format: format,
            compressionLevel: Int32(clamping: compression.level),
            rotate: RotationSettings(
                bytes: Int64(clamping: rotate.bytes.bytes), records: Int64(rotate.records), age: rotate.age.duration),
            late: LateSettings(
                afterMilliseconds: late.after.duration.inMilliseconds,
                policy: LateSettings.Policy(rawValue: late.policy.rawValue) ?? .accept),
            close: CloseSettings(
                graceMilliseconds: close.grace.duration.inMilliseconds,
                idle: close.idle.duration > .zero ? close.idle.duration : nil),
            onReset: Ingest.ResetPolicy(rawValue: onReset.rawValue) ?? .stop, tags: tags)
        if format == .parquet { table.parquet = try parquetSettings() }
        return table
    }
}

extension StartSetting {
    var position: StartPosition {
        switch self {
        case .earliest: .earliest
        case .latest: .latest
        case .time(let time): .at(time)
        }
    }
}
