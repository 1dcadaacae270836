import TestSupport
import Testing

@testable import Formats

@Suite("Names that come twice, or are written in two ways")
struct RepeatedNameTests {
    @Test("a map has each name once, and the others are in _rest")
    func maps() throws {
        let numbers = try ShreddedSchema([.init("m", .map(.int64))])
        let structures = try ShreddedSchema([.init("m", .map(.structure([.init("a", .int64)])))])
        let (rows, _) = try CostlyPayloadTests.roundTrip(
            [#"{"m":{"k":1,"k":2}}"#, #"{"m":{"k":1,"j":3,"\u006b":2,"":4,"":5}}"#], numbers)
        #expect(rows[0].contains(#",[["6b",1]],"#) && rows[1].contains(#",[["6b",1],["6a",3],["",4]],"#))
        let (nested, _) = try CostlyPayloadTests.roundTrip(
            [#"{"m":{"k":{"a":1},"k":{"zz":2}}}"#, #"{"m":{"k":{"a":1,"y":0},"k":{"a":2,"zz":2},"l":{"x":[]}}}"#],
            structures)
        #expect(nested[0].contains(#",[["6b",[1]]],"#) && nested[1].contains(#",[["6b",[1]],["6c",[null]]],"#))
    }

    @Test("so it is in maps of many names, and in maps of maps", arguments: 0..<12 as Range<UInt64>)
    func manyNames(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let schema = try ShreddedSchema([.init("m", .map(.map(.int64)))])
        func map(_ names: Int, _ value: (inout SeededGenerator) -> String) -> String {
            let count = Int.random(in: 0...3 * names, using: &random)
            let members = (0..<count).map { _ in
                let name = Int.random(in: 0..<names, using: &random)
                let first = random.chance(0.2) ? "\\u006e" : "n"
                return "\"\(first)\(name)\":\(value(&random))"
            }
            return "{" + members.joined(separator: ",") + "}"
        }
        let payloads = (0..<6).map { _ in
            let inner = (0..<8).map { _ in
                map([2, 7, 9, 40].randomElement(using: &random) ?? 1) { "\($0.next() % 9)" }
            }
            return #"{"m":"# + map([3, 12, 70].randomElement(using: &random) ?? 1) { inner[Int($0.next() % 8)] } + "}"
        }
        let (rows, misfits) = try CostlyPayloadTests.roundTrip(payloads, schema)
        #expect(misfits == 0 && rows.count == payloads.count, "seed \(seed)")
        let (bytes, _, _) = try ShreddedTableTests.write(payloads, schema)
        let reader = try ParquetRowReader(try ParquetFileReader(ParquetMemorySource(bytes)))
        while let row = try reader.next() { #expect(Self.hasUniqueNames(row[row.count - 2]), "seed \(seed)") }
    }

    private static func hasUniqueNames(_ value: ParquetValue) -> Bool {
        guard case .map(let entries) = value else { return true }
        return Set(entries.map(\.key)).count == entries.count && entries.allSatisfy { hasUniqueNames($0.value) }
    }

    @Test("names that were made to have one hash do not take long: their payload stays one value")
    func collisions() throws {
        // Of up to eight bytes.
        func hash(_ name: String) -> UInt64 {
            let (prime, count) = (0xFF51_AFD7_ED55_8CCD as UInt64, UInt64(name.utf8.count))
            let word = name.utf8.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) } << (64 - 8 * count)
            var hash = (count &* 0x9E37_79B9_7F4A_7C15 ^ word) &* prime
            hash = (hash ^ hash >> 32) &* prime
            return hash ^ hash >> 32
        }
        var names: [String] = []
        var number = 0
        while names.count < 400 {
            let name = "k\(number)"
            if hash(name) & 1023 == 5 { names.append(name) }
            number += 1
        }
        let payload = #"{"m":{"# + names.map { "\"\($0)\":1" }.joined(separator: ",") + "}}"
        let schema = try ShreddedSchema([.init("m", .map(.int64))])
        #expect(try CostlyPayloadTests.roundTrip([payload], schema).misfits == 1)
        let others = (0..<5000).map { "\"k\($0)\":1" }.joined(separator: ",")
        #expect(try CostlyPayloadTests.roundTrip([#"{"m":{\#(others)}}"#], schema).misfits == 0)
    }

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
