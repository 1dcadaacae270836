import Foundation
import Logging
import Operations
import Synchronization
import TestSupport
import Testing

@Suite("Logs")
struct LogTests {
    private let clock = ManualClock()
    private let lines = Lines()

    private func output(_ format: LogFormat, levels: LogLevels = LogLevels(), repeatsMax: Int = 20) -> LogOutput {
        let secrets = SecretRegistry()
        secrets.add("hunter2hunter2")
        return LogOutput(
            format: format, levels: levels, secrets: secrets, clock: clock, repeatsMax: repeatsMax,
            write: { [lines] in lines.add($0) })
    }

    @Test("a JSON record is one line with time, level, logger, message and fields")
    func json() throws {
        var logger = Logger(label: "varve.ingest", factory: output(.json).makeHandler)
        logger[metadataKey: "table"] = "orders"
        logger.info(
            "sealed an object", metadata: ["bytes": "\(5)", "count": .stringConvertible(7), "list": ["a", "b"]])
        #expect(
            lines.all == [
                #"{"ts":"2026-11-21T05:00:00.000Z","level":"info","logger":"varve.ingest","#
                    + #""message":"sealed an object","#
                    + #""fields":{"bytes":"5","count":7,"list":["a","b"],"table":"orders"}}"#
            ])
    }

    @Test("a text record is one line for people")
    func text() {
        let logger = Logger(label: "varve.s3", factory: output(.text).makeHandler)
        logger.warning("slow answer", metadata: ["key": "a b", "ms": "1200", "none": ""])
        #expect(
            lines.all == [#"2026-11-21T05:00:00.000Z warning  varve.s3: slow answer key="a b" ms=1200 none="""#])
    }

    @Test(
        "nothing from outside can forge a record or drive a terminal", arguments: LogFormat.allCases,
        ["a\nb", "a\r\nb", "\u{1B}[2J", "\u{2028}", "\u{85}", "\u{9B}2J", "\0", "\"}{\"level\":\"error\""])
    func injection(_ format: LogFormat, _ evil: String) throws {
        let logger = Logger(label: "varve", factory: output(format).makeHandler)
        logger.info("\(evil)", metadata: ["\(evil)": "\(evil)", "deep": ["\(evil)": "\(evil)"]])
        let line = try #require(lines.all.first)
        #expect(lines.all.count == 1)
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        #expect(!line.contains("\u{2028}"))
        if format == .json {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect(object?["message"] as? String == evil)
            #expect(object?["level"] as? String == "info")
        }
    }

    @Test("a secret is masked in message, metadata and errors", arguments: LogFormat.allCases)
    func secrets(_ format: LogFormat) {
        struct Leak: Error { var url = "https://u:hunter2hunter2@host" }
        let logger = Logger(label: "varve", factory: output(format).makeHandler)
        logger.error("hunter2hunter2", metadata: ["k": "x hunter2hunter2"])
        logger.error("failed", error: Leak())
        #expect(lines.all.count == 2)
        #expect(lines.all.allSatisfy { !$0.contains("hunter2") && $0.contains("***") })
    }

    @Test("levels go by component, the longest prefix first")
    func levels() throws {
        let levels = try #require(LogLevels("warning,varve.kafka=debug, varve.kafka.poll=error"))
        let output = output(.text, levels: levels)
        for label in ["varve.s3", "varve.kafka", "varve.kafka.poll", "varve.kafkaesque"] {
            let logger = Logger(label: label, factory: output.makeHandler)
            logger.debug("d")
            logger.warning("w")
        }
        let labels = lines.all.map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
        #expect(
            labels == [
                "warning varve.s3: w", "debug varve.kafka: d", "warning varve.kafka: w", "warning varve.kafkaesque: w",
            ])
    }

    @Test(
        "a level list that cannot be read is refused",
        arguments: ["", "loud", "info,debug", "varve=", "=info", "info,"])
    func badLevels(_ text: String) {
        #expect(LogLevels(text) == nil)
    }

    @Test("repeats are held back and counted when the message comes again")
    func repeats() {
        let logger = Logger(label: "varve", factory: output(.text, repeatsMax: 3).makeHandler)
        for _ in 0..<10 { logger.warning("broker down") }
        logger.warning("another")
        #expect(lines.all.count == 4)
        clock.advance(by: .seconds(11))
        logger.warning("broker down")
        #expect(lines.all.last?.hasSuffix("repeats_held_back=7") == true)
        clock.advance(by: .seconds(11))
        logger.warning("broker down")
        #expect(lines.all.last?.hasSuffix("broker down") == true)
    }
}

/// What was logged.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) {
        lines.withLock { $0.append(line) }
    }
}
