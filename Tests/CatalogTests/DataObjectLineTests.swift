@testable import Catalog
import Foundation
import LakeModel
import TestSupport
import Testing

@Suite("Manifest lines")
struct DataObjectLineTests {
    private func samples() throws -> [DataObject] {
        let bench = try Bench()
        var plain = bench.object(orders0, first: 0, count: 10)
        var odd = bench.object(orders1, first: 1 << 40, count: 1, hour: 31, side: .deadLetter)
        odd.offsets = []
        odd.eventTime = nil
        odd.tags = ["late", "quote\"back\\slash/", "tab\t\u{8}\u{c}\r\n\u{1}\u{1f}\u{7f}", "ünïcode 🌊 \u{2028}"]
        odd.schemaID = "registry:7"
        odd.partition.hour = nil
        odd.format = .parquet
        var adopted = bench.object(orders0, first: 20, count: 5)
        adopted.format = .value
        adopted.adopted = AdoptedFile(key: "topics/ü \"a\"/b+0+20.json.gz", compression: .gzip)
        plain.offsets.append(
            OffsetSpan(TopicPartition(topic: "z", partition: .max), first: 0, last: .max - 1, count: 1))
        return [plain, odd, bench.object(orders0, first: 0, count: 1, side: .late), adopted]
    }

    private func read(_ bytes: [UInt8]) throws(CatalogError) -> [DataObject] {
        try ManifestCodec.decode(bytes, place: "test")
    }

    @Test("a line is what the plain encoder writes, byte for byte, and reads back the same")
    func roundTrip() throws {
        for object in try samples() {
            let line = ManifestCodec.encode([object])
            #expect(line == (try CatalogJSON.encode(object)))
            #expect(try read(line) == [object])
            #expect(try CatalogJSON.decodeLine(DataObject.self, from: line, place: "test") == object)
        }
        #expect(try read(ManifestCodec.encode(samples())) == samples())
        #expect(try read([]).isEmpty)
    }

    @Test("keys come in any order, with spaces, and with escapes in strings")
    func anyOrder() throws {
        let object = try samples()[2]
        let line = String(decoding: ManifestCodec.encode([object]), as: UTF8.self)
        let swapped = line.replacing("{\"bytes\":40,", with: "{ ").replacing("}\n", with: " , \"bytes\" : 40 }\n")
            .replacing("data/", with: "data\\/").replacing("\"topic\":\"orders\"", with: "\"topic\":\"\\u006frders\"")
        #expect(swapped != line)
        #expect(try read(Array(swapped.utf8)) == [object])
    }

    @Test(
        "a fault is refused with its line and reason",
        arguments: [
            ("\"bytes\":40", "\"bytes\":4.5"), ("\"bytes\":40", "\"bytes\":4e1"), ("\"bytes\":40", "\"bytes\":040"),
            ("\"bytes\":40", "\"bytes\":99999999999999999999"), ("\"bytes\":40", "\"bytes\":-9223372036854775809"),
            ("\"bytes\":40", "\"bytes\":\"40\""), ("\"bytes\":40,", ""), ("\"bytes\":40", "\"bytes\":40,\"bytes\":40"),
            ("\"bytes\":40", "\"bytes\":40,\"more\":1"), ("\"bytes\":40", "\"bytes\":null"),
            ("\"shard\":0", "\"shard\":65536"),
            ("\"hour\":0", "\"hour\":24"), ("\"side\":\"late\"", "\"side\":\"left\""), ("2026-11-21\"", "2026-02-30\""),
            ("\"topic\":\"orders\"", "\"topic\":\"\\ud800\""), ("\"topic\":\"orders\"", "\"topic\":\"\\x\""),
            ("\"partition\":0,", "\"partition\":2147483648,"), ("}\n", "}}\n"), ("}\n", "\n"), ("}\n", "}"),
            ("\"tags\":[]", "\"tags\":[,]"), ("\"tags\":[]", "\"tags\":[\"a\",]"), ("\"tags\":[]", "\"tags\":{}"),
        ])
    func faults(find: String, replace: String) throws {
        let line = String(decoding: ManifestCodec.encode([try samples()[2]]), as: UTF8.self)
        let range = try #require(line.range(of: find, options: .backwards) ?? line.firstRange(of: find))
        let broken = line.replacingCharacters(in: range, with: replace)
        #expect(broken != line)
        do {
            _ = try read(Array(broken.utf8))
            Issue.record("accepted: \(broken)")
        } catch .corrupt(let place, let reason) {
            #expect(place == "test")
            #expect(reason.hasPrefix("line 1: ") || reason.hasPrefix("line 2: "))
        } catch {
            Issue.record(error)
        }
    }

    @Test("random damage is refused or read, and never traps", arguments: [UInt64](1...4))
    func mutations(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let clean = ManifestCodec.encode(try samples())
        let alphabet = Array("{}[]\",:\\u0123456789-+.eEtfn \u{0}\u{7f}".utf8) + [0x80, 0xC3, 0xFF]
        for _ in 0..<1500 {
            var bytes = clean
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = alphabet.randomElement(using: &random) ?? 0
                case 1: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: at)
                case 2: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...30, using: &random)))
                default: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            guard let objects = try? read(bytes) else { continue }
            // What is accepted is a value like any other: it survives a round trip.
            #expect(try read(ManifestCodec.encode(objects)) == objects, "seed=\(seed)")
        }
    }
}
