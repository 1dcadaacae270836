import Foundation
import TestSupport
import Testing

@Suite(
    "varve restore brings events back byte for byte",
    .enabled(if: RestoreTrial.isPossible, Comment(rawValue: RestoreTrial.reason)), .serialized)
struct RestoreTests {
    @Test("a whole table, compacted or not: keys, values, headers, timestamps, partitions, order")
    func whole() async throws {
        let trial = try RestoreTrial("restore-whole")
        try await trial.fill(4000)
        let plan = try await trial.run("restore", "events", "--to-topic", trial.target, "--output", "csv")
        #expect(plan.errors.contains("4000 events in") && plan.errors.contains("nothing was sent"))
        let done = try await trial.run("restore", "events", "--to-topic", trial.target, "--yes")
        #expect(done.errors.contains("4000 events sent") && done.errors.contains("each exactly once"))
        try await trial.compare()
        let again = try await trial.run("restore", "events", "--to-topic", trial.target, "--yes")
        #expect(again.errors.contains("was done before, 4000 events"))
        try await trial.run("compact", "events", "--cold-after", "0s")
        let restarted = try await trial.run("restore", "events", "--to-topic", trial.target, "--yes", "--restart")
        #expect(restarted.errors.contains("4000 events sent"))
        try await trial.compare("--times", "2")
    }

    @Test("killed at any step, it goes on when it is called again: every event is there exactly once")
    func kills() async throws {
        let trial = try RestoreTrial("restore-kills")
        try await trial.fill(3000)
        let command = ["restore", "events", "--to-topic", trial.target, "--batch", "400", "--yes"]
        let steps = [
            "after_restore_send:1", "before_restore_save:1", "after_restore_save:1", "after_restore_send:700",
            "before_restore_save:2", "after_restore_save:1", "after_restore_send:300",
        ]
        var kills = 0
        for step in steps {
            let doomed = try trial.start(command, failpoint: step)
            let status = try await doomed.wait(deadline: .seconds(90))
            #expect(status == -SIGKILL || status == 0, "\(step): \(doomed.standardError)")
            kills += status == 0 ? 0 : 1
        }
        #expect(kills == steps.count)
        let process = try trial.start(command)
        #expect(try await process.wait(deadline: .seconds(90)) == 0, "\(process.standardError)")
        try await trial.compare()
    }

    @Test("offsets, a partition, times and a condition choose what is sent")
    func selections() async throws {
        let trial = try RestoreTrial("restore-selected")
        try await trial.fill(3000)
        try await trial.run(
            "restore", "events", "--topic", trial.topic, "--partition", "2", "--offsets", "100..300", "--to-topic",
            trial.target, "--yes")
        try await trial.compare("--partition", "2", "--offsets", "100..300")

        let timed = "\(trial.topic)-timed"
        try await trial.create(timed, partitions: 4)
        try await trial.run(
            "restore", "events", "--from", "2026-01-15T08:30:00Z", "--to", "2026-01-15T09:10:00Z", "--to-topic", timed,
            "--yes")
        try await trial.compare("--from-time", "1768465800000", "--to-time", "1768468200000", target: timed)

        let keyed = "\(trial.topic)-keyed"
        try await trial.create(keyed, partitions: 2)
        try await trial.run(
            "restore", "events", "--where", "@key = key-17", "--partitions", "key", "--to-topic", keyed, "--yes")
        try await trial.compare("--key", "key-17", "--by-key", target: keyed)
    }

    @Test("a target that cannot take the events is refused before anything is sent")
    func refusals() async throws {
        let trial = try RestoreTrial("restore-refused")
        try await trial.fill(300, targetPartitions: 1)
        let narrow = try trial.start(["restore", "events", "--to-topic", trial.target, "--yes"])
        #expect(try await narrow.wait(deadline: .seconds(60)) == 64)
        #expect(narrow.standardError.contains("too few partitions"))
        let missing = try trial.start(["restore", "events", "--to-topic", "nowhere", "--yes"])
        #expect(try await missing.wait(deadline: .seconds(60)) == 66)
        #expect(missing.standardError.contains("no such topic"))
    }

    @Test("payload lines are refused, and sent without keys only where this is asked for")
    func lossy() async throws {
        let trial = try RestoreTrial("restore-lossy")
        try await trial.fill(600, settings: "format: value")
        let command = ["restore", "events", "--to-topic", trial.target, "--batch", "50", "--yes"]
        let refused = try trial.start(command)
        #expect(try await refused.wait(deadline: .seconds(60)) == 64)
        #expect(refused.standardError.contains("--lossy"))
        let doomed = try trial.start(command + ["--lossy"], failpoint: "after_restore_send:170")
        #expect(try await doomed.wait(deadline: .seconds(60)) == -SIGKILL)
        let process = try trial.start(command + ["--lossy"])
        #expect(try await process.wait(deadline: .seconds(60)) == 0, "\(process.standardError)")
        try await trial.compare("--payloads", "--as-sets")
    }
}
