import Testing

@testable import Formats

@Suite("Names that come twice, or are written in two ways")
struct RepeatedNameTests {
    @Test("a field whose name has a backslash is not the one whose name that would escape")
    func backslashes() throws {
        let (slash, feed) = (#"a\nb"#, "a\nb")
        for names in [[slash], [slash, feed], [feed, slash], [feed]] {
            let schema = try ShreddedSchema(names.map { .init($0, .int64) })
            let payloads = [
                #"{"a\nb":1,"a\\nb":2}"#, #"{"a\\nb":2,"a\nb":1}"#, #"{"a\nb":1}"#, #"{"a\\nb":2}"#,
            ]
            let (rows, _) = try CostlyPayloadTests.roundTrip(payloads, schema)
            let want = names.map { $0 == slash ? "2" : "1" }.joined(separator: ",")
            for row in rows.prefix(2) { #expect(row.contains("],\(want),") || row.contains("[],\(want),"), "\(row)") }
        }
    }
}
