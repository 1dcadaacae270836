import Catalog
import LakeModel
import ObjectStorage
import Testing

@Suite("Lakes and names")
struct LakeTests {
    @Test("tables are found by their control folder, whatever else lies in the lake")
    func tables() async throws {
        let bench = try Bench()
        let names = ["a", "a-b", "a.b", "a-b-c", "a0", "orders", "orders-eu", "orders_eu", "Z", "z"]
        for name in names {
            let table = try await Table.open(
                try TableName.parse(name), in: bench.store, clock: bench.clock, logger: quiet)
            for _ in 0..<3 { try await bench.append(table) }
            for index in 0..<40 { try await bench.store.set("\(name)/data/\(index)", [1]) }
        }
        for index in 0..<1500 { try await bench.store.set("photos/2026/\(index).jpg", [1]) }
        try await bench.store.set("README", [1])
        let lake = Lake(store: bench.store, clock: bench.clock, logger: quiet)
        #expect(
            try await lake.tables().map(\.description)
                == names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        #expect(try await lake.openExisting(TableName.parse("a.b")).head().version == 3)
        await #expect(throws: CatalogError.self) { try await lake.openExisting(TableName.parse("photos")) }
        let empty = Lake(store: TinyStore(), clock: bench.clock, logger: quiet)
        #expect(try await empty.tables().isEmpty)
    }

    @Test(
        "a table name stays in its folder and leaves side tables alone",
        arguments: [
            "", ".", "..", "_varve", ".hidden", "a/b", "a b", "a\n", "ä", "orders.late", "orders.dead_letter", "a.",
            "-a",
            String(repeating: "a", count: 201), "a\u{0}", "%2e%2e", "a\\b", "orders.late.late",
        ])
    func badNames(name: String) {
        #expect(TableName(name) == nil)
        #expect(throws: CatalogError.self) { try TableName.parse(name) }
    }

    @Test("addresses name a table and a side")
    func addresses() throws {
        #expect(try TableAddress.parse("orders").side == .main)
        #expect(try TableAddress.parse("orders.v2.late").table.description == "orders.v2")
        #expect(try TableAddress.parse("orders.dead_letter").side == .deadLetter)
        #expect(try TableAddress.parse("orders.dead_letter").description == "orders.dead_letter")
        for text in ["", ".late", "_x.late", "orders.late.late"] {
            #expect(throws: CatalogError.self) { try TableAddress.parse(text) }
        }
    }

    enum Damage: String, CaseIterable {
        case cut = "not readable as JSON"
        case wrongVersion = "it says version 7"
        case fork = "its parent is"
        case gap = "it is missing, but later entries exist"
        case offsets = "it takes orders/0 from offset 21"
        case noKind = "kind is missing"
        case wrongType = "version has the wrong type"
    }

    @Test("a log entry that breaks the chain is reported with its place and reason", arguments: Damage.allCases)
    func corrupt(_ damage: Damage) async throws {
        let bench = try Bench()
        let table = try await bench.open()
        for _ in 0..<6 { try await bench.append(table) }
        let key = "orders/_varve/log/00000000000000000003.json"
        let text = String(decoding: try #require(try await bench.store.bytes(key)), as: UTF8.self)
        let broken: String? =
            switch damage {
            case .cut: String(text.prefix(text.count / 2))
            case .wrongVersion: text.replacing("\"version\":3", with: "\"version\":7")
            case .fork: text.replacing(/"parent":"[0-9a-f]{32}"/, with: "\"parent\":\"\(bench.id())\"")
            case .gap: nil
            case .offsets: text.replacing("\"from\":20", with: "\"from\":21")
            case .noKind: text.replacing("\"kind\":\"append\",", with: "")
            case .wrongType: text.replacing("\"version\":3", with: "\"version\":\"3\"")
            }
        #expect(broken != text)
        try await bench.store.set(key, broken.map { Array($0.utf8) })
        let refusal = await refusal { try await bench.open() }
        guard case .corrupt(let place, let reason) = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(place == "log entry \(key)")
        #expect(reason.contains(damage.rawValue), "\(reason)")
    }

    @Test(
        "a lake of a newer program is refused in one line, wherever it is met",
        arguments: [
            "log/00000000000000000005.json", "latest.json", "boundary.json",
        ])
    func newer(file: String) async throws {
        let bench = try Bench()
        let table = try await bench.open { $0.checkpointEvery = 4 }
        for _ in 0..<6 { try await bench.append(table) }
        try await table.collectLog(through: 2, unusedSince: bench.store.now)
        let key = "orders/_varve/\(file)"
        let text = String(decoding: try #require(try await bench.store.bytes(key)), as: UTF8.self)
        try await bench.store.set(
            key,
            Array(
                text.replacing("\"format\":1,", with: "\"format\":3,").replacing(
                    "\"format\":1}", with: "\"format\":3}"
                ).utf8))
        let refusal = await refusal { try await bench.open() }
        #expect(refusal?.description.hasSuffix("has format 3, which is newer than this program; upgrade varve") == true)
    }
}
