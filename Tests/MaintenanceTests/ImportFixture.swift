import Catalog
import Compression
import LakeModel
import ObjectStorage
import TestSupport

@testable import Maintenance

extension MaintenanceLake {
    /// Lines as a sink writes them: the payload alone, of events from `offset` on.
    static func payloads(_ offsets: Range<Int64>) -> String {
        offsets.map { "{\"n\":\($0),\"user\":\"u\($0 % 5)\"}\n" }.joined()
    }

    /// Puts a file as another program would; its name says how it is compressed.
    @discardableResult
    func leave(_ key: String, _ text: String) async throws -> ObjectInfo {
        let plain = Array(text.utf8)
        let bytes =
            if key.hasSuffix(".gz") {
                try gzip(plain)
            } else if key.hasSuffix(".zst") {
                try zstdCompress(plain, level: 3)
            } else {
                plain
            }
        guard let key = ObjectKey(key) else { throw CheckFailure("not a key: \(key)") }
        return try await inner.put(bytes, to: key)
    }

    /// Files of topic `orders` as Kafka Connect names them, one for each of the ranges.
    func leaveConnectFiles(_ partition: Int32, _ ranges: [Range<Int64>], hour: Int = 5) async throws {
        for range in ranges {
            let name = "orders+\(partition)+\(padded(range.lowerBound, 10)).json.gz"
            try await leave(
                "topics/orders/year=2026/month=11/day=20/hour=\(padded(hour, 2))/\(name)", Self.payloads(range))
        }
    }

    func importer(
        _ table: Table, _ layout: ImportLayout = .kafkaConnect, offsets: ImportRequest.OffsetSource = .none,
        ends: ImportRequest.OffsetEnds = .counted, from prefix: String = "topics/orders/"
    ) -> Importer {
        Importer(
            table: table, request: ImportRequest(prefix: prefix, layout: layout, offsets: offsets, ends: ends),
            clock: clock, writer: Self.writer)
    }

    @discardableResult
    func run(_ importer: Importer, seed: UInt64 = 21) async throws -> ImportReport {
        var random = SeededGenerator(seed: seed)
        return try await importer.run(try await importer.plan(), using: &random)
    }

    /// The events of a table's objects, by the reader.
    func payloadLines(_ table: Table) async throws -> [String] {
        var lines: [String] = []
        let reader = ObjectLineReader(store: table.store, table: table.name)
        for object in try await table.snapshot().objects(.everything) {
            try await reader.forEachLine(of: object) { line in
                lines.append(String(decoding: line, as: UTF8.self))
                return true
            }
        }
        return lines.sorted()
    }

    /// What is wrong with the table, by everything that can tell.
    func faults(_ table: Table) async throws -> [String] {
        let verified = try await TableVerifier(table: table, depth: .everything).run { _, _ in }
        return try await verified.findings.map { "\($0)" } + audit().map { "\($0)" }
    }
}

/// One gzip member.
func gzip(_ plain: [UInt8]) throws -> [UInt8] {
    var compressor = try BlockCompressor(codec: .gzip, level: 6)
    let target = FrameBuffer(capacityBytes: 0)
    _ = try plain.withUnsafeBytes { try compressor.compress($0, to: target) }
    return Array(target.bytes)
}

/// The lines of some payloads, as `payloadLines` gives them.
func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init).sorted() }
