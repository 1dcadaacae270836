import Catalog
import Compression
import Formats
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

@Suite("erasures of members that come again")
struct RepeatedMemberTests {
    private static let schema: [ShreddedField] = [
        .init("user", .string), .init("a", .structure([.init("user", .string)])),
        .init("m", .map(.string)), .init("l", .list(.structure([.init("user", .string)]))),
    ]
    private static let filters = BloomFilterFields(
        hasKey: true, fields: ["/user", "/a/user"].compactMap { JSONPointer($0) })

    /// Readers differ in which of them they take.
    private static let payloads = [
        #"{"user":"x","user":"u-17"}"#, #"{"user":"u-17","user":"x"}"#, #"{"user":null,"user":"u-17"}"#,
        #"{"user":null,"user":null,"\u0075ser":"u-17"}"#, #"{"user":1,"user":{"a":2},"user":"u-17"}"#,
    ]
    private static let nested = [
        #"{"a":{"user":"x"},"a":{"user":"u-17"}}"#, #"{"a":{"user":"x","user":"u-17"}}"#,
        #"{"a":null,"a":{"user":"x"},"a":{"user":"u-17"}}"#, #"{"a":7,"a":{"user":"u-17"}}"#,
        #"{"a":{"n":1},"a":{"user":null,"user":"u-17"}}"#,
    ]
    private static let others = [
        #"{"m":{"k":"x","k":"u-17"}}"#, #"{"l":[{"user":"x"}],"l":[{"user":"u-17"}]}"#,
        #"{"new":"x","new":"u-17"}"#, #"{"new":null,"new":"u-17"}"#,
    ]

    /// A table with one object of these payloads in the first hour, and one that has none of them in the second.
    private func fill(_ lake: MaintenanceLake, shreds: Bool) async throws -> Table {
        let table = try await lake.open()
        let odd = Self.payloads + Self.nested + Self.others
        let plain = Array(repeating: #"{"user":"x","a":{"user":"y"},"m":{"k":"z"}}"#, count: 20)
        let source = TopicPartition(topic: "orders", partition: 0)
        var next: Int64 = 0
        for (hour, payloads) in [odd, plain].enumerated() {
            let lines = payloads.enumerated().map { index, payload in
                #"{"topic":"orders","partition":0,"offset":\#(next + Int64(index)),"timestamp":1000,"#
                    + #""timestamp_type":"create","key":null,"value":\#(payload)}"# + "\n"
            }
            let bytes = Array(lines.joined().utf8)
            let object = try zstdCompress(bytes, level: 1)
            let path = "data/\(lake.partition(hour: hour))/o-\(hour).ndjson.zst"
            let info = try await lake.inner.put(object, to: try #require(ObjectKey("orders/\(path)")))
            let end = next + Int64(payloads.count)
            let entry = DataObject(
                path: path, partition: lake.partition(hour: hour), format: .envelope, bytes: Int64(object.count),
                uncompressedBytes: Int64(bytes.count), records: Int64(payloads.count), eventTime: nil,
                offsets: [OffsetSpan(source, first: next, last: end - 1, count: end - next)],
                checksum: Checksum(.crc64nvme, of: object), uploadedAt: info.modifiedAt)
            let range = OffsetRange(source, from: next, to: end, events: end - next)
            let change = Change(kind: .append, layout: MaintenanceLake.layout, offsets: [range], add: [entry])
            try await table.commit(change, id: lake.id(), writer: MaintenanceLake.writer)
            next = end
        }
        guard shreds else { return table }
        let outcomes = try await lake.compact(table) { policy, compactor in
            (policy.format, policy.newPercent, policy.shreds) = (.parquet, 0, true)
            compactor.shape = (try? ShreddedSchema(Self.schema)).map { .shredded($0, .rest) }
            compactor.bloomFilters = Self.filters
        }
        #expect(outcomes.count == 2 && outcomes.allSatisfy { $0.state == .done }, "\(outcomes)")
        return table
    }

    @Test("each of them counts, in lines as in columns", arguments: [false, true])
    func each(shreds: Bool) async throws {
        let lake = try MaintenanceLake(seed: 61)
        let table = try await fill(lake, shreds: shreds)
        let wanted = [
            ("user", Self.payloads.count), ("a.user", Self.nested.count), ("m.k", 1), ("l.0.user", 1), ("new", 2),
        ]
        for (field, count) in wanted {
            let request = try ErasureRequest(where: "\(field) = 'u-17'")
            var eraser = Eraser(table: table, request: request, clock: lake.clock, writer: MaintenanceLake.writer)
            (eraser.askedBytesMin, eraser.bloomFilters) = (0, Self.filters)
            var random = SeededGenerator(seed: 62)
            let report = try await eraser.run(id: lake.id(), using: &random)
            #expect(report.events == Int64(count), "\(field)")
            // What has no repeats at all is passed over by its filters; what has some in other fields never is.
            if shreds, field == "user" || field == "a.user" { #expect(report.objectsFiltered > 0, "\(field)") }
        }
        let left = try await table.snapshot().objects(.everything)
        #expect(left.reduce(0) { $0 + $1.records } == 20)
    }
}
