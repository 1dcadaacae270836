import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

@Suite("offsets looked up by an object's seek table")
struct OffsetSearchTests {
    private static let source = TopicPartition(topic: "orders", partition: 2)

    /// An object of offsets 1000 to 4999 in the order given, in frames of about 20 lines.
    private func object(
        in lake: MaintenanceLake, _ offsets: [Int64], change: (inout [UInt8]) -> Void = { _ in }
    ) async throws -> DataObject {
        let encoder = try LineRowEncoder(EncodingOptions(frameBytes: 4096))
        for offset in offsets {
            let line = lake.line(Self.source, offset, hour: 1, side: .main).dropLast()
            try Array(line.utf8).withUnsafeBytes { try encoder.append(StoredRow(line: $0, front: nil)) }
        }
        try encoder.finish()
        var bytes = encoder.takeReady().flatMap(\.self)
        change(&bytes)
        let path = "data/\(lake.partition(hour: 1))/x.ndjson.zst"
        let info = try await lake.inner.put(bytes, to: try #require(ObjectKey("orders/\(path)")))
        let span = OffsetSpan(Self.source, first: 1000, last: 4999, count: Int64(offsets.count))
        return DataObject(
            path: path, partition: lake.partition(hour: 1), format: .envelope, bytes: Int64(bytes.count),
            uncompressedBytes: encoder.uncompressedBytes, records: Int64(offsets.count), eventTime: nil,
            offsets: [span], checksum: Checksum(.crc64nvme, of: bytes), uploadedAt: info.modifiedAt)
    }

    private func read(_ lake: MaintenanceLake, _ object: DataObject, _ wanted: Range<Int64>) async throws -> [Int64] {
        var reader = ObjectLineReader(store: lake.store, table: lake.name)
        (reader.chunkBytes, reader.offsets) = (512, wanted)
        var coordinates = CoordinateReader()
        var found: [Int64] = []
        try await reader.forEachLine(of: object) { line in
            if let (_, offset) = coordinates.read(line), wanted.contains(offset) { found.append(offset) }
            return true
        }
        return found
    }

    @Test("one large event of one byte over and over is read back as it was written, wherever it is looked for")
    func endless() async throws {
        let lake = try MaintenanceLake(seed: 51)
        let encoder = try LineRowEncoder(EncodingOptions(frameBytes: 4096))
        let letters = String(repeating: "a", count: 40 << 20)
        for offset in [1000, 4999] as [Int64] {
            let line = lake.line(Self.source, offset, hour: 1, side: .main).dropLast(3) + ",\"x\":\"\(letters)\"}}"
            try Array(line.utf8).withUnsafeBytes { try encoder.append(StoredRow(line: $0, front: nil)) }
        }
        try encoder.finish()
        let bytes = encoder.takeReady().flatMap(\.self)
        let path = "data/\(lake.partition(hour: 1))/x.ndjson.zst"
        let info = try await lake.inner.put(bytes, to: try #require(ObjectKey("orders/\(path)")))
        let object = DataObject(
            path: path, partition: lake.partition(hour: 1), format: .envelope, bytes: Int64(bytes.count),
            uncompressedBytes: encoder.uncompressedBytes, records: 2, eventTime: nil,
            offsets: [OffsetSpan(Self.source, first: 1000, last: 4999, count: 2)],
            checksum: Checksum(.crc64nvme, of: bytes), uploadedAt: info.modifiedAt)
        var lines = 0
        try await ObjectLineReader(store: lake.store, table: lake.name).forEachLine(of: object) { _ in
            lines += 1
            return true
        }
        #expect(lines == 2)
        #expect(try await read(lake, object, 4999..<5000) == [4999])
    }

    @Test(
        "what is wanted is read, and little else",
        arguments: [
            (1000..<1001, 1000..<1001), (4999..<9000, 4999..<5000), (0..<1010, 1000..<1010), (2345..<2400, 2345..<2400),
            (3000..<3900, 3000..<3900),
        ] as [(Range<Int64>, Range<Int64>)])
    func sorted(wanted: Range<Int64>, expected: Range<Int64>) async throws {
        let lake = try MaintenanceLake(seed: 50)
        let object = try await object(in: lake, Array(1000..<5000))
        #expect(try await read(lake, object, wanted) == Array(expected))
        // A tail, eight looks for each end, and what holds the events; 512 bytes hold more than 20 lines.
        let (calls, whole) = (lake.store.calls(.get), Int(object.bytes / 512))
        #expect(calls <= 19 + expected.count / 20 && calls < whole, "\(calls) of \(whole) requests")
    }

    @Test("an object that is sorted by something else gives the same events", arguments: [UInt64](1...20))
    func shuffled(seed: UInt64) async throws {
        let lake = try MaintenanceLake(seed: seed)
        var random = SeededGenerator(seed: seed)
        let object = try await object(in: lake, Array(1000..<5000).shuffled(using: &random))
        let first = Int64.random(in: 900..<5100, using: &random)
        let wanted = first..<(first + Int64.random(in: 0..<2000, using: &random))
        let expected = Array(wanted.clamped(to: 1000..<5000))
        #expect(try await read(lake, object, wanted).sorted() == expected, "seed \(seed)")
    }

    @Test("gaps, other formats and small objects are read whole; so is an object whose table is gone")
    func whole() async throws {
        let lake = try MaintenanceLake(seed: 51)
        let wanted: Range<Int64> = 2000..<2010
        let reader = ObjectLineReader(store: lake.store, table: lake.name)
        let gap = try await object(in: lake, (1000..<5000).filter { $0 != 3000 })
        var small = reader
        small.chunkBytes = 512
        #expect(OffsetSearch(gap, wanted, reader: small) == nil)
        #expect(try await read(lake, gap, wanted) == Array(wanted))
        let cut = try await object(in: lake, Array(1000..<5000)) { $0.removeLast(9) }
        #expect(OffsetSearch(cut, wanted, reader: reader) == nil, "one request is as good")
        #expect(OffsetSearch(cut, 1000..<4000, reader: small) == nil, "most of it is wanted")
        #expect(try await read(lake, cut, wanted) == Array(wanted))
    }

    @Test("a part that is damaged is an error, and one that holds other events than its entry says")
    func damaged() async throws {
        let lake = try MaintenanceLake(seed: 52)
        let flipped = try await object(in: lake, Array(1000..<5000)) { $0[$0.count / 2] ^= 0x10 }
        await #expect(throws: ReadError.self) { try await read(lake, flipped, 2500..<3500) }
        let twice = try await object(in: lake, Array(1000..<4999) + [2000])
        await #expect(throws: ReadError.self) { try await read(lake, twice, 4990..<5000) }
    }
}
