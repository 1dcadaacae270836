import Foundation
import Glibc
import TestSupport
import Testing

/// A whole writer in a process of its own, as libraries write to the process's standard error.
@Suite("The server of a writer that stops", .enabled(if: builtProgram != nil, "needs .build/debug/varve"))
struct ServerStopTests {
    @Test("ends before the threads that serve it, whatever was read from it")
    func quiet() async throws {
        let directory = try TemporaryDirectory("varve-stop")
        for _ in 0..<16 {
            let child = try ChildProcess(
                [
                    try #require(builtProgram), "run", "--lake", "file://\(directory.path)/lake",
                    "--brokers", "127.0.0.1:9", "--topic", "orders",
                ],
                environment: ["VARVE_SERVER_LISTEN": "127.0.0.1:0"])
            try await eventually("it listens") { child.standardError.contains("listen=") }
            let address = try #require(child.standardError.split(separator: "listen=").last).prefix { $0 != " " }
            // On twenty connections, which close just before the end.
            let urls = Array(repeating: "http://\(address)/metrics", count: 20)
            let read = try ChildProcess(
                ["curl", "--silent", "--show-error", "--fail", "--parallel", "--parallel-immediate"] + urls)
            #expect(try await read.wait() == 0, "\(read.standardError)")
            child.send(SIGTERM)
            #expect(try await child.wait() == 0)
            #expect(!child.standardError.contains("ERROR"), "\(child.standardError)")
        }
    }
}
