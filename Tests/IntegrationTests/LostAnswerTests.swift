import Foundation
import Testing
import TestSupport

@Suite(
    "Unclear answers of the store are settled, not guessed",
    .enabled(if: Servers.hasWriters && Servers.hasStore, Comment(rawValue: Servers.storeReason)),
    .enabled(if: Servers.mitmdump != nil, Comment(rawValue: Servers.proxyReason)), .serialized)
struct LostAnswerTests {
    @Test(
        "the lake holds every event once although the store's answers are lost or refused",
        arguments: [
            "lost:PUT:/_varve/log/:1", "lost:PUT:/_varve/log/:3", "lost:PUT:/data/:2", "409:PUT:/_varve/log/:1",
            "503:PUT:/_varve/log/:2", "503:PUT:/data/:3", "500:PUT:/data/:2,lost:PUT:/_varve/log/:1",
        ])
    func faults(_ faults: String) async throws {
        let proxy = try await FaultProxy.start(faults: faults)
        let trial = try Trial(.s3, endpoint: proxy.endpoint)
        try await trial.produce(2000)
        try await trial.drain()
        #expect(!proxy.strikes.isEmpty, "the fault must have struck")
        try await trial.audit()
        try await proxy.stop()
    }
}
