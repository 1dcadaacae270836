import Foundation
import LakeModel
import TestSupport
import Testing

@testable import varve

@Suite("varve import")
struct ImportCommandTests {
    /// A lake with files of Kafka Connect's in it and no table yet.
    private struct ForeignLake {
        let directory: TemporaryDirectory
        static let folder = "topics/clicks/year=2026/month=11/day=20/hour=05"

        init() throws {
            directory = try TemporaryDirectory("varve-import")
            for first in stride(from: 0, to: 30, by: 10) {
                let lines = (first..<first + 10).map { "{\"n\":\($0),\"user\":\"u\($0 % 5)\"}\n" }.joined()
                try leave("\(Self.folder)/clicks+0+\(padded(first, 10)).json", lines)
            }
        }

        func leave(_ key: String, _ text: String) throws {
            let file = URL(filePath: directory.path).appending(path: key)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }

        func run(_ arguments: [String]) async -> CommandOutcome {
            await runVarve(arguments + ["--lake", "file://\(directory.path)"], clock: SystemClock())
        }

        func run(_ arguments: String...) async -> CommandOutcome { await run(arguments) }

        var expected: String { (0..<30).map { "{\"n\":\($0),\"user\":\"u\($0 % 5)\"}\n" }.joined() }
    }

    private let arguments = [
        "--table", "clicks", "--from", "topics/clicks", "--layout", "kafka-connect", "--min-age", "0s",
    ]

    @Test("a folder in which nothing lies is said so", arguments: [[], ["--yes"]])
    func nothingThere(more: [String]) async throws {
        let lake = try ForeignLake()
        let folder = ["--table", "clicks", "--from", "topics/clck", "--layout", "kafka-connect"]
        let outcome = await lake.run(["import"] + folder + more)
        #expect(outcome.status == .noInput && outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("no files lie there: --from topics/clck"), "\(outcome.errors)")
    }

    @Test("plan, import, read, verify, erase: what the documentation says, in one go")
    func wholeWay() async throws {
        let lake = try ForeignLake()
        let plan = await lake.run(["import"] + arguments + ["--output", "csv"])
        #expect(plan.status == .success, "\(plan.errors)")
        #expect(plan.output.split(separator: "\n").count == 4)
        #expect(plan.errors.contains("clicks: 3 files of 620 B to adopt"), "\(plan.errors)")
        #expect(plan.errors.contains("nothing was adopted; add --yes to do it"))
        #expect(await lake.run("cat", "clicks").status == .noInput)

        let done = await lake.run(
            ["import"] + arguments + ["--offsets", "from-names", "--ends", "counted", "--yes"])
        #expect(done.status == .success, "\(done.errors)")
        #expect(
            done.errors.contains(
                "clicks: 3 files with 30 events adopted in 1 commits; 0 passed over, 0 adopted before, 0 too young"))
        #expect(await lake.run("cat", "clicks").output == lake.expected)
        let verified = await lake.run("verify", "--deep")
        #expect(verified.status == .success, "\(verified.output)\(verified.errors)")
        let listed = await lake.run("manifest", "ls", "clicks", "--output", "csv")
        let urls = listed.output.split(separator: "\n").dropFirst().compactMap { $0.split(separator: ",").last }
        #expect(urls.count == 3)
        for url in urls {
            #expect(FileManager.default.fileExists(atPath: String(url.dropFirst("file://".count))), "\(url)")
        }
        let located = await lake.run(
            "manifest", "sql", "clicks", "select count(*) as n from objects where adopted like 'topics/clicks/%'",
            "--output", "csv")
        #expect(located.output == "n\n3\n", "\(located.output)\(located.errors)")
        let offsets = await lake.run("manifest", "sql", "clicks", "select next from offsets", "--output", "csv")
        #expect(offsets.output == "next\n30\n")
        let key = "\(ForeignLake.folder)/clicks+0+0000000010.json"
        try lake.leave(key, "{}\n")
        let damaged = await lake.run("verify", "--output", "csv")
        #expect(
            damaged.status == .checkFailed && damaged.output.contains(",\"\(key): it has 3 bytes, not "),
            "\(damaged.output)")
    }

    @Test("an erasure ends with status 1 and is not proved until the files are deleted")
    func erase() async throws {
        let lake = try ForeignLake()
        #expect(await lake.run(["import"] + arguments + ["--yes"]).status == .success)
        let certificate = lake.directory.path + "/certificate.json"
        let erased = await lake.run(
            "erase", "--table", "clicks", "--where", "user = 'u3'", "--yes", "--certificate", certificate, "--grace",
            "0s")
        #expect(erased.status == .checkFailed, "\(erased.errors)")
        #expect(erased.errors.contains("3 matching objects are files that another program wrote"), "\(erased.errors)")
        #expect(await lake.run("verify", "--erasure", certificate).status == .checkFailed)
        for first in [0, 10, 20] {
            let file = "/\(ForeignLake.folder)/clicks+0+\(padded(first, 10)).json"
            try FileManager.default.removeItem(atPath: lake.directory.path + file)
        }
        let proved = await lake.run("verify", "--erasure", certificate)
        #expect(proved.status == .success, "\(proved.output)\(proved.errors)")
        #expect(await lake.run("verify", "--deep").status == .success)
    }

    @Test("compact makes own objects, and importing again adopts nothing")
    func compact() async throws {
        let lake = try ForeignLake()
        #expect(await lake.run(["import"] + arguments + ["--yes"]).status == .success)
        let compacted = await lake.run("compact", "clicks", "--cold-after", "0s")
        #expect(compacted.status == .success, "\(compacted.errors)")
        let lines = await lake.run("cat", "clicks").output.split(separator: "\n").map(String.init)
        #expect(Set(lines) == Set(lake.expected.split(separator: "\n").map(String.init)) && lines.count == 30)
        let again = await lake.run(["import"] + arguments + ["--yes"])
        #expect(again.errors.contains("0 files with 0 events adopted in 0 commits; 0 passed over, 3 adopted before"))
        #expect(await lake.run("verify", "--deep").status == .success)
    }

    @Test("the last file is left to the writer and said to be, unless its lines are to be counted")
    func last() async throws {
        let lake = try ForeignLake()
        let words = ["import"] + arguments + ["--offsets", "from-names", "--output", "csv"]
        for more in [[], ["--yes"]] {
            let outcome = await lake.run(words + more)
            #expect(outcome.status == .success && outcome.output.contains(",left,"), "\(outcome.output)")
            #expect(
                outcome.errors.contains("clicks: 1 files are the last of their topic partition"), "\(outcome.errors)")
        }
        #expect(await lake.run("cat", "clicks").output.split(separator: "\n").count == 20)
        let rest = await lake.run(words + ["--ends", "counted", "--yes"])
        #expect(rest.errors.contains("1 files with 10 events adopted in 1 commits; 0 passed over, 2 adopted before"))
        #expect(await lake.run("cat", "clicks").output == lake.expected)
    }

    @Test("what was adopted in front of a gap is listed before the fault")
    func gap() async throws {
        let lake = try ForeignLake()
        try lake.leave("\(ForeignLake.folder)/clicks+0+\(padded(40, 10)).json", "{}\n")
        let outcome = await lake.run(
            ["import"] + arguments
                + ["--offsets", "from-names", "--ends", "counted", "--yes", "--output", "csv"])
        #expect(outcome.status == .usage)
        #expect(outcome.output.split(separator: "\n").count == 4, "\(outcome.output)")
        #expect(outcome.errors.contains("clicks: 3 files with 30 events adopted in 1 commits"), "\(outcome.errors)")
        #expect(outcome.errors.contains("begins at offset 40 of clicks/0"), "\(outcome.errors)")
    }

    @Test(
        "wrong arguments are refused in one line",
        arguments: [
            (["--layout", "hive", "--offsets", "from-names"], "only names of --layout kafka-connect tell offsets"),
            (["--ends", "counted"], "--ends is about --offsets from-names"),
            (["--plan", "--yes"], "--plan and --yes exclude each other"),
            (["--from", "s3://elsewhere/topics"], "the files do not lie below the lake's root"),
            (["--from", "file:///elsewhere"], "the files do not lie below the lake's root"),
            (["--from", "../topics"], "not a folder below the lake's root"),
            (["--from", "/"], "not a folder below the lake's root"),
            (["--from", "clicks/data"], "clicks/ is the folder of a table"),
            (["--table", "clicks.late"], "files are adopted into a table itself"),
            (["--zone", "Mars/Olympus"], "unknown time zone"),
        ])
    func refused(words: [String], line: String) async throws {
        let lake = try ForeignLake()
        let outcome = await lake.run(["import"] + arguments + words)
        #expect(outcome.status == .usage, "\(outcome.errors)")
        #expect(outcome.errorLines.count == 1 && outcome.errors.contains(line), "\(outcome.errors)")
    }

    @Test("the folder can be given as a URL; files that are too young wait")
    func urlAndAge() async throws {
        let lake = try ForeignLake()
        let folder = "file://\(lake.directory.path)/topics/"
        let outcome = await lake.run("import", "--table", "clicks", "--from", folder)
        #expect(outcome.status == .success, "\(outcome.errors)")
        #expect(outcome.errors.contains("0 files of 0 B to adopt; 0 passed over, 0 adopted before, 3 too young"))
    }
}
