import ArgumentParser
import LakeModel

/// A time on the command line: RFC 3339, a date, or a span back from now such as `-30m` and `-1d`.
enum TimeArgument: Hashable, Sendable, ExpressibleByArgument {
    case absolute(Timestamp)
    /// Milliseconds before now, not negative.
    case before(Int)

    init?(argument: String) {
        if argument == "now" {
            self = .before(0)
        } else if argument.hasPrefix("-") {
            guard let span = parseMilliseconds(String(argument.dropFirst())) else { return nil }
            self = .before(span)
        } else {
            guard let time = Timestamp(argument) else { return nil }
            self = .absolute(time)
        }
    }

    func resolved(now: Timestamp) -> Timestamp {
        switch self {
        case .absolute(let time): time
        case .before(let milliseconds): now.advanced(byMilliseconds: -Int64(milliseconds))
        }
    }
}

/// A point of a table's history: a version, or the last one at a time.
enum HistoryArgument: Hashable, Sendable, ExpressibleByArgument {
    case version(Int64)
    case time(TimeArgument)

    init?(argument: String) {
        if let version = Int64(argument), version >= 0 {
            self = .version(version)
        } else {
            guard let time = TimeArgument(argument: argument) else { return nil }
            self = .time(time)
        }
    }
}
