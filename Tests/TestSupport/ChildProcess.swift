import Foundation
import Synchronization

/// A server or command that a test starts: its output goes to files, and it is killed by its process id when the last
/// reference goes.
///
/// `posix_spawn` and `waitpid` instead of Foundation's Process, whose children keep each other's ends open and then
/// look alive after their death.
public final class ChildProcess: Sendable {
    private enum State {
        case running
        /// The exit status, or minus the signal that ended it.
        case ended(Int32)
    }

    public let processIdentifier: Int32
    private let name: String
    private let directory: TemporaryDirectory
    private let state = Mutex(State.running)

    /// Starts `command[0]`, looked up in PATH where it has no slash.
    ///
    /// - Parameter environment: added to that of the test.
    public init(_ command: [String], environment: [String: String] = [:], directory: String? = nil) throws {
        guard let name = command.first, let executable = Self.find(name) else {
            throw CheckFailure("no such command: \(command.first ?? "")")
        }
        self.name = name
        self.directory = try TemporaryDirectory("varve-child")
        let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // env(1) changes the directory and then becomes the command, under the same process id.
        let arguments = directory.map { ["env", "-C", $0, executable] + command.dropFirst() } ?? command
        processIdentifier = try spawn(
            directory == nil ? executable : "/usr/bin/env", arguments,
            environment: merged.map { "\($0.key)=\($0.value)" }, output: self.directory.path + "/out",
            error: self.directory.path + "/err")
    }

    deinit {
        if isRunning {
            kill(processIdentifier, SIGKILL)
            waitpid(processIdentifier, nil, 0)
        }
    }

    public static func find(_ name: String) -> String? {
        if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// What came so far.
    public var standardOutput: String { text("out") }
    public var standardError: String { text("err") }

    private func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: "\(directory.path)/\(name)") ?? Data(), as: UTF8.self)
    }

    public var isRunning: Bool { exitStatus == nil }

    /// The exit status, or minus the signal that ended it; nil while it runs.
    public var exitStatus: Int32? {
        state.withLock { state in
            if case .ended(let status) = state { return status }
            var status: Int32 = 0
            guard waitpid(processIdentifier, &status, WNOHANG) == processIdentifier else { return nil }
            // wait(2): the low seven bits are the signal, the next byte is the exit status.
            let answer = status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
            state = .ended(answer)
            return answer
        }
    }

    public func send(_ signal: Int32) {
        if isRunning { kill(processIdentifier, signal) }
    }

    /// The exit status, or minus the signal that ended it; throws after `deadline`, and kills it then.
    @discardableResult
    public func wait(deadline: Duration = .seconds(60)) async throws -> Int32 {
        do {
            try await eventually("\(name) ends", deadline: deadline) { !isRunning }
        } catch {
            send(SIGKILL)
            throw CheckFailure("\(error)\n\(standardError.suffix(2000))")
        }
        return exitStatus ?? 0
    }

    /// Kills it without warning and waits until it is gone.
    public func killAndWait() async throws {
        send(SIGKILL)
        try await eventually("a killed process ends") { !isRunning }
    }

    /// Waits until its output (either stream) contains `text`; throws where it ends before.
    public func waitForOutput(_ text: String, deadline: Duration = .seconds(60)) async throws {
        try await eventually("output '\(text)'", deadline: deadline) {
            let isOver = !isRunning
            if standardOutput.contains(text) || standardError.contains(text) { return true }
            guard !isOver else { throw CheckFailure("it ended before '\(text)': \(standardError.suffix(2000))") }
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
        let errors = process.standardError.suffix(2000)
        throw CheckFailure("\(command.joined(separator: " ")) exited with \(status): \(errors)")
    }
    return process.standardOutput
}

/// Starts a program with its output in files and all signals at their default.
private func spawn(
    _ executable: String, _ arguments: [String], environment: [String], output: String, error: String
) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, error, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    // posix_spawn copies both lists, which end with a null pointer, before it returns.
    let argumentList = arguments.map { strdup($0) } + [nil]
    let environmentList = environment.map { strdup($0) } + [nil]
    defer { for text in argumentList + environmentList { free(text) } }
    var identifier: pid_t = 0
    let code = posix_spawn(&identifier, executable, &actions, &attributes, argumentList, environmentList)
    guard code == 0 else { throw CheckFailure("cannot start \(executable): error \(code)") }
    return identifier
}
