/// One thing that is wrong, as the user reads it: what, where, what to do. Lower case, no full stop, no secret.
struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    var what: String
    var location: String
    var remedy: String

    init(_ what: String, at location: String, fix remedy: String) {
        (self.what, self.location, self.remedy) = (what, location, remedy)
    }

    /// The line on standard error, without a line break whatever its parts hold.
    var description: String {
        "varve: " + [what, location, remedy].filter { !$0.isEmpty }.map(\.onOneLine).joined(separator: ": ")
    }
}

/// Why a command ends without success: one line for each problem, and the exit status.
struct CommandFailure: Error, Sendable {
    var status: ExitStatus
    var problems: [Problem]

    init(_ status: ExitStatus, _ problems: [Problem]) {
        (self.status, self.problems) = (status, problems)
    }

    init(_ status: ExitStatus, _ what: String, at location: String, fix remedy: String) {
        self.init(status, [Problem(what, at: location, fix: remedy)])
    }

    /// A check that has already reported its findings and only sets the exit status.
    static let checkFailed = CommandFailure(.checkFailed, [])
}

extension StringProtocol {
    /// This text with control characters, line breaks among them, as spaces.
    var onOneLine: String {
        let spaced = unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }
        return String(spaced)
    }

    var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }

    func rightPadded(to width: Int) -> String {
        String(self) + String(repeating: " ", count: Swift.max(0, width - count))
    }

    func leftPadded(to width: Int) -> String {
        String(repeating: " ", count: Swift.max(0, width - count)) + String(self)
    }
}
