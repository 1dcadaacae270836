import Foundation
import TestSupport
import Testing

@Suite(
    "A disk with errors holds the writer up and loses nothing",
    .enabled(if: Servers.hasWriters, Comment(rawValue: Servers.writersReason)),
    .enabled(if: BadDisk.compiler != nil, "there is no C compiler to build the bad disk with"))
struct BadDiskTests {
    @Test(
        "the writer says that the disk has errors, waits, and goes on where it has none",
        arguments: [
            BadDisk.Fault(call: "write", every: 2), BadDisk.Fault(call: "fsync", every: 3),
            BadDisk.Fault(call: "link", every: 1), BadDisk.Fault(call: "rename", every: 2),
        ])
    func errors(fault: BadDisk.Fault) async throws {
        let trial = try Trial(.directory)
        let disk = try await BadDisk(below: "\(trial.directory.path)/lake", files: trial.directory.path)
        try await trial.produce(1000)
        let writer = try trial.startWriter(
            once: false, configuration: try trial.configuration(), environment: disk.environment)
        try await trial.waitUntilCommitted()

        try disk.begin(fault)
        try await trial.produce(2000)
        try await eventually("it says that the disk has errors", deadline: .seconds(30)) {
            writer.standardError.contains("input/output error")
        }
        #expect(writer.isRunning)
        try disk.end()

        try await trial.waitUntilCommitted()
        writer.send(SIGTERM)
        #expect(try await writer.wait(deadline: .seconds(15)) == 0, "\(writer.standardError.suffix(2000))")
        try await trial.audit()
    }
}

/// System calls that fail inside one process: `Tests/servers/faulty-disk.c`, built and preloaded.
struct BadDisk {
    struct Fault: Sendable, CustomTestStringConvertible {
        var call: String
        /// One of so many calls fails.
        var every: Int

        var testDescription: String { "\(call), one of \(every)" }
    }

    static let compiler = ChildProcess.find("cc") ?? ChildProcess.find("clang")

    let environment: [String: String]
    private let control: String

    /// - Parameters:
    ///   - root: where the disk is bad.
    ///   - folder: for files of its own.
    init(below root: String, files folder: String) async throws {
        let library = "\(folder)/faulty-disk.so"
        let compiler = try #require(Self.compiler)
        try await runCommand([
            compiler, "-shared", "-fPIC", "-O1", "-o", library, Servers.script("servers/faulty-disk.c"), "-ldl",
        ])
        control = "\(folder)/faulty-disk.control"
        environment = ["LD_PRELOAD": library, "FAULTY_DISK_ROOT": root, "FAULTY_DISK_CONTROL": control]
    }

    func begin(_ fault: Fault) throws {
        try "\(fault.call) \(fault.every)\n".write(toFile: control, atomically: true, encoding: .utf8)
    }

    func end() throws {
        try FileManager.default.removeItem(atPath: control)
    }
}
