import Foundation
import TestSupport
import Testing

@Suite(
    "A drain ends by itself, and its status says how",
    .enabled(if: Servers.hasWriters, Comment(rawValue: Servers.writersReason)), .serialized)
struct DrainTests {
    private func drain(_ trial: Trial, _ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(
            [
                try Servers.required(Servers.varve), "run", "--once", "--lake", trial.lake, "--brokers",
                try Servers.required(Servers.broker), "--group", trial.topic,
            ] + arguments, environment: ["VARVE_SERVER_LISTEN": "off"])
    }

    @Test("a topic that is named and is not there is said, when the others are drained", arguments: [true, false])
    func absentTopic(others: Bool) async throws {
        let trial = try Trial(.directory)
        if others { try await trial.produce(500) }
        let topics = others ? ["--topic", trial.topic] : []
        let missing = "\(trial.topic)-missing"
        let writer = try drain(trial, ["--table", "events", "--topic", missing] + topics)
        #expect(try await writer.wait(deadline: .seconds(40)) == 66, "\(writer.standardError.suffix(2000))")
        #expect(writer.standardError.contains("no topic \(missing)"))
        #expect(others == (try trial.committedEvents() > 0))
        if others { try await trial.audit() }
    }

    @Test("an expression that matches no topic leaves nothing to drain")
    func unmatched() async throws {
        let trial = try Trial(.directory)
        let writer = try drain(trial, ["--table", "events", "--topic", "/\(trial.topic)-.+/"])
        #expect(try await writer.wait(deadline: .seconds(40)) == 0, "\(writer.standardError.suffix(2000))")
        #expect(writer.standardError.contains("nothing to drain"))
    }

    @Test("who is stopped before the end does not say that all is drained")
    func stopped() async throws {
        let trial = try Trial(.directory)
        let writer = try drain(trial, ["--topic", "\(trial.topic)-missing"])
        try await eventually("it runs", deadline: .seconds(30)) { writer.standardError.contains("running") }
        writer.send(SIGTERM)
        #expect(try await writer.wait(deadline: .seconds(30)) == 75, "\(writer.standardError.suffix(2000))")
        #expect(writer.standardError.contains("stopped before everything was drained"))
    }
}
