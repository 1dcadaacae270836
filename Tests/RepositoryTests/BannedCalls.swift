import Testing

/// A call that code here does not make, and what it does instead.
struct BannedCall: Sendable, CustomTestStringConvertible {
    var text: String
    var instead: String
    /// A line that has this too is fine.
    var unless: String? = nil
    var scope: Scope

    enum Scope: Sendable {
        /// Libraries and tests: only the executables may know the real clock and real chance.
        case allButExecutables
        case libraries, sources, tests, everywhere
    }

    var testDescription: String { text }

    func applies(to path: String) -> Bool {
        let isTest = path.hasPrefix("Tests/")
        let isExecutable = ["varve", "varve-bench", "varve-simulate"].contains { path.hasPrefix("Sources/\($0)/") }
        return switch scope {
        case .allButExecutables: !isExecutable
        case .libraries: !isTest && !isExecutable
        case .sources: !isTest
        case .tests: isTest && !path.hasPrefix("Tests/TestSupport/")
        case .everywhere: true
        }
    }

    /// Numbers (from 1) of the lines of masked code that make this call.
    func lines(in mask: SwiftMask) -> [Int] {
        mask.lines.enumerated().filter { _, line in
            occurs(in: line) && !(unless.map(line.contains) ?? false)
        }.map { $0.offset + 1 }
    }

    private func occurs(in line: String) -> Bool {
        var rest = line[...]
        while let range = rest.firstRange(of: text) {
            let before = range.lowerBound == line.startIndex ? nil : line[line.index(before: range.lowerBound)]
            if text.first == "." || !(before.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false) { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    static let all = [
        BannedCall(text: "Date()", instead: "a LakeClock argument", scope: .allButExecutables),
        BannedCall(
            text: "UUID()", instead: "an id made from a RandomNumberGenerator argument", scope: .allButExecutables),
        BannedCall(
            text: ".random(", instead: "random(in:using:) with an argument", unless: "using:", scope: .allButExecutables
        ),
        BannedCall(text: ".randomElement()", instead: "randomElement(using:)", scope: .allButExecutables),
        BannedCall(text: ".shuffled()", instead: "shuffled(using:)", scope: .allButExecutables),
        BannedCall(text: ".shuffle()", instead: "shuffle(using:)", scope: .allButExecutables),
        BannedCall(
            text: "SystemRandomNumberGenerator()", instead: "a generator argument; SeededGenerator in tests",
            scope: .allButExecutables),
        BannedCall(text: "fatalError(", instead: "an error, or an invariant in the types", scope: .everywhere),
        BannedCall(text: "preconditionFailure(", instead: "an error, or an invariant in the types", scope: .sources),
        BannedCall(text: "assertionFailure(", instead: "an error: it is silent in release builds", scope: .everywhere),
        BannedCall(text: "try!", instead: "try, or try #require in tests", scope: .everywhere),
        BannedCall(text: "as!", instead: "as? with an answer for nil", scope: .everywhere),
        BannedCall(text: "print(", instead: "the log, or the command's output", scope: .libraries),
        BannedCall(text: "debugPrint(", instead: "the log", scope: .sources),
        BannedCall(text: "NSLog(", instead: "the log", scope: .everywhere),
        BannedCall(text: "DateFormatter(", instead: "Timestamp", scope: .everywhere),
        BannedCall(text: "Task.sleep(", instead: "eventually(within:) of TestSupport, or a ManualClock", scope: .tests),
        BannedCall(text: "Thread.sleep(", instead: "eventually(within:) of TestSupport", scope: .everywhere),
        BannedCall(text: "wait(until:", instead: "a wait by the monotonic clock, as Mailbox's", scope: .sources),
        BannedCall(text: "usleep(", instead: "eventually(within:) of TestSupport", scope: .everywhere),
    ]
}
