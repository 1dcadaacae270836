import Catalog
import LakeModel

/// How a table is, at a glance. Raw values go to the page.
enum HealthLevel: String, Encodable, Comparable, Sendable {
    case ok, attention, trouble

    private var rank: Int {
        switch self {
        case .ok: 0
        case .attention: 1
        case .trouble: 2
        }
    }

    static func < (a: HealthLevel, b: HealthLevel) -> Bool { a.rank < b.rank }
}

/// The verdict on a table with its reasons, the worst first. A pure rule over what is known.
struct TableHealth: Encodable, Sendable {
    struct Reason: Encodable, Sendable {
        var level: HealthLevel
        /// For links and tests: `stale`, `behind`, `dead_letters`, …
        var code: String
        /// One line for people.
        var text: String
    }

    var level: HealthLevel
    var reasons: [Reason]

    init(_ facts: TableFacts, writer: WriterView.Table?, now: Timestamp, options: ConsoleOptions) {
        var reasons: [Reason] = []
        func add(_ level: HealthLevel, _ code: String, _ text: String) {
            reasons.append(Reason(level: level, code: code, text: text))
        }
        if let trouble = facts.trouble { add(.trouble, "unreadable", "the catalog cannot be read: \(trouble)") }
        let marks = facts.head.progress.compactMap { source, progress in progress.watermark.map { (source, $0) } }
        let staleMilliseconds = Int64(options.staleAfter / .milliseconds(1))
        if let newest = marks.map(\.1).max() {
            let age = now.milliseconds - newest.milliseconds
            let isDrained = writer.map { $0.lagEvents == 0 && $0.isConsuming } ?? false
            if age > staleMilliseconds, !isDrained {
                add(.attention, "stale", "the newest event is \(span(age)) old")
            }
            if let slowest = marks.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }),
                newest.milliseconds - slowest.1.milliseconds > max(staleMilliseconds, 3_600_000), !isDrained
            {
                let behind = span(newest.milliseconds - slowest.1.milliseconds)
                add(.attention, "behind", "\(slowest.0) is \(behind) behind the newest topic partition")
            }
        }
        let dayAgo = now.advanced(byMilliseconds: -86_400_000)
        let deadLetters = facts.known.hours.filter { $0.totals.side == .deadLetter && $0.newestUpload >= dayAgo }
        let recent = deadLetters.reduce(0) { $0 &+ $1.totals.records }
        if recent > 0 { add(.attention, "dead_letters", "dead letters came within a day; their hours hold \(recent)") }
        let debt = SmallFileDebt(facts)
        if debt.objects >= 500, debt.objects * 2 > facts.head.total(of: .main).objects {
            add(.attention, "small_files", "\(debt.objects) small objects could be merged: run varve compact")
        }
        if facts.head.version - facts.checkpointVersion > 512 {
            let count = facts.head.version - facts.checkpointVersion
            add(.attention, "checkpoint", "\(count) commits since the last checkpoint: readers start slowly")
        }
        if let lag = writer?.lagSeconds, lag * 1000 > Double(staleMilliseconds) {
            add(.trouble, "lag", "the writer is \(span(Int64(min(lag, 1e12) * 1000))) behind the brokers")
        }
        self.reasons = reasons.sorted { $0.level > $1.level }
        level = reasons.map(\.level).max() ?? .ok
    }
}

/// Objects that a compaction would do away with: small ones beyond one for each shard of an hour.
struct SmallFileDebt: Sendable {
    struct Hour: Sendable {
        var rollup: HourRollup
        var objects: Int64
    }

    var objects: Int64 = 0
    /// Of all small objects in hours that have too many.
    var bytes: Int64 = 0
    /// The hours with the most, the worst first.
    var worst: [Hour] = []

    init(_ facts: TableFacts) {
        let shards = Int64(max(1, facts.head.layout?.shards ?? 1))
        var hours: [Hour] = []
        for rollup in facts.known.hours where rollup.totals.side == .main && rollup.smallObjects > shards {
            let surplus = rollup.smallObjects - shards
            objects &+= surplus
            bytes &+= rollup.smallBytes
            hours.append(Hour(rollup: rollup, objects: surplus))
        }
        worst = Array(hours.sorted { ($0.objects, $0.rollup.hour) > ($1.objects, $1.rollup.hour) }.prefix(24))
    }
}

/// A span for people: `42 s`, `17 min`, `5 h`, `3 days`.
func span(_ milliseconds: Int64) -> String {
    let seconds = max(0, milliseconds) / 1000
    switch seconds {
    case ..<120: return "\(seconds) s"
    case ..<7200: return "\(seconds / 60) min"
    case ..<172_800: return "\(seconds / 3600) h"
    default: return "\(seconds / 86_400) days"
    }
}
