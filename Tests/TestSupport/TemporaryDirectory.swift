import Foundation

/// A new directory that is removed with all that is in it when the last reference goes.
public final class TemporaryDirectory: Sendable {
    /// Absolute, without a trailing slash.
    public let path: String

    public init(_ name: String = "varve-test") throws {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        // mkdtemp(3) replaces six X in place and makes the directory with mode 0700.
        var template = Array("\(base)/\(name)-\(String(repeating: "X", count: 6))".utf8CString)
        guard mkdtemp(&template) != nil else { throw CheckFailure("no temporary directory in \(base)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
