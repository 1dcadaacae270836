import LakeModel
import TestSupport
import Testing

@testable import Formats

/// Columns keep values, not their text: what is looked for has to be found in rows as in the payload that was produced.
@Suite("Values under any spelling")
struct SpellingTests {
    /// Spellings of one value in each line; no line has a value of another.
    private static let numbers: [[String]] = [
        ["17", "17.0", "1.7e1", "170E-1", "0.17e+2"], ["-17", "-17.0"], ["170", "1.7e2"], ["1.7"], ["0.017", "17e-3"],
        ["0", "-0", "0.0", "-0e5", "0E-3"], ["9007199254740992", "9007199254740992.0", "9.007199254740992e15"],
        ["9007199254740993"], ["1152921504606846976", "1152921504606846976.000"], ["1152921504606847000"],
        ["9223372036854775807"], ["9223372036854775808", "9.223372036854775808e18"], ["16777217"], ["16777216"],
        ["1e16", "10000000000000000"], ["1e300"], ["-1e300"], ["1e-300"], ["0.5", "5e-1", "0.50"],
        ["123456789012345678901234567890"],
    ]

    private static let times: [[String]] = [
        ["2026-11-21T05:00:00Z", "2026-11-21T07:00:00+02:00", "2026-11-21T05:00:00.000Z", "2026-11-21 05:00:00Z"],
        ["2026-11-21T05:00:00.25Z", "2026-11-21T00:00:00.250-05:00"],
        ["2026-11-21T05:00:00.000001Z", "2026-11-21T04:00:00.000001-01:00"], ["2026-11-21T05:00:00.000002Z"],
        ["2026-11-21T05:00:00"], ["2026-11-21 05:00:00"], ["2026-11-21T05:00:00.25"], ["2026-11-21T05:00"],
        ["2026-11-21T05:01:00Z", "2026-11-21T05:01Z"], ["2026-11-21T05:00:60Z"],
        ["2026-11-21"], ["2026-11-21T00:00:00Z"], ["no time"], [""], ["17"],
    ]

    private static func parsed<Answer>(_ text: String, _ body: (JSONScalar?) throws -> Answer) throws -> Answer {
        var text = text
        let parser = JSONParser()
        return try text.withUTF8 { bytes in
            #expect(parser.parse(UnsafeRawBufferPointer(bytes)).isValid)
            return try body(parser.value(at: try #require(JSONPointer("/f"))))
        }
    }

    /// The payload of a row that was written with the schema and read back.
    private static func stored(_ payload: String, _ type: ShreddedType) throws -> (String, ParquetTableReader) {
        let schema = try ShreddedSchema([.init("f", type)])
        let reader = try FieldProbeTests.open(try FieldProbeTests.write([payload], schema))
        try reader.open(group: 0)
        let value = try #require(try reader.nextInGroup()?.value)
        return (String(decoding: value, as: UTF8.self), reader)
    }

    /// Looks for each spelling in each, as produced and as stored; says where that went wrong.
    private func check(_ classes: [[String]], quoted: Bool, _ type: ShreddedType) throws {
        let asked = classes.enumerated().flatMap { place, spellings in
            spellings.map { (place: place, text: $0, sought: SoughtValues([Array($0.utf8)])) }
        }
        let field = ParquetFieldProbe.Field.value(try #require(JSONPointer("/f")))
        for (place, spelling) in classes.enumerated().flatMap({ entry in entry.element.map { (entry.offset, $0) } }) {
            let payload = quoted ? "{\"f\":\"\(spelling)\"}" : "{\"f\":\(spelling)}"
            let (back, reader) = try Self.stored(payload, type)
            for text in [payload, back] {
                try Self.parsed(text) { scalar in
                    for one in asked {
                        let found = scalar.map(one.sought.contain) ?? false
                        #expect(found == (one.place == place), "\(one.text) in \(payload), read as \(text)")
                    }
                }
            }
            for one in asked where one.place == place {
                let mayHold = try FieldProbeTests.mayHold(reader, field, Array(one.text.utf8))
                #expect(mayHold, "\(one.text) in \(payload) is ruled out")
            }
        }
    }

    @Test(
        "numbers are found by their exact value",
        arguments: [.double, .float, .int64, .json] as [ShreddedType])
    func numbers(type: ShreddedType) throws {
        // What a float rounds is not what was produced any more.
        let kept =
            type == .float ? Self.numbers.filter { !["1.7", "0.017", "1e16", "1e-300"].contains($0[0]) } : Self.numbers
        try check(kept, quoted: false, type)
    }

    @Test("what a column of doubles keeps of a number is found, and no integer that it happens to equal")
    func rounded() throws {
        let sought = SoughtValues([Array("9007199254740993.0".utf8)])
        for (payload, isThere) in [
            (#"{"f":9007199254740993.0}"#, true), (#"{"f":9007199254740993}"#, true),
            (#"{"f":9007199254740992.0}"#, true), (#"{"f":9007199254740992}"#, false),
        ] {
            #expect(try Self.parsed(payload) { $0.map(sought.contain) ?? false } == isThere, "\(payload)")
        }
    }

    @Test("times are found by their instant", arguments: [.timestamp, .string, .json, .date] as [ShreddedType])
    func times(type: ShreddedType) throws {
        try check(Self.times, quoted: true, type)
    }

    @Test("text is not a number, nor a number text with another spelling")
    func texts() throws {
        let sought = SoughtValues([Array("17".utf8), Array("true".utf8)])
        for (payload, isThere) in [
            (#"{"f":"17"}"#, true), (#"{"f":"17.0"}"#, false), (#"{"f":true}"#, true), (#"{"f":"true"}"#, true),
            (#"{"f":null}"#, false), (#"{"f":[17]}"#, false), (#"{"f":17.00}"#, true), (#"{"f":-17}"#, false),
        ] {
            #expect(try Self.parsed(payload) { $0.map(sought.contain) ?? false } == isThere, "\(payload)")
        }
    }

    @Test(
        "what the grammar of numbers does not allow has no canonical spelling",
        arguments: ["", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x1", "1 ", "NaN", "1e999999", "--1", "1.e2"])
    func noNumber(text: String) {
        #expect(CanonicalNumber.text(Array(text.utf8)) == nil)
    }
}
