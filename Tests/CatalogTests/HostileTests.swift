import Catalog
import Compression
import LakeModel
import ObjectStorage
import Testing

/// Control files and names that somebody made to do harm.
@Suite("Hostile control files and names")
struct HostileTests {
    static let texts: [String: [UInt8]] = [
        "arrays nested 100,000 deep": Array(String(repeating: "[", count: 100_000).utf8),
        "objects nested 100,000 deep": Array(String(repeating: "{\"a\":", count: 100_000).utf8),
        "a number of a million digits": Array("{\"format\":\(String(repeating: "9", count: 1_000_000))}".utf8),
        "an exponent without end": Array("{\"format\":1,\"version\":1e999999999,\"checkpoint\":2}".utf8),
        "a fraction for a version": Array("{\"format\":1,\"version\":1.5,\"checkpoint\":2}".utf8),
        "a version below zero": Array("{\"format\":1,\"version\":-9223372036854775808,\"checkpoint\":2}".utf8),
        "a version beyond 64 bits": Array("{\"format\":1,\"version\":9223372036854775808,\"checkpoint\":2}".utf8),
        "no UTF-8": [0x7B, 0x22, 0xFF, 0xC3, 0x28, 0x22, 0x7D],
        "NUL bytes": [UInt8](repeating: 0, count: 4096),
        "nothing": [],
    ]

    @Test("a boundary that cannot be one is one error, and nothing is believed", arguments: texts.keys.sorted())
    func boundary(kind: String) async throws {
        let bench = try Bench()
        try await bench.append(try await bench.open())
        try await bench.store.set("orders/_varve/boundary.json", Self.texts[kind])
        guard case .corrupt(let place, _) = await refusal({ try await bench.open() }) else {
            Issue.record("\(kind) was taken for a boundary")
            return
        }
        #expect(place.contains("boundary.json"))
    }

    @Test("a log entry that cannot be one is one error", arguments: texts.keys.sorted())
    func entry(kind: String) async throws {
        let bench = try Bench()
        try await bench.append(try await bench.open())
        try await bench.store.set("orders/_varve/log/00000000000000000002.json", Self.texts[kind])
        guard case .corrupt = await refusal({ try await bench.open() }) else {
            Issue.record("\(kind) was taken for a commit")
            return
        }
    }

    @Test("a checkpoint list that is a bomb is refused within its limits", arguments: ["latest", "boundary"])
    func bomb(named: String) async throws {
        let bench = try Bench()
        try await bench.append(try await bench.open())
        let frame = try zstdCompress([UInt8](repeating: 0x20, count: 64 << 20), level: 19)
        let frames = Array(repeating: frame, count: 40).flatMap(\.self)
        try await bench.store.set("orders/_varve/checkpoint/00000000000000000001/list.ndjson.zst", frames)
        let control = named == "latest" ? #"{"format":1,"checkpoint":1}"# : #"{"format":1,"version":1,"checkpoint":1}"#
        try await bench.store.set("orders/_varve/\(named).json", Array(control.utf8))
        #expect(await refusal { try await bench.open() } != nil)
    }

    @Test(
        "an object whose event times no entry could be read with is refused",
        arguments: [Int64.min, -62_167_219_200_001, 253_402_300_800_000, .max])
    func times(milliseconds: Int64) async throws {
        let bench = try Bench()
        let table = try await bench.open()
        var change = appending(objectNamed: "a", bench)
        let time = Timestamp(milliseconds: milliseconds)
        change.add[0].eventTime = TimeSpan(min: time, max: time)
        let refused = await refusal { [change] in
            try await table.commit(change, id: bench.id(), writer: anyWriter)
        }
        guard case .invalid = refused else {
            Issue.record("\(time) was taken")
            return
        }
        #expect(try await bench.store.keys.isEmpty)
    }

    @Test(
        "an object whose name leaves its folder, or breaks a line, is refused",
        arguments: ["..", ".", "../x", "a/../../b", "a/b", "a\u{0}b", "a\r\nX-Evil: 1", "", "a\u{7F}"])
    func names(name: String) async throws {
        let bench = try Bench()
        let table = try await bench.open()
        let change = appending(objectNamed: name, bench)
        guard case .invalid = await refusal({ try await table.commit(change, id: bench.id(), writer: anyWriter) })
        else {
            Issue.record("'\(name)' was taken")
            return
        }
        #expect(try await bench.store.keys.isEmpty)
    }

    @Test(
        "what only looks like a way out is a name like any other", arguments: ["%2e%2e", "...", "a%2Fb", "..a", "é 😀"])
    func harmless(name: String) async throws {
        let bench = try Bench()
        let table = try await bench.open()
        let change = appending(objectNamed: name, bench)
        try await table.commit(change, id: bench.id(), writer: anyWriter)
        #expect(try await bench.open().snapshot().objects().map(\.path) == change.add.map(\.path))
    }

    /// One event in an object of this name, in the folder where it belongs.
    private func appending(objectNamed name: String, _ bench: Bench) -> Change {
        var change = bench.appending(orders0, from: 0, count: 1)
        let folder = change.add[0].path.split(separator: "/").dropLast().joined(separator: "/")
        change.add[0].path = "\(folder)/\(name)"
        return change
    }

    @Test("names of tables cannot leave the lake", arguments: ["..", "../x", "a/..", "", "a\u{0}", "a\nb", "%2e%2e/x"])
    func tables(name: String) {
        #expect(TableName(name) == nil)
    }
}
