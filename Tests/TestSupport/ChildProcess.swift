import Foundation
import Synchronization

/// A server or command that a test starts: output captured, killed by its process id when the last reference goes.
public final class ChildProcess: Sendable {
    private struct Output {
        var standardOutput: [UInt8] = []
        var standardError: [UInt8] = []
        var openStreams = 2
    }

    private static let outputBytesMax = 16 << 20


    private let process: Process
    private let output = Mutex(Output())

    /// Starts `command[0]`, looked up in PATH where it has no slash.
    ///
    /// - Parameter environment: added to that of the test.
    public init(_ command: [String], environment: [String: String] = [:], directory: String? = nil) throws {
        guard let name = command.first, let executable = Self.find(name) else {
            throw CheckFailure("no such command: \(command.first ?? "")")
        }
        process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = Array(command.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        let (standardOutput, standardError) = (Pipe(), Pipe())
        process.standardOutput = standardOutput
        process.standardError = standardError
        process.standardInput = FileHandle.nullDevice
        collect(standardOutput, \.standardOutput)
        collect(standardError, \.standardError)
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    public static func find(_ name: String) -> String? {
        if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private func collect(_ pipe: Pipe, _ stream: any WritableKeyPath<Output, [UInt8]> & Sendable) {
        pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.output.withLock { output in
                if data.isEmpty { output.openStreams -= 1 }
                if output[keyPath: stream].count < Self.outputBytesMax { output[keyPath: stream] += data }
            }
        }
    }

    public var processIdentifier: Int32 { process.processIdentifier }
    public var isRunning: Bool { process.isRunning }
    /// What came so far.
    public var standardOutput: String { output.withLock { String(decoding: $0.standardOutput, as: UTF8.self) } }
    public var standardError: String { output.withLock { String(decoding: $0.standardError, as: UTF8.self) } }

    public func send(_ signal: Int32) {
        if process.isRunning { kill(process.processIdentifier, signal) }
    }

    /// The exit status, or minus the signal that ended it; throws after `deadline`, and kills it then.
    @discardableResult
    public func wait(deadline: Duration = .seconds(60)) async throws -> Int32 {
        do {
            try await eventually("\(process.executableURL?.lastPathComponent ?? "command") ends", deadline: deadline) {
                !process.isRunning && output.withLock { $0.openStreams == 0 }
            }
        } catch {
            send(SIGKILL)
            throw CheckFailure("\(error)\n\(standardError.suffix(2000))")
        }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// Kills it without warning and waits until it is gone.
    public func killAndWait() async throws {
        send(SIGKILL)
        try await eventually("a killed process ends") { !process.isRunning }
    }

    /// Waits until its output (either stream) contains `text`; throws where it ends before.
    public func waitForOutput(_ text: String, deadline: Duration = .seconds(60)) async throws {
        try await eventually("output '\(text)'", deadline: deadline) {
            if standardOutput.contains(text) || standardError.contains(text) { return true }
            guard isRunning else { throw CheckFailure("it ended before it said '\(text)': \(standardError.suffix(2000))") }
            return false
        }
    }
}

/// Runs a command to its end; throws unless it exits with 0.
@discardableResult
public func runCommand(
    _ command: [String], environment: [String: String] = [:], directory: String? = nil,
    deadline: Duration = .seconds(60)
) async throws -> String {
    let process = try ChildProcess(command, environment: environment, directory: directory)
    let status = try await process.wait(deadline: deadline)
    guard status == 0 else {
        throw CheckFailure("\(command.joined(separator: " ")) exited with \(status): \(process.standardError.suffix(2000))")
    }
    return process.standardOutput
}
