import Catalog
import Foundation
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import varve

@Suite("varve verify")
struct VerifyTests {
    private static let path = "data/date=2026-11-21/hour=04/shard=0001/orders-1-60.ndjson.zst"

    @Test("a sound lake has no findings", arguments: [[], ["--deep"]])
    func sound(flags: [String]) async throws {
        let lake = try await SmallLake()
        let outcome = await runVarve(["verify", "--lake", lake.url, "--output", "csv"] + flags)
        #expect(outcome.status == .success, "\(outcome.output)")
        #expect(outcome.output == "table,kind,place,finding\n")
        #expect(outcome.errors.contains("orders: version 3, 5 objects, 241 records"))
    }

    @Test("a lake without tables is not a sound one; a table of the configuration that it lacks is named")
    func noTables() async throws {
        let directory = try TemporaryDirectory("varve-verify")
        let outcome = await runVarve(["verify", "--lake", "file://\(directory.path)"])
        #expect(outcome.status == .noInput)
        #expect(outcome.errors == "varve: no tables are there: file://\(directory.path): check the lake's URL\n")
        let lake = try await SmallLake()
        let files = ["v.yaml": "tables: [{ name: orders }, { name: clicks }]\n"]
        let configured = await runVarve(["verify", "--lake", lake.url, "--config", "v.yaml"], files: files)
        #expect(configured.status == .success)
        #expect(configured.errors.contains("the configuration has a table clicks, the lake has none"))
        #expect(!configured.errors.contains("a table orders"))
    }

    @Test("a missing object is a finding and status 1")
    func missing() async throws {
        let lake = try await SmallLake()
        try lake.remove(Self.path)
        let outcome = await lake.run("verify", "orders", "--output", "csv")
        #expect(outcome.status == .checkFailed)
        #expect(
            outcome.output.split(separator: "\n").dropFirst() == [
                "orders,missing_object,\(Self.path),the store does not have it"
            ])
    }

    @Test("a truncated object is found by its size alone")
    func truncated() async throws {
        let lake = try await SmallLake()
        try lake.damage(Self.path) { $0.removeLast(3) }
        let outcome = await lake.run("verify", "orders", "--output", "csv")
        #expect(outcome.status == .checkFailed)
        #expect(outcome.output.contains("orders,damaged_object,\(Self.path),\"it has 548 bytes, not 551\""))
    }

    @Test(
        "an object that is too short is one finding of a deep check too, and the others are read",
        arguments: [0, 20, 548])
    func short(bytes: Int) async throws {
        let lake = try await SmallLake()
        try lake.damage(Self.path) { $0.removeLast($0.count - bytes) }
        let outcome = await lake.run("verify", "orders", "--deep", "--output", "csv")
        #expect(outcome.status == .checkFailed, "\(outcome.errors)")
        #expect(
            outcome.output.split(separator: "\n").dropFirst() == [
                "orders,damaged_object,\(Self.path),\"it has \(bytes) bytes, not 551\""
            ])
        let read = await lake.run("cat", "orders")
        #expect(read.status == .dataError && read.errorLines.count == 1, "\(read.errors)")
    }

    @Test("a flipped bit is found only by reading everything")
    func flipped() async throws {
        let lake = try await SmallLake()
        try lake.damage(Self.path) { $0[$0.count / 2] ^= 1 }
        #expect(await lake.run("verify", "orders").status == .success)
        let outcome = await lake.run("verify", "orders", "--deep", "--output", "csv")
        #expect(outcome.status == .checkFailed)
        #expect(outcome.output.contains("orders,damaged_object,\(Self.path)"))
    }

    @Test("an object that holds other offsets than the catalog says is found, and so is a double")
    func doubled() async throws {
        let lake = try await SmallLake()
        // The bytes of hour 03 in the place of hour 04, with the catalog's sizes made to fit by a commit of its own.
        let table = try await lake.open()
        let first = try #require(try await table.snapshot().objects().first { $0.path.contains("hour=03/shard=0001") })
        var copy = first
        copy.path = first.path.replacing("hour=03", with: "hour=06")
        copy.partition.hour = 6
        copy.offsets = [OffsetSpan(lake.source(1), first: 120, last: 179, count: 60)]
        let source = try #require(ObjectKey("orders/\(first.path)"))
        let target = try #require(ObjectKey("orders/\(copy.path)"))
        copy.uploadedAt = try await lake.store.copy(source, to: target, options: PutOptions()).modifiedAt
        let range = OffsetRange(lake.source(1), from: 120, to: 180, events: 60, watermark: lake.time(179))
        try await table.commit(
            Change(kind: .append, offsets: [range], add: [copy]), id: lake.id(4), writer: SmallLake.writer)

        #expect(await lake.run("verify", "orders").status == .success)
        let outcome = await lake.run("verify", "orders", "--deep", "--output", "csv")
        #expect(outcome.status == .checkFailed)
        #expect(outcome.output.contains("not 60 at 120 to 179"))
        #expect(outcome.output.contains("60 events of orders/1 are in another object too, the first at offset 0"))
    }

    @Test("a log entry that counts other events than its objects hold is a finding")
    func damagedLog() async throws {
        let lake = try await SmallLake()
        let entry = "\(lake.directory.path)/orders/_varve/log/00000000000000000002.json"
        let text = try String(contentsOfFile: entry, encoding: .utf8)
        let changed = text.replacing("\"events\":61", with: "\"events\":60")
        #expect(changed != text)
        try changed.write(toFile: entry, atomically: true, encoding: .utf8)
        let outcome = await lake.run("verify", "orders", "--output", "csv")
        #expect(outcome.status == .checkFailed)
        #expect(outcome.output.contains("orders,catalog,version 2,"))
    }
}
