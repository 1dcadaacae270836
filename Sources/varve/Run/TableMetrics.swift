import Catalog
import LakeModel
import Operations

/// What the catalog says of tables, as metrics: of a running writer, and of `varve metrics`.
enum TableMetrics {
    static func families(_ tables: [(name: String, head: TableHead)]) -> [MetricFamily] {
        func gauge(
            _ name: String, _ help: String, _ value: (TableHead) -> Double?
        ) -> MetricFamily {
            MetricFamily(
                name, .gauge, help: help,
                samples: tables.compactMap { table in
                    value(table.head).map { .init($0, labels: [("table", table.name)]) }
                })
        }
        func sides(_ name: String, _ help: String, _ value: (SideTotals) -> Int64) -> MetricFamily {
            MetricFamily(
                name, .gauge, help: help,
                samples: tables.flatMap { table in
                    TableSide.allCases.map { side in
                        .init(
                            Double(value(table.head.total(of: side))),
                            labels: [("table", table.name), ("side", side.rawValue)])
                    }
                })
        }
        return [
            sides("varve_table_objects", "Live data objects.", \.objects),
            sides("varve_table_bytes", "Compressed bytes of live data objects.", \.bytes),
            sides("varve_table_records", "Events in live data objects.", \.records),
            gauge("varve_table_last_commit_time_seconds", "When the newest commit was made, since 1970.") {
                $0.at.map(seconds)
            },
            gauge("varve_table_watermark_time_seconds", "The least watermark of the topic partitions, since 1970.") {
                $0.watermark().map(seconds)
            },
            gauge("varve_table_complete_until_time_seconds", "The end of the last complete hour, since 1970.") { head in
                guard let hour = head.closedThrough, let calendar = head.layout.flatMap(PartitionCalendar.init) else {
                    return nil
                }
                return Double(calendar.end(of: hour)) / 1000
            },
        ]
    }

    private static func seconds(_ time: Timestamp) -> Double { Double(time.milliseconds) / 1000 }
}
