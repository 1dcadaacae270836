import Foundation
import Testing
import TestSupport

@Suite(
    "A writer that is killed at any step loses nothing and repeats nothing",
    .enabled(if: Servers.hasWriters, Comment(rawValue: Servers.writersReason)), .serialized)
struct CrashTests {
    private static let steps = [
        "after_poll:1", "before_data_put:1", "before_data_put:5", "after_data_put:1", "after_data_put:5",
        "before_commit:1", "before_commit:2", "after_commit:1", "after_commit:2", "before_checkpoint:1",
        "after_checkpoint:1", "after_checkpoint:2", "before_hint:1", "before_hint:2",
    ]

    private static let multipartSteps = [
        "after_part:1", "after_part:3", "before_complete:1", "after_complete:1", "before_commit:1",
    ]

    @Test("kill -9 in a local lake")
    func directory() async throws {
        try await atEach(Self.steps) { try await crash(Trial(.directory), at: $0) }
    }

    @Test("kill -9 in a lake on S3", .enabled(if: Servers.hasStore, Comment(rawValue: Servers.storeReason)))
    func s3() async throws {
        try await atEach(Self.steps) { try await crash(Trial(.s3), at: $0) }
    }

    @Test("kill -9 while an object streams to a directory in parts")
    func partsInDirectory() async throws {
        try await atEach(Self.multipartSteps) { try await crashInParts(Trial(.directory), at: $0) }
    }

    @Test(
        "kill -9 while an object streams to S3 in parts",
        .enabled(if: Servers.hasStore, Comment(rawValue: Servers.storeReason)))
    func partsOnS3() async throws {
        try await atEach(Self.multipartSteps) { try await crashInParts(Trial(.s3), at: $0) }
    }

    /// Four trials at a time: each mostly waits for a broker to notice that a member is dead.
    private func atEach(_ steps: [String], _ trial: @escaping @Sendable (String) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, step) in steps.enumerated() {
                if index >= 4 { try await group.next() }
                group.addTask { try await trial(step) }
            }
            try await group.waitForAll()
        }
    }

    /// 40 MB that hardly compress, in two objects: with this little memory each is sent in parts of 5 MiB.
    private func crashInParts(_ trial: Trial, at failpoint: String) async throws {
        try await trial.produce(2000, noiseBytes: 20_000)
        let configuration = try trial.configuration(memory: "64MiB", rotate: "{ bytes: 64MiB, age: 1h }")
        let doomed = try trial.startWriter(once: true, failpoint: failpoint, configuration: configuration)
        let status = try await doomed.wait(deadline: .seconds(90))
        #expect(status == -SIGKILL, "it should die at \(failpoint): \(doomed.standardError.suffix(2000))")
        try await trial.drain(configuration: configuration)
        try await trial.audit()
    }

    private func crash(_ trial: Trial, at failpoint: String) async throws {
        try await trial.produce(3000)
        let doomed = try trial.startWriter(failpoint: failpoint)
        let status = try await trial.produce(untilEndOf: doomed)
        #expect(status == -SIGKILL, "it should die at \(failpoint): \(doomed.standardError.suffix(2000))")
        try await trial.produce(500)
        try await trial.drain()
        try await trial.audit()
    }

    @Test("a writer that dies again and again still gets to the end")
    func restarts() async throws {
        let trial = try Trial(.directory)
        try await trial.produce(6000)
        for round in 1...6 {
            let before = try trial.committedEvents()
            let doomed = try trial.startWriter(
                once: true, failpoint: round.isMultiple(of: 2) ? "after_commit:2" : "after_data_put:9")
            _ = try await doomed.wait(deadline: .seconds(90))
            #expect(try trial.committedEvents() >= before)
        }
        try await trial.drain()
        try await trial.audit()
    }
}
