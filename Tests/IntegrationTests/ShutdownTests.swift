import Foundation
import Testing
import TestSupport

@Suite(
    "Shutdown is bounded and loses nothing",
    .enabled(if: Servers.hasWriters, Comment(rawValue: Servers.writersReason)), .serialized)
struct ShutdownTests {
    @Test("SIGTERM commits what was read and ends in time")
    func graceful() async throws {
        let trial = try Trial(.directory)
        try await trial.produce(2000)
        let writer = try trial.startWriter()
        try await eventually("it commits", deadline: .seconds(30)) { try trial.committedEvents() > 0 }
        try await trial.produce(2000)
        writer.send(SIGTERM)
        #expect(try await writer.wait(deadline: .seconds(15)) == 0, "\(writer.standardError.suffix(2000))")
        try await trial.drain()
        try await trial.audit()
    }

    @Test(
        "SIGTERM while the store is gone ends within the limit and says that it failed",
        .enabled(if: Servers.hasStore, Comment(rawValue: Servers.storeReason)))
    func storeDown() async throws {
        let proxy = try await FaultProxy.start(faults: "")
        let trial = try Trial(.s3, endpoint: proxy.endpoint)
        try await trial.produce(2000)
        let writer = try trial.startWriter()
        try await eventually("it commits", deadline: .seconds(30)) {
            try await trial.varve("tables", "--output", "csv").contains("events")
        }
        try await proxy.stop()
        try await trial.produce(2000)
        writer.send(SIGTERM)
        let status = try await writer.wait(deadline: .seconds(20))
        #expect(status > 0, "it left events behind, so its exit status must say so")
        let healthy = try Trial(.s3, sharing: trial)
        try await healthy.drain()
        try await healthy.audit()
    }
}
