import Formats
import LakeModel
import Testing

@Suite("Event time")
struct EventTimeRuleTests {
    @Test("is Kafka's own by default")
    func kafka() {
        let rule = EventTimeRule(.kafka)
        #expect(resolve(rule, OwnedEvent("x")) == .success(1_768_464_000_000))
        #expect(resolve(rule, OwnedEvent(value: nil, type: .none)) == .failure(.noEventTime))
        #expect(resolve(rule, OwnedEvent(value: nil, timestamp: -1)) == .failure(.noEventTime))
        #expect(resolve(rule, OwnedEvent(value: nil, timestamp: .max)) == .failure(.badEventTime))
        #expect(resolve(rule, OwnedEvent(value: nil, timestamp: -86_400_000)) == .success(-86_400_000))
    }

    @Test(
        "is read from a field in any unit, exactly",
        arguments: [
            ("\"2026-01-15T08:00:00.25Z\"", "iso8601", 1_768_464_000_250),
            ("\"2026-01-15T10:00:00+02:00\"", "iso8601", 1_768_464_000_000), ("1768464000", "s", 1_768_464_000_000),
            ("1768464000.123", "s", 1_768_464_000_123), ("1768464000.1239", "s", 1_768_464_000_123),
            ("\"1768464000.5\"", "s", 1_768_464_000_500), ("1.768464e9", "s", 1_768_464_000_000),
            ("17684640000000e-4", "s", 1_768_464_000_000), ("1768464000123", "ms", 1_768_464_000_123),
            ("\"1768464000123\"", "ms", 1_768_464_000_123), ("1768464000123999", "us", 1_768_464_000_123),
            ("1768464000123999999", "ns", 1_768_464_000_123), ("-1", "ns", -1), ("-1500", "us", -2), ("0", "s", 0),
            ("0.0000000000000000000000001", "s", 0), ("-0.0000000000000000000000001", "s", -1),
            ("1768464000.1230000000000000000000000000000", "s", 1_768_464_000_123), ("0e99", "s", 0),
            ("1768464000123e0", "ms", 1_768_464_000_123),
        ])
    func fields(text: String, unit: String, expected: Int64) throws {
        let unit = try #require(EventTimeRule.Unit(rawValue: unit))
        let rule = try #require(EventTimeRule("field:/a/t", unit: unit))
        #expect(resolve(rule, OwnedEvent("{\"a\":{\"t\":\(text)}}")) == .success(expected))
    }

    @Test(
        "that is none is told from one that is missing",
        arguments: [
            ("{}", "s", .noEventTime), (#"{"t":null}"#, "s", .noEventTime), (#"{"t":""}"#, "s", .noEventTime),
            (#"{"t":"x"}"#, "s", .badEventTime), (#"{"t":true}"#, "s", .badEventTime), ("[]", "s", .noEventTime),
            (#"{"t":"1e3x"}"#, "s", .badEventTime), (#"{"t":"1."}"#, "s", .badEventTime),
            (#"{"t":"+1"}"#, "s", .badEventTime), (#"{"t":"-"}"#, "s", .badEventTime),
            (#"{"t":"1e"}"#, "s", .badEventTime), (#"{"t":"0x10"}"#, "s", .badEventTime),
            (#"{"t":5}"#, "iso8601", .badEventTime), (#"{"t":"2026-02-30T00:00:00Z"}"#, "iso8601", .badEventTime),
            (#"{"t":1e300}"#, "s", .badEventTime), (#"{"t":99999999999999999999}"#, "ms", .badEventTime),
            (#"{"t":253402300800}"#, "s", .badEventTime), (#"{"t":1e20000000000}"#, "s", .notJSON),
            (#"{"t":"1e20000000000"}"#, "s", .badEventTime), ("nope", "s", .notJSON), ("", "s", .notJSON),
        ] as [(String, String, RejectReason)])
    func rejected(payload: String, unit: String, reason: RejectReason) throws {
        let unit = try #require(EventTimeRule.Unit(rawValue: unit))
        let rule = try #require(EventTimeRule("field:/t", unit: unit))
        #expect(resolve(rule, OwnedEvent(payload)) == .failure(reason))
    }

    @Test("of a tombstone cannot be in its payload")
    func tombstone() throws {
        let rule = try #require(EventTimeRule("field:/t", unit: .seconds))
        #expect(resolve(rule, OwnedEvent(value: nil)) == .failure(.tombstone))
    }

    @Test("is read from the last header of its name")
    func headers() throws {
        let rule = try #require(EventTimeRule("header:ts", unit: .milliseconds))
        func event(_ headers: [(String, String?)]) -> OwnedEvent {
            OwnedEvent(
                value: nil,
                headers: headers.map { .init(name: Array($0.0.utf8), value: $0.1.map { Array($0.utf8) }) })
        }
        #expect(resolve(rule, event([("ts", "5"), ("x", "7"), ("ts", "6")])) == .success(6))
        #expect(resolve(rule, event([("ts", "5"), ("ts", nil)])) == .failure(.noEventTime))
        #expect(resolve(rule, event([("TS", "5")])) == .failure(.noEventTime))
        #expect(resolve(rule, event([("ts", "")])) == .failure(.noEventTime))
        #expect(resolve(rule, event([("ts", "soon")])) == .failure(.badEventTime))
    }

    @Test(
        "rules that are none are refused", arguments: ["", "Kafka", "field:", "field:a", "header:", "field:/~", "key"])
    func malformed(text: String) {
        // An empty pointer is the whole payload: a rule like any other.
        #expect((EventTimeRule(text, unit: .iso8601) == nil) == (text != "field:"))
    }

    private func resolve(_ rule: EventTimeRule, _ event: OwnedEvent) -> Result<Int64, RejectReason> {
        let parser = JSONParser()
        return event.borrowed { borrowed in
            let isJSON = borrowed.value.map { parser.parse($0).isValid } ?? false
            return rule.resolve(borrowed, headers: OwnedHeaders(event.headers), parser: isJSON ? parser : nil)
        }
    }
}
