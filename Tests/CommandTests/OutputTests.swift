import LakeModel
import TestSupport
import Testing

@testable import varve

@Suite("output")
struct OutputTests {
    static let listing = Listing(
        columns: [.left("name"), .right("bytes"), .left("at"), .left("topics"), .left("closed")],
        rows: [
            [.text("a,\"b\"\n"), .bytes(1536), .time(Timestamp(milliseconds: 0)), .list(["x", "y"]), .boolean(true)],
            [.text("c"), .bytes(7), .none, .list([]), .none],
        ])

    @Test("a table is aligned and human")
    func table() throws {
        #expect(
            try Self.listing.lines(as: .table) == [
                "NAME      BYTES  AT                        TOPICS  CLOSED",
                "a,\"b\"   1.5 KiB  1970-01-01T00:00:00.000Z  x y     yes",
                "c           7 B  -                         -       -",
            ])
    }

    @Test("JSON is an array with one object on each line, exact")
    func json() throws {
        #expect(
            try Self.listing.lines(as: .json) == [
                "[",
                #"{"name":"a,\"b\"\n","bytes":1536,"at":"1970-01-01T00:00:00.000Z","topics":["x","y"],"closed":true},"#,
                #"{"name":"c","bytes":7,"at":null,"topics":[],"closed":null}"#,
                "]",
            ])
    }

    @Test("CSV quotes what it must")
    func csv() throws {
        #expect(
            try Self.listing.lines(as: .csv) == [
                "name,bytes,at,topics,closed",
                "\"a,\"\"b\"\"\n\",1536,1970-01-01T00:00:00.000Z,x y,true",
                "c,7,,,",
            ])
    }

    @Test("an empty listing is nothing, [] or a header")
    func empty() throws {
        let empty = Listing(columns: [.left("a")], rows: [])
        #expect(try empty.lines(as: .table) == [])
        #expect(try empty.lines(as: .json) == ["[]"])
        #expect(try empty.lines(as: .csv) == ["a"])
    }

    @Test("a listing is written as its rows come: of a table the first ones measure the columns")
    func streams() throws {
        var lines: [String] = []
        var table = ListingWriter([.left("a"), .right("b")], as: .table, measuredRowsMax: 2) { lines.append($0) }
        for (index, name) in ["x", "yy", "zzzz", "x"].enumerated() {
            try table.write([.text(name), .integer(Int64(index))])
            #expect(lines.count == (index == 0 ? 0 : index + 2))
        }
        try table.finish()
        #expect(lines == ["A   B", "x   0", "yy  1", "zzzz  2", "x   3"])
        lines = []
        var json = ListingWriter([.left("a")], as: .json) { lines.append($0) }
        for number in 0..<3 as Range<Int64> { try json.write([.integer(number)]) }
        #expect(lines == ["[", #"{"a":0},"#, #"{"a":1},"#])
        try json.finish()
        #expect(lines.suffix(2) == [#"{"a":2}"#, "]"])
    }

    @Test("sizes for people", arguments: [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (150 << 20, "150 MiB")])
    func sizes(bytes: Int64, text: String) {
        #expect(humanBytes(bytes) == text)
    }

    @Test("a reader that goes away ends the command quietly")
    func closedOutput() async {
        let console = Console(output: { _ in throw Console.OutputClosed() }, errors: { _ in Issue.record("no talk") })
        let context = CommandContext(
            console: console, environment: [:], clock: ManualClock(now: standingTime), readFile: { _ in nil })
        #expect(await Program.run(["version"], in: context) == .success)
    }

    @Test("a wrong command line is one line and status 64", arguments: [["nope"], ["config", "print", "--bad"]])
    func usage(arguments: [String]) async {
        let outcome = await runVarve(arguments)
        #expect(outcome.status == .usage)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errors.hasPrefix("varve: "))
        #expect(outcome.output.isEmpty)
    }

    @Test("a quote is doubled in CSV whatever stands behind it")
    func quotes() throws {
        let listing = Listing(columns: [.left("a")], rows: [[.text("say \"\u{301}x\"")]])
        let line = try listing.lines(as: .csv)[1]
        #expect(line.utf8.elementsEqual("\"say \"\"\u{301}x\"\"\"".utf8), "\(line)")
    }

    @Test("help is data: standard output, status 0, with the exit statuses")
    func help() async {
        let outcome = await runVarve(["help", "check"])
        #expect(outcome.status == .success)
        #expect(outcome.output.contains("EXIT STATUS:"))
        #expect(outcome.errors.isEmpty)
    }

    @Test(
        "help for a command that is not there is refused",
        arguments: [
            (["help", "nope"], "see 'varve help'"), (["help", "manifst"], "did you mean 'manifest'?"),
            (["help", "manifest", "nope"], "see 'varve help'"),
        ])
    func helpForNothing(arguments: [String], remedy: String) async {
        let outcome = await runVarve(arguments)
        #expect(outcome.status == .usage && outcome.output.isEmpty)
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains(remedy), "\(outcome.errors)")
        let known = await runVarve(["help", "manifest", "sql"])
        #expect(known.status == .success && known.output.contains("USAGE: varve manifest sql"))
    }

    @Test(
        "times on the command line",
        arguments: [
            ("2026-11-21T05:00:00Z", "2026-11-21T05:00:00.000Z"), ("-30m", "2026-11-21T04:37:09.250Z"),
            ("-1d", "2026-11-20T05:07:09.250Z"), ("now", "2026-11-21T05:07:09.250Z"), ("yesterday", nil), ("-5", nil),
        ])
    func times(argument: String, expected: String?) {
        let time = TimeArgument(argument: argument)?.resolved(now: standingTime)
        #expect(time?.description == expected)
    }
}

extension Listing {
    fileprivate func lines(as format: OutputFormat) throws -> [String] {
        var lines: [String] = []
        try write(as: format) { lines.append($0) }
        return lines
    }
}
