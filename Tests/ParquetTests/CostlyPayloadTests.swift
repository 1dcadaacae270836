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
}
