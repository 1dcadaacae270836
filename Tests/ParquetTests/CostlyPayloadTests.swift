import LakeModel
import TestSupport
import Testing

@testable import Formats

@Suite("Payloads that cost more than they say")
struct CostlyPayloadTests {
    private static func read(
        _ bytes: [UInt8], settings: ParquetReaderSettings = .init()
    ) throws -> [StoredEvent] {
        let reader = try ParquetTableReader(try ParquetFileReader(ParquetMemorySource(bytes), settings: settings))
        var events: [StoredEvent] = []
        for group in 0..<reader.file.rowGroupCount {
            try reader.open(group: group)
            while let event = try reader.nextInGroup() { events.append(event) }
        }
        return events
    }

    static func normal(_ payload: [UInt8]) throws -> String {
        Restored.normal(try OrderedJSON(payload, "payload"))
    }

    /// Writes the payloads, reads them back and compares; answers the rows as they stand in the file.
    @discardableResult
    static func roundTrip(
        _ payloads: [String], _ schema: ShreddedSchema, settings: ParquetReaderSettings = .init()
    ) throws -> (rows: [String], misfits: Int64) {
        let (bytes, outcomes, writer) = try ShreddedTableTests.write(payloads, schema)
        #expect(outcomes.allSatisfy { $0 == .written })
        let events = try read(bytes, settings: settings)
        #expect(events.count == payloads.count)
        for (event, payload) in zip(events, payloads) {
            let (have, want) = (try normal(event.value ?? []), try normal(Array(payload.utf8)))
            #expect(have == want, "\(difference(have, want))")
        }
        return (try canonicalRows(bytes), writer.misfitCount)
    }

    private static func wide(_ fields: Int) throws -> ShreddedSchema {
        let inside = (0..<fields).map { ShreddedField("f\($0)", .int64) }
        return try ShreddedSchema([.init("id", .int64), .init("items", .list(.structure(inside)))])
    }

    private static func items(_ count: Int, id: Int = 7) -> String {
        #"{"id":\#(id),"items":["# + Array(repeating: "{}", count: count).joined(separator: ",") + "]}"
    }

    @Test("many empty elements with many fields each stay one value, and the rows beside them columns")
    func emptyElements() throws {
        let schema = try Self.wide(300)
        let payloads = [Self.items(3, id: 1), Self.items(60_000), Self.items(40, id: 3)]
        let (rows, misfits) = try Self.roundTrip(payloads, schema)
        #expect(misfits == 1)
        #expect(rows[0].hasSuffix("null]") && !rows[1].hasSuffix("null]") && rows[2].hasSuffix("null]"))
        let strict = try ShreddedTableTests.write(payloads, schema, policy: .reject)
        #expect(strict.outcomes == [.written, .misfit, .written])
    }

    @Test("one event takes no more memory than a few times its size")
    func memory() throws {
        let rows = try ParquetTableRows(.shredded(try Self.wide(1900), .rest))
        let payload = Array(Self.items(100_000).utf8)
        let before = rows.memoryBytes
        try payload.withUnsafeBytes { bytes in
            let event = Event(
                source: 0, offset: 0, timestamp: 0, timestampType: .create, key: nil, value: bytes)
            let outcome = try rows.append(
                event, prefix: RawTablePrefix(topic: "t", partition: 0), headers: NoHeaders(), parser: JSONParser())
            #expect(outcome == .written)
        }
        #expect(rows.memoryBytes - before < 40 * payload.count, "\(rows.memoryBytes) of \(payload.count)")
    }

    @Test("levels count as bytes that wait, so that small events of many nulls are encoded early")
    func waitingLevels() throws {
        let rows = try ParquetTableRows(.shredded(try Self.wide(1900), .rest))
        let (payload, parser) = (Array(Self.items(8).utf8), JSONParser())
        for offset in 0..<100 as Range<Int64> {
            try payload.withUnsafeBytes { bytes in
                let event = Event(
                    source: 0, offset: offset, timestamp: 0, timestampType: .create, key: nil, value: bytes)
                _ = try rows.append(
                    event, prefix: RawTablePrefix(topic: "t", partition: 0), headers: NoHeaders(), parser: parser)
            }
        }
        #expect(rows.waitingBytes - rows.eventBytes == 100 * 2 * 7 * 1900)
        #expect(rows.memoryBytes > rows.waitingBytes - rows.eventBytes - (1 << 20))
        _ = rows.take()
        #expect(rows.waitingBytes == 0)
    }

    /// One value of each kind that has many levels or values for few bytes, and the schema for it.
    private static let kinds: [(type: ShreddedType, element: String)] = [
        (.list(.int64), "null"), (.list(.int64), "1"), (.list(.list(.list(.boolean))), "[[true],[]]"),
        (.list(.structure((0..<40).map { .init("f\($0)", .int64) })), "{}"),
        (.list(.structure((0..<400).map { .init("f\($0)", .string) })), #"{"f7":"x","f3":null}"#),
        (
            .list((0..<12).reduce(.int64) { inner, _ in .structure([.init("a", inner)]) }),
            String(repeating: #"{"a":"#, count: 12) + "1" + String(repeating: "}", count: 12)
        ),
        (.list(.map(.list(.int32))), #"{"a":[1,2],"b":[]}"#),
    ]

    @Test("whatever is written is read, up to the most that a row may have", arguments: kinds.indices)
    func property(kind: Int) throws {
        let (type, element) = Self.kinds[kind]
        let schema = try ShreddedSchema([.init("x", type)])
        // A reader's limit that stands to the payload as the default one to 8 MiB.
        var settings = ParquetReaderSettings()
        settings.rowBytesMax = 2 << 20
        let count = (60 << 10) / (element.utf8.count + 1)
        let payloads = [1, count / 16, count / 4, count].map { count in
            #"{"x":["# + Array(repeating: element, count: max(1, count)).joined(separator: ",") + "]}"
        }
        try Self.roundTrip(payloads, schema)
        for payload in payloads { try Self.roundTrip([payload], schema, settings: settings) }
    }

    @Test("a long name in a map is not written once for each member inside")
    func longNames() throws {
        let name = String(repeating: "n", count: 20_000)
        let members = (0..<2000).map { #""u\#($0)":1"# }.joined(separator: ",")
        let schema = try ShreddedSchema([.init("m", .map(.structure([.init("a", .int64)])))])
        let payload = #"{"m":{"\#(name)":{"a":1,\#(members)}}}"#
        let (bytes, _, writer) = try ShreddedTableTests.write([payload], schema)
        #expect(writer.misfitCount == 1)
        #expect(try Self.normal(try Self.read(bytes)[0].value ?? []) == Self.normal(Array(payload.utf8)))
    }

    @Test("a payload of as many levels as there may be is read back, whether it is an array or too much")
    func deep() throws {
        let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        let inner = String(deep.dropFirst().dropLast())
        let much = #"{"deep":\#(inner),"# + Self.items(60_000).dropFirst()
        try Self.roundTrip([deep, #"{"deep":\#(inner)}"#, much], try Self.wide(300))
    }

    @Test("many values in _rest are put back in time that grows with their number", .timeLimit(.minutes(1)))
    func manyRestValues() throws {
        let elements = Array(repeating: #"{"f0":1,"z":[]}"#, count: 50_000).joined(separator: ",")
        let members = (0..<50_000).map { #""u\#($0)":"" "# }.joined(separator: ",")
        let payloads = [#"{"items":[\#(elements)]}"#, "{\(members)}"]
        #expect(try Self.roundTrip(payloads, try Self.wide(2)).misfits == 0)
    }
}
