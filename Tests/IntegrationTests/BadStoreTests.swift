import Foundation
import TestSupport
import Testing

@Suite(
    "A store that does not serve is one clear line, and nothing is lost",
    .enabled(if: Servers.hasWriters && Servers.hasStore, Comment(rawValue: Servers.storeReason)), .serialized)
struct BadStoreTests {
    private func expectRefusal(_ trial: Trial, _ status: Int32, says: [String], environment: [String: String] = [:])
        async throws
    {
        let writer = try trial.startWriter(
            once: true, configuration: try trial.configuration(extra: "s3: { retries: 1 }"), environment: environment)
        #expect(try await writer.wait(deadline: .seconds(30)) == status)
        let lines = writer.standardError.split(separator: "\n").filter { $0.hasPrefix("varve: ") }
        #expect(lines.count == 1, "\(writer.standardError)")
        for words in says { #expect(lines.first?.contains(words) == true, "\(writer.standardError)") }
        #expect(!writer.standardError.contains("canary"))
    }

    @Test("a bucket that does not exist is status 66")
    func missingBucket() async throws {
        try await expectRefusal(Trial(.s3, bucket: "varve-no-such-bucket"), 66, says: ["bucket varve-no-such-bucket"])
    }

    @Test("an unknown access key and a wrong secret are status 77")
    func badCredentials() async throws {
        let unknown = ["AWS_ACCESS_KEY_ID": "AKIDNOBODY", "AWS_SECRET_ACCESS_KEY": "canary-of-this-test"]
        try await expectRefusal(Trial(.s3), 77, says: ["credentials"], environment: unknown)
        let wrong = ["AWS_SECRET_ACCESS_KEY": "canary-of-this-test"]
        try await expectRefusal(Trial(.s3), 77, says: ["credentials"], environment: wrong)
    }

    @Test("credentials that have expired are status 77", .enabled(if: Servers.mitmdump != nil))
    func expired() async throws {
        let proxy = try await FaultProxy.start(faults: "expired:*:/:1000000")
        try await expectRefusal(Trial(.s3, endpoint: proxy.endpoint), 77, says: ["ExpiredToken"])
        try await proxy.stop()
    }

    @Test("credentials that expire on the way stop the writing and nothing else", .enabled(if: Servers.mitmdump != nil))
    func expiresLater() async throws {
        let proxy = try await FaultProxy.start(faults: "expired:PUT:/data/:12")
        let trial = try Trial(.s3, endpoint: proxy.endpoint)
        try await trial.produce(2000)
        try await trial.drain()
        #expect(proxy.strikes.count == 12)
        try await trial.audit()
        try await proxy.stop()
    }

    @Test("the store's word for its region is taken", .enabled(if: Servers.mitmdump != nil))
    func wrongRegion() async throws {
        let proxy = try await FaultProxy.start(faults: "eu-west-3:*:/:1000000")
        let trial = try Trial(.s3, endpoint: proxy.endpoint)
        try await trial.produce(1000)
        try await trial.drain()
        #expect((1..<20).contains(proxy.strikes.count), "it learns the region once")
        try await trial.audit()
        try await proxy.stop()
    }

    @Test(
        "a clock that is off by an hour changes nothing", .enabled(if: ChildProcess.find("faketime") != nil))
    func skewedClock() async throws {
        let trial = try Trial(.s3)
        try await trial.produce(1000)
        let writer = try trial.startWriter(
            once: true, configuration: try trial.configuration(),
            wrapper: [try Servers.required(ChildProcess.find("faketime")), "-f", "+1 hour"])
        #expect(try await writer.wait(deadline: .seconds(60)) == 0, "\(writer.standardError.suffix(2000))")
        try await trial.audit()
        // A clock that is behind: only for a reader, as librdkafka's threads cannot wait under such a faketime.
        let reader = try ChildProcess(
            [
                try Servers.required(ChildProcess.find("faketime")), "-f", "-1 hour",
                try Servers.required(Servers.varve), "verify", "events", "--deep", "--lake", trial.lake,
            ], environment: trial.environment)
        #expect(try await reader.wait(deadline: .seconds(60)) == 0, "\(reader.standardError.suffix(2000))")
    }
}

@Suite(
    "A full disk holds the writer up and loses nothing",
    .enabled(if: Servers.hasWriters, Comment(rawValue: Servers.writersReason)),
    .enabled(if: geteuid() == 0 && ChildProcess.find("mount") != nil, "mounting a small disk takes root"))
struct FullDiskTests {
    @Test("the writer says that the disk is full, waits, and goes on where there is room")
    func fullDisk() async throws {
        let trial = try Trial(.directory)
        let lake = "\(trial.directory.path)/lake"
        try FileManager.default.createDirectory(atPath: lake, withIntermediateDirectories: true)
        try await runCommand(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", lake])
        do {
            let filler = "\(lake)/filler"
            try Data(count: (4 << 20) - (64 << 10)).write(to: URL(filePath: filler))
            try await trial.produce(3000, noiseBytes: 400)
            let writer = try trial.startWriter()
            try await eventually("it says that the disk is full", deadline: .seconds(30)) {
                writer.standardError.contains("no space left on device; free some space")
            }
            #expect(writer.isRunning)
            try FileManager.default.removeItem(atPath: filler)
            try await trial.waitUntilCommitted()
            #expect(writer.standardError.contains("the store answers again"))
            writer.send(SIGTERM)
            #expect(try await writer.wait(deadline: .seconds(15)) == 0, "\(writer.standardError.suffix(2000))")
            try await trial.audit()
        } catch {
            try await runCommand(["umount", "-l", lake])
            throw error
        }
        try await runCommand(["umount", "-l", lake])
    }
}
