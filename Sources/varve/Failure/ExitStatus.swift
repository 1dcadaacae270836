/// What the process says of itself when it ends: 0, 1 for a check that failed, else the codes of BSD's `sysexits.h`.
enum ExitStatus: Int32, Sendable, CaseIterable {
    case success = 0
    /// A check or comparison was made and did not hold.
    case checkFailed = 1
    /// The command line is wrong.
    case usage = 64
    /// Data in the lake is damaged or not what it says.
    case dataError = 65
    /// A file, lake, table or version that was named does not exist.
    case noInput = 66
    /// A store or broker cannot be reached.
    case unavailable = 69
    /// A fault of the program itself.
    case software = 70
    case cannotCreate = 73
    case ioError = 74
    /// It may work later: throttled, timed out, a conflict that did not settle.
    case temporaryFailure = 75
    /// Credentials missing or refused.
    case noPermission = 77
    /// The configuration is wrong.
    case configuration = 78

    /// What `--help` says of this status.
    var meaning: String {
        switch self {
        case .success: "success"
        case .checkFailed: "the check failed"
        case .usage: "the command line is wrong"
        case .dataError: "data in the lake is damaged"
        case .noInput: "a file, lake, table or version does not exist"
        case .unavailable: "the store or a broker cannot be reached"
        case .software: "a fault of varve itself"
        case .cannotCreate: "an output cannot be created"
        case .ioError: "reading or writing failed"
        case .temporaryFailure: "not now: try again later"
        case .noPermission: "credentials are missing or refused"
        case .configuration: "the configuration is wrong"
        }
    }

    /// The `EXIT STATUS` block of a command's help.
    static func help(own: [(ExitStatus, String)] = [], _ others: ExitStatus...) -> String {
        var lines: [(ExitStatus, String)] = own
        for status in [.success] + others + [.usage, .software]
        where !lines.contains(where: { $0.0 == status }) {
            lines.append((status, status.meaning))
        }
        lines.sort { $0.0.rawValue < $1.0.rawValue }
        return lines.reduce("EXIT STATUS:") { text, line in
            text + "\n  " + String(line.0.rawValue).rightPadded(to: 4) + line.1
        }
    }

    /// What commands that read a lake can end with besides success and wrong usage.
    static func readerHelp(own: [(ExitStatus, String)] = []) -> String {
        help(own: own, .dataError, .noInput, .unavailable, .temporaryFailure, .noPermission, .configuration)
    }
}
