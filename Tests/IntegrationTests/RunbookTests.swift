import Foundation
import TestSupport
import Testing

@Suite(
    "The commands of the runbooks do what the runbooks say",
    .enabled(if: RestoreTrial.isPossible, Comment(rawValue: RestoreTrial.reason)), .serialized)
struct RunbookTests {
    /// The lines of every `sh` block, in order.
    private func commands(in page: String) throws -> [String] {
        let path = "\(Servers.repository)/docs/runbooks/\(page)"
        let text = try #require(FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) })
        var isInside = false
        var commands: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isInside = line == "```sh"
            } else if isInside {
                commands.append(String(line))
            }
        }
        return commands
    }

    private func run(_ command: String, _ trial: RestoreTrial, _ names: [String: String]) async throws -> String {
        var words = command.split(separator: " ").map(String.init)
        #expect(words.first == "varve", "\(command)")
        words.removeFirst()
        words = words.map { names[$0] ?? $0 }
        return try await trial.runAsIs(words)
    }

    @Test("dead letters")
    func deadLetters() async throws {
        let trial = try RestoreTrial("runbook-letters", table: "orders")
        try await trial.fill(1000, settings: "format: value")
        let commands = try commands(in: "dead-letters.md")
        #expect(commands.count >= 6)
        var names = ["varve.yaml": trial.configuration]
        for command in commands {
            let output = try await run(command, trial, names)
            if command.contains("--each") {
                let line = output.split(separator: "\n").dropFirst().first
                names["EVENT"] = line?.split(separator: " ").first.map(String.init)
            }
            // What is sent again into its own topic is read again, and lands in the table of dead letters again.
            if command.hasSuffix("--outstanding --config varve.yaml") { #expect(output.isEmpty, "\(output)") }
        }
    }

    @Test("disaster recovery")
    func disasterRecovery() async throws {
        let trial = try RestoreTrial("runbook-disaster", table: "orders")
        try await trial.fill(2000)
        let copy = try trial.copiedConfiguration()
        let drill = "\(trial.topic)-drill"
        try await trial.create(drill, partitions: 4)
        let names = ["varve.yaml": trial.configuration, "copy.yaml": copy, "drill": drill]
        var commands = try commands(in: "disaster-recovery.md")
        #expect(commands.count >= 9)
        let replicate = commands.filter { $0.contains("replicate") }
        for command in replicate { _ = try await run(command, trial, names) }
        commands.removeAll { $0.contains("replicate") }
        // The lake is lost, and more events come.
        try await trial.produce(700, seed: 2)
        try FileManager.default.removeItem(atPath: "\(trial.directory.path)/lake")
        for command in commands { _ = try await run(command, trial, names) }
        // The drill has what the copy had; what came later is in the lake that was written on.
        try await trial.compare("--prefix", target: drill)
        try await trial.audit(lake: "file://\(trial.directory.path)/copy")
    }
}
