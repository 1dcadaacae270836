import Foundation
import TestSupport
import Testing

@Suite(
    "Dead letters are listed, shown, and sent again once",
    .enabled(if: RestoreTrial.isPossible, Comment(rawValue: RestoreTrial.reason)), .serialized)
struct DeadLetterTests {
    /// A table of payload lines: tombstones and payloads that are not JSON become dead letters.
    private func trial(_ name: String) async throws -> RestoreTrial {
        let trial = try RestoreTrial(name)
        try await trial.fill(2000, settings: "format: value")
        return trial
    }

    /// Events and replayed ones, by reason.
    private func counts(_ trial: RestoreTrial, _ arguments: String...) async throws -> [String: [Int]] {
        let process = try trial.start(["dlq", "ls", "events", "--output", "json"] + arguments)
        let status = try await process.wait(deadline: .seconds(60))
        guard status == 0 else { throw CheckFailure(process.standardError) }
        let rows = try JSONSerialization.jsonObject(with: Data(process.standardOutput.utf8)) as? [[String: Any]] ?? []
        return rows.reduce(into: [:]) { counts, row in
            counts[row["reason"] as? String ?? ""] = [row["events"] as? Int ?? 0, row["replayed"] as? Int ?? 0]
        }
    }

    @Test("reasons are counted, one is shown, all go to another topic and are marked")
    func wholeWay() async throws {
        let trial = try await trial("letters")
        let before = try await counts(trial)
        #expect(Set(before.keys) == ["not_json", "tombstone"])
        let list = try await trial.run("dlq", "ls", "events", "--each", "--limit", "1", "--output", "json")
        let rows = try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]]
        let event = try #require(rows?.first?["event"] as? String)
        let shown = try await trial.run("dlq", "show", "events", event)
        #expect(shown.output.contains("reason") && shown.output.contains(event))

        let planned = try await trial.run("dlq", "replay", "events", "--to-topic", trial.target)
        #expect(planned.errors.contains("nothing was sent"))
        let tombstones = try #require(before["tombstone"]?.first)
        let some = try await trial.run(
            "dlq", "replay", "events", "--reason", "tombstone", "--to-topic", trial.target, "--yes")
        #expect(some.errors.contains("\(tombstones) dead letters are marked as sent again"))
        #expect(try await counts(trial)["tombstone"] == [tombstones, tombstones])
        #expect(try await counts(trial, "--outstanding")["tombstone"] == nil)
        let rest = try await trial.run("dlq", "replay", "events", "--to-topic", trial.target, "--yes")
        let others = try #require(before["not_json"]?.first)
        #expect(rest.errors.contains("\(others) dead letters are marked as sent again"))
        let none = try await trial.run("dlq", "replay", "events", "--to-topic", trial.target, "--yes")
        #expect(none.errors.contains("0 dead letters are marked"))
        #expect(try await counts(trial).mapValues { $0[0] } == before.mapValues { $0[0] })
        // Tombstones came first, so only keys keep their order.
        try await trial.compare("--not-json", "--as-sets")
        try await trial.run("verify", "events", "--deep")
    }

    @Test("killed at any step, a replay is finished by the same command: nothing is sent twice")
    func kills() async throws {
        let trial = try await trial("letters-killed")
        let command = ["dlq", "replay", "events", "--to-topic", trial.target, "--yes"]
        let steps = [
            "after_restore_send:40", "before_restore_save:1", "after_restore_save:1", "after_data_put:1",
            "before_commit:1", "after_commit:1", "after_commit:2", "after_data_put:3",
        ]
        var kills = 0
        for step in steps {
            let doomed = try trial.start(command, failpoint: step)
            let status = try await doomed.wait(deadline: .seconds(60))
            #expect(status == -SIGKILL || status == 0, "\(step): \(doomed.standardError)")
            guard status != 0 else { continue }
            kills += 1
            // Another replay has to wait for this one, unless this one never got to begin.
            let other = try trial.start(["dlq", "replay", "events", "--to-topic", "nowhere", "--yes"])
            #expect(try await other.wait(deadline: .seconds(60)) == 75, "\(step): \(other.standardError)")
        }
        #expect(kills >= 5)
        let process = try trial.start(command)
        #expect(try await process.wait(deadline: .seconds(60)) == 0, "\(process.standardError)")
        try await trial.compare("--not-json")
        let counts = try await counts(trial)
        #expect(counts.values.allSatisfy { $0[0] == $0[1] }, "\(counts)")
        try await trial.run("verify", "events", "--deep")
    }
}
