import Foundation
import LakeModel
import Testing
import TestSupport

@Suite(
    "Several writers share a table",
    .enabled(if: Servers.hasWriters, Comment(rawValue: Servers.writersReason)), .serialized)
struct ManyWritersTests {
    @Test("writers come, go and are killed while events arrive")
    func rebalances() async throws {
        let trial = try Trial(.directory)
        try await trial.produce(2000)
        let first = try trial.startWriter()
        try await eventually("the first writer commits", deadline: .seconds(30)) { try trial.commits().count > 1 }
        let second = try trial.startWriter()
        for _ in 0..<40 where try writers(trial).count < 2 {
            try await trial.produce(200)
        }
        #expect(try writers(trial).count == 2, "the second writer must have taken its part")
        try await first.killAndWait()
        try await trial.produce(2000)
        let third = try trial.startWriter()
        try await trial.produce(1000)
        try await trial.waitUntilCommitted()
        second.send(SIGTERM)
        #expect(try await second.wait(deadline: .seconds(20)) == 0, "\(second.standardError.suffix(2000))")
        try await trial.produce(500)
        try await trial.waitUntilCommitted()
        third.send(SIGTERM)
        #expect(try await third.wait(deadline: .seconds(20)) == 0, "\(third.standardError.suffix(2000))")
        try await trial.audit()
    }

    @Test("a writer that slept through the loss of its topic partitions commits nothing of them")
    func zombie() async throws {
        let trial = try Trial(.directory)
        try await trial.produce(3000)
        let sleeper = try trial.startWriter()
        try await eventually("the first writer commits", deadline: .seconds(30)) { try trial.commits().count > 1 }
        sleeper.send(SIGSTOP)
        try await trial.produce(3000)
        let heir = try trial.startWriter()
        try await trial.waitUntilCommitted()
        sleeper.send(SIGCONT)
        try await trial.produce(2000)
        try await trial.waitUntilCommitted()
        for writer in [sleeper, heir] { writer.send(SIGTERM) }
        for writer in [sleeper, heir] { _ = try await writer.wait(deadline: .seconds(20)) }
        try await trial.drain()
        try await trial.audit()
    }

    private func writers(_ trial: Trial) throws -> Set<String> {
        Set(try trial.commits().map(\.writer.id))
    }
}
