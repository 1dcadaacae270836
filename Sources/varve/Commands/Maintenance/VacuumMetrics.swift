import Foundation
import LakeModel
import Maintenance
import Operations

/// What the last vacuum found and did, for the node exporter's textfile collector.
struct VacuumMetrics {
    var reports: [VacuumReport]
    var now: Timestamp

    /// Replaces the file in one step, so that nobody reads half of it.
    func write(to path: String) async throws {
        let registry = PrometheusRegistry(seriesMax: 10_000)
        registry.addCollector { [families] in families }
        let text = await registry.render()
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CommandFailure(
                .ioError, "the metrics cannot be written", at: path, fix: "check the directory and its permissions")
        }
    }

    var families: [MetricFamily] {
        func family(_ name: String, _ help: String, _ value: (VacuumReport) -> Int64) -> MetricFamily {
            MetricFamily(
                name, .gauge, help: help,
                samples: reports.map { .init(Double(value($0)), labels: [("table", "\($0.table)")]) })
        }
        func seen(_ name: String, _ help: String, _ value: (ObjectTally) -> Int64) -> MetricFamily {
            MetricFamily(
                name, .gauge, help: help,
                samples: reports.flatMap { report in
                    VacuumVerdict.allCases.map { verdict in
                        .init(
                            Double(value(report.tallies[verdict] ?? ObjectTally())),
                            labels: [("table", "\(report.table)"), ("verdict", verdict.rawValue)])
                    }
                })
        }
        return [
            family("varve_vacuum_finished_seconds", "When the last vacuum ended, since 1970.") { _ in
                now.milliseconds / 1000
            },
            seen("varve_vacuum_seen_objects", "Objects that the last vacuum saw, by what it held of them.") {
                $0.objects
            },
            seen("varve_vacuum_seen_bytes", "Their bytes.") { $0.bytes },
            family("varve_vacuum_deleted_objects", "Objects that the last vacuum deleted.") { $0.deleted.objects },
            family("varve_vacuum_deleted_bytes", "Their bytes.") { $0.deleted.bytes },
            family("varve_vacuum_failures", "Objects that the store would not delete.") {
                Int64($0.failures.count)
            },
        ]
    }
}
