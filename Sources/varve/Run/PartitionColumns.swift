import Ingest
import LakeModel
import Operations
import Synchronization

/// The metrics of topic partitions. Their labels are rendered once for each assignment, not at each scrape.
final class PartitionColumns: Sendable {
    private struct Name: Equatable {
        var table: String
        var name: TopicPartition
    }

    private let known = Mutex((names: [Name](), labels: MetricLabels([])))

    func columns(_ status: IngestStatus) -> MetricColumns {
        let partitions = status.partitions
        func column(
            _ name: String, _ help: String, _ value: (IngestStatus.Partition) -> Double?
        ) -> MetricColumns.Column {
            .init(name, .gauge, help: help, values: partitions.map { value($0) ?? .nan })
        }
        return MetricColumns(
            labels: labels(partitions),
            columns: [
                column("varve_next_offset", "The next offset to read.") { Double($0.next) },
                column("varve_committed_offset", "The next offset in the catalog.") { Double($0.committed) },
                column("varve_lag_events", "Events at the broker that are not in the lake.") {
                    $0.lagEvents.map { Double($0) }
                },
                column("varve_committed_event_time_seconds", "Highest event time in the lake, since 1970.") {
                    $0.committedWatermark.map { Double($0.milliseconds) / 1000 }
                },
                column("varve_lag_seconds", "Age of the newest event time in the lake; 0 where nothing waits.") {
                    $0.lagSeconds
                },
                column("varve_stalled_seconds", "How long waiting events have got nowhere.") { $0.stalledSeconds },
            ])
    }

    private func labels(_ partitions: [IngestStatus.Partition]) -> MetricLabels {
        known.withLock { known in
            let isSame =
                known.names.count == partitions.count
                && zip(known.names, partitions).allSatisfy { $0.name == $1.name && $0.table == $1.table }
            guard !isSame else { return known.labels }
            known.names = partitions.map { Name(table: $0.table, name: $0.name) }
            known.labels = MetricLabels(
                partitions.map {
                    [("table", $0.table), ("topic", $0.name.topic), ("partition", "\($0.name.partition)")]
                })
            return known.labels
        }
    }
}

/// What a table's topic partitions come to together.
struct TableLag {
    var partitions = 0
    var events = 0.0
    /// Nil where no topic partition has one.
    var seconds: Double?
    var stalledSeconds = 0.0

    static func byTable(_ partitions: [IngestStatus.Partition]) -> [String: TableLag] {
        var lags: [String: TableLag] = [:]
        // Topic partitions of one table mostly stand together: one look into the dictionary for each run of them.
        var (table, lag) = ("", TableLag())
        for partition in partitions {
            if partition.table != table {
                lags[table] = lag
                (table, lag) = (partition.table, lags[partition.table] ?? TableLag())
            }
            lag.partitions += 1
            lag.events += Double(partition.lagEvents ?? 0)
            lag.stalledSeconds = max(lag.stalledSeconds, partition.stalledSeconds)
            if let seconds = partition.lagSeconds { lag.seconds = max(lag.seconds ?? 0, seconds) }
        }
        lags[table] = lag
        return lags
    }
}
