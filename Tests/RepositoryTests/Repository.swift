import Foundation

/// The files of this repository: those that git knows, and new ones that it does not ignore.
struct Repository: Sendable {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Source archives have no history to ask; the rules are checked where one can change them.
    static let hasGit = FileManager.default.fileExists(atPath: root.appending(path: ".git").path)

    /// Relative paths, sorted.
    static let files: [String] = {
        let output = run("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
        let unique = Set(output.split(separator: "\n").map(String.init))
        return unique.filter { FileManager.default.fileExists(atPath: root.appending(path: $0).path) }.sorted()
    }()

    static func files(endingWith endings: [String]) -> [String] {
        files.filter { path in endings.contains { path.hasSuffix($0) } }
    }

    static func text(_ path: String) -> String {
        (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
    }

    /// Every Swift file, scanned once.
    static let masks: [(path: String, mask: SwiftMask)] =
        files(endingWith: [".swift"]).map { ($0, SwiftMask(text($0))) }

    static func lines(_ path: String) -> [Substring] {
        text(path).split(separator: "\n", omittingEmptySubsequences: false)
    }

    static func run(_ program: String, _ arguments: [String]) -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = root
        let pipe = Pipe()
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return "" }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
