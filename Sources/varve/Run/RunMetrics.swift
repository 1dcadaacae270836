import Catalog
import Ingest
import LakeModel
import Metrics
import Operations
import Synchronization

/// What `/metrics` says of a running writer. Names and labels are documented in `docs/metrics.md`.
enum RunMetrics {
    /// The registry that takes the libraries' own metrics, and renders the writer's status at each scrape.
    static func registry(control: IngestControl, clock: any LakeClock) -> PrometheusRegistry {
        let registry = PrometheusRegistry()
        // Once for a process: tests that run commands in process keep the first.
        MetricsBootstrap.install(registry)
        registry.addCollector { families(control.status, now: clock.now(), elapsed: clock.elapsed()) }
        let partitions = PartitionColumns()
        registry.addColumns { [partitions.columns(control.status)] }
        registry.addCollector { ProcessMetrics.collect() + [build] }
        return registry
    }

    /// Always 1; the labels are what it says.
    static let build = MetricFamily(
        "varve_build_info", .gauge, help: "The program's version and the commit that it was built from.",
        samples: [.init(1, labels: [("version", Varve.version), ("commit", Varve.commit)])])

    static func families(_ status: IngestStatus, now: Timestamp, elapsed: Duration) -> [MetricFamily] {
        let heads = status.tables.compactMap { table in table.head.map { (name: table.name, head: $0) } }
        return lagFamilies(status, now) + tableFamilies(status) + TableMetrics.families(heads) + memoryFamilies(status)
            + [age(of: status, at: elapsed)]
    }

    /// Sums and extremes over a table's topic partitions, so that alerts need no series of each.
    private static func lagFamilies(_ status: IngestStatus, _ now: Timestamp) -> [MetricFamily] {
        let lags = TableLag.byTable(status.partitions)
        func gauge(
            _ name: String, _ help: String, _ value: (IngestStatus.TableStatus, TableLag) -> Double?
        ) -> MetricFamily {
            MetricFamily(
                name, .gauge, help: help,
                samples: status.tables.compactMap { table in
                    value(table, lags[table.name] ?? TableLag()).map { .init($0, labels: [("table", table.name)]) }
                })
        }
        return [
            gauge("varve_freshness_seconds", "Age of the newest event time in the lake.") { table, _ in
                table.head?.progress.values.compactMap(\.watermark).max().map { now.seconds(since: $0) }
            },
            gauge("varve_table_lag_events", "Events at the brokers that are not in the lake.") { $1.events },
            gauge("varve_table_lag_seconds", "The greatest lag of the table's topic partitions.") { $1.seconds },
            gauge("varve_table_stalled_seconds", "The longest that a topic partition's waiting events got nowhere.") {
                $1.stalledSeconds
            },
            gauge("varve_topic_partitions", "Topic partitions that this writer reads for the table.") {
                Double($1.partitions)
            },
        ]
    }

    private static func tableFamilies(_ status: IngestStatus) -> [MetricFamily] {
        func family(
            _ name: String, _ kind: MetricFamily.Kind, _ help: String,
            _ samples: (IngestStatus.TableStatus) -> [([(String, String)], Double)]
        ) -> MetricFamily {
            MetricFamily(
                name, kind, help: help,
                samples: status.tables.flatMap { table in
                    samples(table).map { .init($0.1, labels: [("table", table.name)] + $0.0) }
                })
        }
        func counter(_ name: String, _ help: String, _ value: @escaping (TableCounters) -> Int64) -> MetricFamily {
            family(name, .counter, help) { [([], Double(value($0.counters)))] }
        }
        return [
            counter("varve_events_consumed_total", "Events read and placed.") { $0.events },
            counter("varve_payload_bytes_consumed_total", "Bytes of keys and values read.") { $0.payloadBytes },
            counter("varve_events_committed_total", "Events in the lake.") { $0.eventsCommitted },
            counter("varve_objects_committed_total", "Data objects in the lake.") { $0.objectsCommitted },
            counter("varve_object_bytes_committed_total", "Compressed bytes in the lake.") { $0.bytesCommitted },
            counter("varve_late_events_total", "Events that were late.") { $0.late },
            counter("varve_unknown_fields_total", "Members of payloads that a Parquet schema does not know.") {
                $0.unknownFields
            },
            counter("varve_misfit_values_total", "Values that did not fit their Parquet column.") { $0.misfits },
            counter("varve_repeated_events_total", "Events that came a second time and were left out.") {
                $0.repeated
            },
            counter("varve_commits_total", "Commits made.") { $0.commits },
            counter("varve_commit_conflicts_total", "Log entries that other writers won.") { $0.commitConflicts },
            counter("varve_resets_total", "Times that uncommitted events were dropped and read again.") { $0.resets },
            family("varve_commit_seconds_total", .counter, "Time spent in commits.") {
                [([], $0.counters.commitSeconds)]
            },
            family("varve_dead_lettered_events_total", .counter, "Events in the dead-letter table, by reason.") {
                $0.counters.deadLettered.sorted { $0.key < $1.key }.map { ([("reason", $0.key)], Double($0.value)) }
            },
            family("varve_rotations_total", .counter, "Objects sealed, by reason.") {
                $0.counters.rotations.sorted { $0.key.rawValue < $1.key.rawValue }
                    .map { ([("reason", $0.key.rawValue)], Double($0.value)) }
            },
            family("varve_open_objects", .gauge, "Objects being filled.") { [([], Double($0.openObjects))] },
            family("varve_waiting_objects", .gauge, "Objects sealed and not in the lake yet.") {
                [([], Double($0.waitingObjects))]
            },
            family("varve_table_version", .gauge, "The newest commit that this writer knows.") {
                [([], Double($0.version))]
            },
        ]
    }

    /// Nothing of the rest moves while the ingest thread stands still.
    private static func age(of status: IngestStatus, at elapsed: Duration) -> MetricFamily {
        MetricFamily(
            "varve_ingest_status_age_seconds", .gauge, help: "How long the ingest thread has not reported.",
            samples: status.age(at: elapsed).map { [.init($0 / .seconds(1))] } ?? [])
    }

    private static func memoryFamilies(_ status: IngestStatus) -> [MetricFamily] {
        func gauge(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
            MetricFamily(name, .gauge, help: help, samples: [.init(value)])
        }
        return [
            gauge("varve_memory_used_bytes", "Memory of the writer's budget in use.", Double(status.memoryBytesUsed)),
            gauge("varve_memory_peak_bytes", "The most of it that was ever in use.", Double(status.memoryBytesPeak)),
            gauge(
                "varve_memory_budget_bytes", "The writer's part of the memory budget.", Double(status.memoryBytesMax)),
            MetricFamily(
                "varve_paused_seconds_total", .counter, help: "Time for which the full budget kept fetching off.",
                samples: [.init(status.pausedSeconds)]),
            gauge("varve_paused", "1 while nothing is fetched because the budget is full.", status.isPaused ? 1 : 0),
            gauge(
                "varve_store_trouble", "1 while the store does not take what it is sent.",
                status.storeTrouble == nil ? 0 : 1),
        ]
    }
}

/// swift-metrics takes one factory for a process, once.
private enum MetricsBootstrap {
    private static let installed = Mutex(false)

    static func install(_ registry: PrometheusRegistry) {
        installed.withLock { installed in
            guard !installed else { return }
            installed = true
            MetricsSystem.bootstrap(registry)
        }
    }
}

extension Timestamp {
    /// Never negative: clocks differ a little.
    func seconds(since other: Timestamp) -> Double { Double(max(0, milliseconds - other.milliseconds)) / 1000 }
}
