import Catalog
import Kafka
import LakeModel
import Maintenance

/// Plans and runs a restore for the commands that offer one.
struct RestoreRun {
    var restorer: Restorer
    var destination: RestoreDestination
    var options: RestoreOptions
    var format: OutputOptions
    var session: LakeSession
    /// Where events come from, in messages.
    var label: String

    /// Prints what would be sent; returns the plan.
    @discardableResult
    func plan(printing: Bool = true) async throws -> RestorePlan {
        let plan = try await restorer.plan()
        if printing { try list(plan, sent: nil) }
        let atMost = restorer.selection.looksInside ? "at most " : ""
        var line =
            "\(label): \(atMost)\(plan.events) events in \(plan.objects) objects, \(humanBytes(plan.bytes)) "
            + "(\(humanBytes(plan.uncompressedBytes)) uncompressed), about \(plan.requests.total) store requests "
            + "($\(decimal(plan.requests.dollars, places: 3)))"
        if let seconds = plan.seconds(restorer.limits) { line += ", \(decimal(seconds, places: 1)) s at the rate" }
        session.console.say(line)
        return plan
    }

    private func list(_ plan: RestorePlan, sent: [TopicPartition: Int64]?) throws {
        let rows = plan.rows.map { row in
            RestoreRow(
                row: row, topic: destination.topic(of: row.source.topic), sent: sent.map { $0[row.source] ?? 0 })
        }
        try Listing(rows).print(as: format.output, to: session.console)
    }

    /// Throws where `send` would before it has sent anything; false where there is nothing to send.
    func check() async throws -> Bool { try await prepared() != nil }

    /// Says what would stop `send` from sending this plan, where the brokers are known: the target can still be made.
    func sayWhatStops(_ plan: RestorePlan) async {
        guard !destination.settings.brokers.isEmpty else { return }
        do {
            _ = try await prepared(plan)
        } catch {
            for problem in CommandFailure(error).problems { session.console.say(problem.description) }
        }
    }

    private func prepared(_ known: RestorePlan? = nil) async throws -> (plan: RestorePlan, carriers: [TopicPartition])?
    {
        var planned = known
        if planned == nil { planned = try await restorer.plan() }
        guard let plan = planned else { return nil }
        let head = await restorer.table.head()
        var topics = Set(head.progress.keys.filter { restorer.selection.admits($0) }.map(\.topic))
        // An archive's log names none.
        topics.formUnion(plan.rows.map(\.source.topic))
        if topics.isEmpty, destination.topic != nil { topics = [""] }
        guard !topics.isEmpty else {
            session.console.say("\(label): the table holds nothing of what was asked for")
            return nil
        }
        return (plan, try await options.carriers(destination, plan, topics: topics, session))
    }

    /// Sends, and prints what was sent.
    @discardableResult
    func send() async throws -> RestoreReport {
        guard let (plan, carriers) = try await prepared() else { return RestoreReport() }
        let sink = try KafkaRestoreSink(
            destination, carriers: carriers, points: Failpoints(session.context.environment), logger: session.logger)
        let progress = ProgressLine(session.console)
        defer { progress.clear() }
        let total = plan.events
        let report = try await restorer.run(into: sink) { report in
            progress.show(
                "\(label): \(report.totalEvents) of \(total) events, \(humanBytes(report.totalBytes)), "
                    + "\(decimal(Double(report.events) / max(report.seconds, 0.001), places: 0)) events/s")
        }
        progress.clear()
        if report.wasDone {
            session.console.say(
                "\(label): '\(destination.name)' was done before, \(report.totalEvents) events since "
                    + "\(report.startedAt); --restart does it again")
            return report
        }
        try list(plan, sent: report.bySource)
        let earlier = report.totalEvents - report.events
        session.console.say(
            "\(label): \(report.events) events sent (\(humanBytes(report.bytes))) in "
                + "\(decimal(report.seconds, places: 1)) s"
                + (earlier > 0 ? ", \(earlier) by an earlier run" : "")
                + (sink.isExactlyOnce ? ", each exactly once" : ", each at least once"))
        if report.unreadable > 0 {
            session.console.say("\(report.unreadable) payloads are not JSON and could not be compared")
        }
        return report
    }
}
