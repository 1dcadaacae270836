import Foundation
import Testing

private let codeEndings = [".swift", ".py", ".sh", ".c", ".cpp", ".h"]

/// The rules of docs/development.md that a machine can check, over every file of the repository.
@Suite("The repository is tidy", .enabled(if: Repository.hasGit, "no .git here: a source archive is not checked"))
struct TidyTests {
    @Test("code files have fewer than 400 lines")
    func fileLengths() {
        let long = Repository.files(endingWith: codeEndings).compactMap { path -> String? in
            let count = Repository.lines(path).count - 1
            return count < 400 ? nil : "\(path): \(count) lines; split it by ideas"
        }
        expectNone(long)
    }

    @Test("functions have at most 70 lines")
    func functionLengths() {
        let long = Repository.masks.flatMap { path, mask in
            mask.functions().filter { $0.lines.count > 70 }.map {
                "\(path):\($0.lines.lowerBound): \($0.name) has \($0.lines.count) lines; give its parts names"
            }
        }
        expectNone(long)
    }

    @Test("lines of code have at most 120 columns")
    func lineWidths() {
        expectNone(
            offences(in: Repository.files(endingWith: codeEndings)) { line in
                line.count > 120 ? "\(line.count) columns" : nil
            })
    }

    @Test("no line ends in blanks and every file ends with a line break")
    func whitespace() {
        let texts = Repository.files(endingWith: codeEndings + [".md", ".yaml", ".yml", "Makefile", ".json"])
            .filter { !$0.contains("/golden/") }
        expectNone(
            offences(in: texts) { line in
                line.last == " " || line.last == "\t" || line.last == "\r" ? "blanks at the end" : nil
            })
        expectNone(
            texts.filter { !Repository.text($0).isEmpty && !Repository.text($0).hasSuffix("\n") }
                .map { "\($0): no line break at the end" })
    }

    @Test("nothing is left to be done by a remark in the code")
    func remarks() {
        let words = ["TO" + "DO", "FIX" + "ME"]
        expectNone(
            offences(in: Repository.files(endingWith: codeEndings + [".md"])) { line in
                words.first { line.contains($0) }.map { "\($0): do it, or write an issue" }
            })
    }

    @Test("no banned call is made", arguments: BannedCall.all)
    func bannedCalls(_ call: BannedCall) {
        let offences = Repository.masks
            .filter { call.applies(to: $0.path) && Exceptions.reason(for: call.text, in: $0.path) == nil }
            .flatMap { path, mask in
                call.lines(in: mask).map { "\(path):\($0): \(call.text) is banned here: use \(call.instead)" }
            }
        expectNone(offences)
    }

    @Test("an exception that nothing needs any more is removed")
    func exceptionsAreNeeded() {
        let stale = Exceptions.all.filter { exception in
            guard let call = BannedCall.all.first(where: { $0.text == exception.call }) else { return true }
            guard Repository.files.contains(exception.path) else { return false }
            return call.lines(in: SwiftMask(Repository.text(exception.path))).isEmpty
        }
        expectNone(stale.map { "\($0.path): makes no call of \($0.call)" })
    }

    private func offences(in paths: [String], _ judge: (Substring) -> String?) -> [String] {
        paths.flatMap { path in
            Repository.lines(path).enumerated().compactMap { number, line in
                judge(line).map { "\(path):\(number + 1): \($0)" }
            }
        }
    }
}

/// Fails once, with all offences in the message.
func expectNone(_ offences: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
        offences.isEmpty, Comment(rawValue: "\n" + offences.joined(separator: "\n")), sourceLocation: sourceLocation)
}
