import Catalog
import Kafka
import LakeModel
import Logging

/// Which topics of the configuration the brokers do not have. A drain would wait for them for ever; a writer that runs
/// on does so rightly.
struct TopicCensus: Sendable {
    struct Absent: Hashable, Sendable {
        var table: String
        var selector: TopicSelector
    }

    let wanted: [Absent]
    let clock: any LakeClock
    let logger: Logger

    /// Brokers hear of a new topic one after the other: for so long it is asked for again.
    static let patience = Duration.seconds(5)
    /// A drain is a job: where no broker answers for so long, it is for its scheduler to begin it anew.
    static let outageMax = Duration.seconds(60)
    private static let pause = Duration.seconds(1)

    init(_ tables: [Settings.Table], clock: any LakeClock, logger: Logger) {
        wanted = tables.flatMap { table in table.topics.map { Absent(table: table.name, selector: $0) } }
        (self.clock, self.logger) = (clock, logger)
    }

    /// Asks until brokers answer, or `isStopped`. Throws `KafkaError` where none does for `outageMax`.
    ///
    /// - Parameter topics: the names of all topics.
    func absent(
        isStopped: () -> Bool, topics: () async throws -> [String]
    ) async throws -> [Absent] {
        var since: Duration?
        var wasWarned = false
        var awaySince: Duration?
        while !isStopped() {
            do {
                let known = try await topics()
                awaySince = nil
                let absent = wanted.filter { !known.contains(where: $0.selector.matches) }
                let first = since ?? clock.elapsed()
                if absent.isEmpty || clock.elapsed() - first >= Self.patience { return absent }
                since = first
            } catch let error as KafkaError where error.isRetriable {
                // Who could not be asked has not said so.
                since = nil
                let first = awaySince ?? clock.elapsed()
                guard clock.elapsed() - first < Self.outageMax else { throw error }
                awaySince = first
                if !wasWarned {
                    logger.warning(
                        "no broker says which topics there are",
                        metadata: ["detail": "\(error)", "given up after": "\(Self.outageMax)"])
                }
                wasWarned = true
            }
            try await clock.sleep(for: Self.pause)
        }
        return []
    }

    /// Says which expressions match nothing; what they are for may come another day.
    func sayUnmatched(_ absent: [Absent]) {
        for one in absent {
            guard case .pattern = one.selector else { continue }
            logger.warning(
                "no topic matches: nothing to drain",
                metadata: ["table": "\(one.table)", "topics": "\(one.selector.text)"])
        }
    }

    /// Of the topics that were named and are not there; nil where there are none.
    static func failure(_ absent: [Absent]) -> CommandFailure? {
        let problems = absent.compactMap { one -> Problem? in
            guard case .name(let name) = one.selector else { return nil }
            return Problem(
                "the brokers have no topic \(name), or do not show it", at: "tables.\(one.table).topics",
                fix: "correct its name, create it, or grant DESCRIBE and READ on it; all other topics are drained")
        }
        return problems.isEmpty ? nil : CommandFailure(.noInput, problems)
    }
}
