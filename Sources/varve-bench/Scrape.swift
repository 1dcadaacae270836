import ArgumentParser
import Ingest
import LakeModel
import Logging
import Operations

/// Measures a scrape of `/metrics` with many topic partitions, as `varve run` renders them.
struct Scrape: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Renders the metrics of many topic partitions, and says how long a scrape takes.")

    @Option(help: "How many topic partitions.")
    var partitions = 10_000

    @Option(help: "How many scrapes.")
    var rounds = 200

    @Flag(help: "Renders labels anew at each scrape, as families do: for comparison.")
    var families = false

    @Option(help: "Serve them on this port of loopback until killed, to be scraped from outside.")
    var port: Int?

    func validate() throws {
        guard (1...1_000_000).contains(partitions), rounds > 0 else {
            throw ValidationError("partitions and rounds must be positive")
        }
    }

    func run() async throws {
        let registry = PrometheusRegistry(seriesMax: 1_000_000)
        let columns = PartitionColumns()
        let status = Self.status(partitions)
        if families {
            registry.addCollector { Self.families(status) }
        } else {
            registry.addCollector { Self.sums(status) }
            registry.addColumns { [columns.columns(status)] }
        }
        if let port {
            let log = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
            try await OperationsServer(port: port, registry: registry, readiness: { HealthReport() }, logger: log).run()
        }
        var times: [Double] = []
        var bytes = 0
        for _ in 0..<rounds {
            let start = ContinuousClock.now
            bytes = await registry.renderBytes().count
            times.append(start.duration(to: .now) / .milliseconds(1))
        }
        times.sort()
        func at(_ part: Double) -> String { String(Int(times[Int(Double(times.count - 1) * part)] * 1000)) }
        print("\(partitions) topic partitions, \(bytes) bytes: median \(at(0.5)) µs, 99th \(at(0.99)) µs")
    }

    private static func sums(_ status: IngestStatus) -> [MetricFamily] {
        let lags = TableLag.byTable(status.partitions).sorted { $0.key < $1.key }
        return [
            MetricFamily(
                "varve_table_lag_events", .gauge, help: "Events at the brokers that are not in the lake.",
                samples: lags.map { .init($0.value.events, labels: [("table", $0.key)]) })
        ]
    }

    private static func families(_ status: IngestStatus) -> [MetricFamily] {
        (1...6).map { number in
            MetricFamily(
                "varve_metric_\(number)", .gauge, help: "The same number of series.",
                samples: status.partitions.map { partition in
                    .init(
                        Double(partition.next),
                        labels: [
                            ("table", partition.table), ("topic", partition.name.topic),
                            ("partition", "\(partition.name.partition)"),
                        ])
                })
        }
    }

    private static func status(_ count: Int) -> IngestStatus {
        var status = IngestStatus()
        for index in 0..<count {
            let number = Int64(index)
            let time = Timestamp(milliseconds: 1_795_237_629_250 + number)
            let topic = "orders-\(index / 100)"
            status.partitions.append(
                IngestStatus.Partition(
                    name: TopicPartition(topic: topic, partition: Int32(index % 100)), table: topic, isConsuming: true,
                    next: number * 1_000_003, committed: number * 1_000_000, watermark: nil, committedWatermark: time,
                    lagEvents: number * 7, lagSeconds: Double(index % 700) + 0.125))
        }
        return status
    }
}
