import Catalog
import Formats
import LakeModel
import Maintenance
import ObjectStorage
import Simulation
import TestSupport
import Testing

@testable import Ingest

@Suite("Taking over from Kafka Connect")
struct TakeoverTests {
    /// Writes some events of each topic partition as Kafka Connect's S3 sink would, 40 to a file.
    private func connect(_ fixture: IngestFixture, _ offsets: [TopicPartition: Range<Int64>]) async throws {
        for (source, range) in offsets {
            let events = fixture.broker.events(of: source).filter { range.contains($0.offset) }
            for start in stride(from: 0, to: events.count, by: 40) {
                let part = events[start..<min(start + 40, events.count)]
                let name = "\(source.topic)+\(source.partition)+\(padded(part[start].offset, 10)).json"
                let folder = "topics/orders/year=2026/month=01/day=25/hour=05"
                let lines = part.flatMap { ($0.value ?? []) + [UInt8(ascii: "\n")] }
                _ = try await fixture.store.put(lines, to: try #require(ObjectKey("\(folder)/\(name)")))
            }
        }
    }

    private func adopt(
        _ fixture: IngestFixture, _ layout: TableLayout, _ ends: ImportRequest.OffsetEnds
    ) async throws -> ImportReport {
        let request = ImportRequest(
            prefix: "topics/orders/", layout: .kafkaConnect, offsets: .fromNames, ends: ends)
        var importer = Importer(
            table: try await fixture.table(), request: request, clock: fixture.clock,
            writer: WriterIdentity(id: "import", host: "test", program: "varve test"))
        (importer.layout, importer.objectsPerCommit) = (layout, 3)
        var random = SeededGenerator(seed: 77)
        return try await importer.run(try await importer.plan(), using: &random)
    }

    /// Where each event is: its payload, by topic partition and offset; a second one at the same place is an issue.
    private func contents(_ fixture: IngestFixture) async throws -> [TopicPartition: [Int64: [UInt8]]] {
        var found: [TopicPartition: [Int64: [UInt8]]] = [:]
        func note(_ source: TopicPartition, _ offset: Int64, _ value: [UInt8]) {
            let earlier = found[source, default: [:]].updateValue(value, forKey: offset)
            #expect(earlier == nil, "\(source) \(offset) is there twice")
        }
        let table = try await fixture.table()
        let envelopes = EnvelopeReader()
        for object in try await fixture.objects() {
            var next = object.offsets.first?.first ?? 0
            let span = object.offsets.first
            try await ObjectLineReader(store: fixture.store, table: table.name).forEachLine(of: object) { line in
                if object.format == .value, let span {
                    note(span.topicPartition, next, Array(line))
                    next += 1
                } else {
                    let event = try envelopes.read(line)
                    note(event.topicPartition, event.offset, event.value ?? [])
                }
                return true
            }
        }
        return found
    }

    @Test(
        "the writer goes on exactly where the imported files end: nothing is lost, nothing is there twice",
        arguments: ImportRequest.OffsetEnds.allCases)
    func takeover(how: ImportRequest.OffsetEnds) async throws {
        let fixture = try IngestFixture()
        fixture.produceOrders(2000)
        var ends: [TopicPartition: Int64] = [:]
        for (index, source) in fixture.broker.partitions().enumerated() { ends[source] = Int64(100 + 77 * index) }
        try await connect(fixture, ends.mapValues { 0..<$0 })
        let settings = try fixture.settings()
        let report = try await adopt(fixture, settings.layout, how)
        // Where the next file has to prove the end, the last one is left to the writer.
        let adopted = how == .counted ? ends : ends.mapValues { ($0 - 1) / 40 * 40 }
        #expect(report.records == adopted.values.reduce(0, +))
        #expect(try await fixture.table().head().progress.mapValues(\.next) == adopted)

        let status = try await fixture.drain(settings)
        #expect(status.tables.first?.counters.eventsCommitted == 2000 - report.records)
        fixture.produceOrders(300, from: 2000)
        try await fixture.drain(settings, seed: 2)

        let found = try await contents(fixture)
        for source in fixture.broker.partitions() {
            let produced = fixture.broker.events(of: source).map { ($0.offset, $0.value ?? []) }
            #expect(found[source] == Dictionary(uniqueKeysWithValues: produced), "\(source)")
        }
        let verified = try await TableVerifier(table: try await fixture.table(), depth: .everything).run { _, _ in }
        #expect(verified.findings.isEmpty, "\(verified.findings)")
        // What Kafka Connect writes after the writer has begun is in the table already.
        try await connect(fixture, ends.mapValues { $0..<($0 + 60) })
        #expect(try await adopt(fixture, settings.layout, how).adopted.isEmpty)
        #expect(try await contents(fixture) == found)
    }
}
