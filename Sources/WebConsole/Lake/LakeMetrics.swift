import Catalog
public import LakeModel
public import Operations

/// What a lake's catalogs say, as metrics. Reading them keeps the watch awake, so the lake is looked at for as long as it
/// is scraped.
public struct LakeMetrics: Sendable {
    private let watch: LakeWatch
    private let clock: any LakeClock
    private let options: ConsoleOptions

    public init(_ watch: LakeWatch, clock: any LakeClock, options: ConsoleOptions = ConsoleOptions()) {
        (self.watch, self.clock, self.options) = (watch, clock, options)
    }

    public func families() async -> [MetricFamily] {
        let now = clock.now()
        var all: [TableFacts] = []
        for table in await watch.watches() { all.append(await table.facts()) }
        func family(_ name: String, _ help: String, _ value: (TableFacts) -> Double?) -> MetricFamily {
            MetricFamily(
                name, .gauge, help: help,
                samples: all.compactMap { facts in value(facts).map { .init($0, labels: [("table", facts.name)]) } })
        }
        func age(_ time: Timestamp?) -> Double? {
            time.map { Double(max(0, now.milliseconds - $0.milliseconds)) / 1000 }
        }
        let debts = Dictionary(all.map { ($0.name, SmallFileDebt($0)) }) { first, _ in first }
        return sides(all) + [
            family("varve_lake_version", "The newest commit.") { Double($0.head.version) },
            family("varve_lake_commit_age_seconds", "Time since the newest commit.") { age($0.head.at) },
            family("varve_lake_freshness_seconds", "Age of the newest event time in the lake.") {
                age($0.head.progress.values.compactMap(\.watermark).max())
            },
            family("varve_lake_compaction_debt_objects", "Small objects that a compaction would merge.") {
                debts[$0.name].map { Double($0.objects) }
            },
            family("varve_lake_compaction_debt_bytes", "Bytes of small objects in hours that have too many.") {
                debts[$0.name].map { Double($0.bytes) }
            },
            family("varve_lake_summed_ratio", "The part of the manifests that the debt was counted over.") {
                $0.known.manifests == 0 ? 1 : Double($0.known.manifestsKnown) / Double($0.known.manifests)
            },
            family("varve_lake_tail_commits", "Commits since the last checkpoint.") {
                Double($0.head.version - $0.checkpointVersion)
            },
            health(all, now),
        ]
    }

    private func sides(_ all: [TableFacts]) -> [MetricFamily] {
        func family(_ name: String, _ help: String, _ value: (SideTotals) -> Int64) -> MetricFamily {
            MetricFamily(
                name, .gauge, help: help,
                samples: all.flatMap { facts in
                    TableSide.allCases.map { side in
                        .init(
                            Double(value(facts.head.total(of: side))),
                            labels: [("table", facts.name), ("side", side.rawValue)])
                    }
                })
        }
        return [
            family("varve_lake_objects", "Live data objects.") { $0.objects },
            family("varve_lake_bytes", "Bytes of live data objects.") { $0.bytes },
            family("varve_lake_events", "Events in live data objects.") { $0.records },
        ]
    }

    private func health(_ all: [TableFacts], _ now: Timestamp) -> MetricFamily {
        MetricFamily(
            "varve_lake_health", .gauge, help: "1 for the level that the console shows.",
            samples: all.map { facts in
                let level = TableHealth(facts, writer: nil, now: now, options: options).level
                return .init(1, labels: [("table", facts.name), ("level", level.rawValue)])
            })
    }
}
