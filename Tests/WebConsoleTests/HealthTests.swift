import Catalog
import Foundation
import LakeModel
import Operations
import Testing

@testable import WebConsole

@Suite("The console's verdicts and files")
struct HealthTests {
    private let source = TopicPartition(topic: "orders", partition: 0)

    private func facts(_ change: (inout TableFacts) -> Void = { _ in }) -> TableFacts {
        var head = TableHead()
        (head.version, head.progress[source]) = (9, Progress(next: 5, watermark: midnight))
        var facts = TableFacts(
            name: "orders", head: head, checkpointVersion: 8, known: KnownHours(), trouble: nil, smallBytesMax: 100)
        change(&facts)
        return facts
    }

    private func codes(
        _ facts: TableFacts, after seconds: Int64 = 10, writer: WriterView.Table? = nil
    ) -> [String] {
        TableHealth(
            facts, writer: writer, now: midnight.advanced(byMilliseconds: seconds * 1000), options: ConsoleOptions()
        ).reasons.map(\.code)
    }

    private func writer(lag: Int64, seconds: Double) -> WriterView.Table {
        WriterView.Table(
            name: "orders", openObjects: 0, waitingObjects: 0, isConsuming: true, lagEvents: lag, lagSeconds: seconds,
            deadLettered: [:], eventsCommitted: 0)
    }

    private func hour(_ side: TableSide, objects: Int64, small: Int64, uploaded: Timestamp = midnight) -> HourRollup {
        HourRollup(
            hour: LakeHour(date: midnight.day, hour: 1),
            totals: SideTotals(side: side, objects: objects, bytes: objects, records: objects), smallObjects: small,
            smallBytes: small, eventTime: nil, newestUpload: uploaded)
    }

    @Test("a table with fresh events is well, and one without is stale unless its writer has read all")
    func fresh() {
        #expect(codes(facts()).isEmpty)
        #expect(codes(facts(), after: 1000) == ["stale"])
        #expect(codes(facts(), after: 1000, writer: writer(lag: 0, seconds: 0)).isEmpty)
        #expect(codes(facts(), after: 1000, writer: writer(lag: 5, seconds: 1000)) == ["lag", "stale"])
    }

    @Test("a topic partition that fell behind is named")
    func behind() {
        let slow = facts {
            $0.head.progress[TopicPartition(topic: "orders", partition: 7)] = Progress(
                next: 1, watermark: midnight.advanced(byMilliseconds: -7_200_001))
        }
        let health = TableHealth(slow, writer: nil, now: midnight, options: ConsoleOptions())
        #expect(health.reasons.map(\.text) == ["orders/7 is 2 h behind the newest topic partition"])
    }

    @Test("dead letters of today need a look, older ones do not")
    func deadLetters() {
        let new = facts { $0.known.hours = [hour(.deadLetter, objects: 3, small: 0)] }
        #expect(codes(new) == ["dead_letters"])
        let old = midnight.advanced(byMilliseconds: -86_400_001)
        #expect(codes(facts { $0.known.hours = [hour(.deadLetter, objects: 3, small: 0, uploaded: old)] }).isEmpty)
    }

    @Test("small objects are a debt where an hour has more of them than shards")
    func debt() {
        func debt(_ small: Int64, shards: Int) -> Int64 {
            let layout = TableLayout(granularity: .hour, zone: "UTC", shards: shards, time: "kafka", shardBy: "key")
            return SmallFileDebt(
                facts {
                    $0.head.layout = layout
                    $0.known.hours = [hour(.main, objects: 9, small: small)]
                }
            ).objects
        }
        #expect(debt(9, shards: 1) == 8)
        #expect(debt(4, shards: 4) == 0)
        #expect(debt(0, shards: 4) == 0)
        let much = facts {
            $0.known.hours = [hour(.main, objects: 600, small: 600)]
            $0.head.totals[.main] = SideTotals(side: .main, objects: 600)
        }
        #expect(codes(much) == ["small_files"])
    }

    @Test(
        "spans are told in words",
        arguments: [
            (0, "0 s"), (119_999, "119 s"), (120_000, "2 min"), (7_200_000, "2 h"),
            (172_800_000, "2 days"), (-5, "0 s"),
        ] as [(Int64, String)])
    func spans(milliseconds: Int64, text: String) {
        #expect(span(milliseconds) == text)
    }

    @Test("files forbid everything that is not theirs, and are not sent twice")
    func files() async throws {
        let pages = Bench().pages()
        for file in ConsoleFile.all {
            let answer = try await pages.get(file.path)
            let headers = Dictionary(answer.headers.map { ($0.name, $0.value) }) { first, _ in first }
            let policy = try #require(headers["Content-Security-Policy"])
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
            #expect(headers["X-Frame-Options"] == "DENY" && headers["Referrer-Policy"] == "no-referrer")
            let tag = try #require(headers["ETag"])
            #expect(try await pages.get(file.path, headers: ["if-none-match": "W/x, \(tag)"]).status == 304)
            #expect(try await pages.get(file.path, headers: ["if-none-match": "\"other\""]).status == 200)
        }
    }

    @Test("no script of ours reads text as markup, and no file names another host")
    func scripts() {
        let banned = [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "javascript:",
            "srcdoc", "style=", ".setAttribute(\"style\"",
        ]
        for file in ConsoleFile.all {
            for word in banned { #expect(!file.text.contains(word), "\(file.path): \(word)") }
            let links = file.text.matches(of: /https?:\/\/[^\s"'`)]+/).map { String($0.output) }
            #expect(links.allSatisfy { $0 == "http://www.w3.org/2000/svg" }, "\(file.path): \(links)")
        }
    }

    @Test("what the page names is there")
    func links() throws {
        let page = try #require(ConsoleFile.named("/"))
        let names = page.text.matches(of: /(?:href|src)="(assets\/[^"]+)"/).map { "/" + $0.output.1 }
        #expect(names.count > 5)
        for name in names { #expect(ConsoleFile.named(name) != nil, "\(name)") }
        for file in ConsoleFile.all where file.path.hasSuffix(".js") {
            for found in file.text.matches(of: /from "\.\/([a-z]+\.js)"/) {
                #expect(ConsoleFile.named("/assets/\(found.output.1)") != nil, "\(file.path): \(found.output.1)")
            }
        }
    }
}
