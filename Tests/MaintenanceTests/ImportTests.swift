import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

@Suite("import")
struct ImportTests {
    private static let folder = "topics/orders/year=2026/month=11/day=20/hour=05"

    @Test("files become objects of the table where they are, plain, gzip and zstd alike")
    func wholeWay() async throws {
        let lake = try MaintenanceLake(seed: 1)
        let odd = "{\"n\":70}\n\n  \n{\"n\":71}"
        let texts = [MaintenanceLake.payloads(0..<40), MaintenanceLake.payloads(40..<70), odd]
        for (name, text) in zip(["a.json", "b.json.gz", "c.log.zst"], texts) {
            try await lake.leave("\(Self.folder)/\(name)", text)
        }
        let table = try await lake.open()
        let importer = lake.importer(table, .hive)
        let plan = try await importer.plan()
        #expect(plan.layout.granularity == .hour)
        #expect(plan.files.map(\.key) == ["a.json", "b.json.gz", "c.log.zst"].map { "\(Self.folder)/\($0)" })
        #expect(await table.head().version == 0, "a plan changes nothing")

        let report = try await lake.run(importer)
        #expect((report.adopted.count, report.records, report.commits) == (3, 72, 1))
        let objects = try await table.snapshot().objects(.everything)
        #expect(Set(objects.compactMap(\.adopted?.compression)) == [.plain, .gzip, .zstd])
        let hour = TimeSpan(min: lake.time(hour: 5, 0), max: lake.time(hour: 5, 3_599_999))
        for object in objects {
            #expect(object.offsets.isEmpty && object.format == .value && object.eventTime == hour)
            #expect(object.partition == lake.partition(hour: 5))
        }
        #expect(try await lake.payloadLines(table) == lines(texts.joined(separator: "\n").replacing("  \n", with: "")))
        #expect(try await lake.faults(table).isEmpty)
        #expect(try await lake.listing().allSatisfy { $0.hasPrefix("orders/_varve/") }, "nothing was copied")
        #expect(try await table.commits(1...1).first?.format == 2)
    }

    @Test("importing again adopts only what is new, also after the objects and their log are gone")
    func again() async throws {
        let lake = try MaintenanceLake(seed: 2)
        let table = try await lake.open(checkpointEvery: 2)
        try await lake.leaveConnectFiles(0, [0..<10, 10..<20])
        #expect(try await lake.run(lake.importer(table)).adopted.count == 2)
        #expect(try await lake.run(lake.importer(table)).adopted.isEmpty)
        try await lake.compact(table)
        #expect(try await table.snapshot().objects(.everything).map(\.adopted) == [nil])
        lake.clock.advance(by: .seconds(40 * 86_400))
        for hour in 1...3 { try await lake.append(table, partitions: [1], hour: hour) }
        _ = try await Vacuum(table: table, clock: lake.clock).run(id: lake.id(), writer: MaintenanceLake.writer)
        #expect(try await table.commits(1...1).isEmpty, "the log of the import was collected")
        try await lake.leaveConnectFiles(0, [20..<30])
        let reopened = try await lake.open()
        #expect(try await lake.run(lake.importer(reopened)).adopted.map(\.object.records) == [10])
    }

    @Test("an import that was cut off is found again by the log: as done, or as not done")
    func cutOff() async throws {
        let lake = try MaintenanceLake(seed: 3)
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [0..<10])
        let file = try #require(try await lake.importer(table).plan().files.first)
        var ledger = AdoptionLedger(table)
        try await ledger.open(
            AdoptionRecord(commit: lake.id(), after: 0, files: [.init(key: file.key, path: file.path)]))
        var fresh = AdoptionLedger(table)
        try await fresh.refresh()
        #expect(!fresh.contains(file.key), "its commit did not happen")

        // The commit happened, and the record was not closed.
        let object = try await ForeignFileReader(store: table.store, layout: .kafkaConnect).describe(file)
        let id = lake.id()
        try await ledger.open(AdoptionRecord(commit: id, after: 0, files: [.init(key: file.key, path: file.path)]))
        try await table.commit(
            Change(kind: .adopt, layout: MaintenanceLake.layout, add: [object]), id: id,
            writer: MaintenanceLake.writer)
        try await fresh.refresh()
        #expect(fresh.contains(file.key))
        #expect(try await lake.run(lake.importer(table)).adopted.isEmpty)
    }

    /// An open record of the only file, and its commit, for someone to do now or later.
    private func opened(
        _ lake: MaintenanceLake
    ) async throws -> (table: Table, key: String, commit: () async throws -> Void) {
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [0..<10])
        let file = try #require(try await lake.importer(table).plan().files.first)
        let object = try await ForeignFileReader(store: table.store, layout: .kafkaConnect).describe(file)
        let id = lake.id()
        var ledger = AdoptionLedger(table)
        try await ledger.open(AdoptionRecord(commit: id, after: 0, files: [.init(key: file.key, path: file.path)]))
        return (
            table, file.key,
            {
                try await table.commit(
                    Change(kind: .adopt, layout: MaintenanceLake.layout, add: [object]), id: id,
                    writer: MaintenanceLake.writer)
            }
        )
    }

    @Test("a commit that comes after another import looked for it is found, though its own import never closes it")
    func lateCommit() async throws {
        let lake = try MaintenanceLake(seed: 31)
        let (table, key, commit) = try await opened(lake)
        var other = AdoptionLedger(try await lake.open())
        try await other.refresh()
        #expect(!other.contains(key))
        try await commit()
        try await other.refresh()
        #expect(other.contains(key))
        var fresh = AdoptionLedger(try await lake.open())
        try await fresh.refresh()
        #expect(fresh.contains(key))
        #expect(try await lake.run(lake.importer(table)).adopted.isEmpty)
    }

    @Test("a commit that did not happen for a day is settled, so that the log need not be kept for it")
    func settled() async throws {
        let lake = try MaintenanceLake(seed: 32)
        let (table, key, _) = try await opened(lake)
        lake.clock.advance(by: .seconds(86_400))
        var ledger = AdoptionLedger(table)
        try await ledger.refresh()
        #expect(!ledger.contains(key))
        let listed = try #require(try await lake.inner.listAll(prefix: AdoptionLedger.prefix(table.name)).first)
        let bytes = try await lake.inner.get(listed.key, range: nil, bytesMax: 1 << 20).bytes
        #expect(try AdoptionRecord.decode(bytes, place: "record").version == 0)
    }

    @Test("a record with versions that no table has is none", arguments: [Int64.min, -1, .max])
    func impossibleRecord(after: Int64) async throws {
        let id = try #require(CommitID("00112233445566778899aabbccddeeff"))
        let record = AdoptionRecord(commit: id, after: after, files: [])
        #expect(throws: ReadError.self) { try AdoptionRecord.decode(record.encoded(), place: "record") }
    }

    @Test("a crash at any request leaves whole commits, and the next run does the rest")
    func crashes() async throws {
        var step = 0
        var wasCut = true
        while wasCut {
            let lake = try MaintenanceLake(seed: UInt64(step))
            try await lake.leaveConnectFiles(0, [0..<4, 4..<8, 8..<12, 12..<16, 16..<20])
            lake.store.setRules([FaultRule(.denied, calls: Set((step + 1)...10_000))])
            do {
                var importer = lake.importer(try await lake.open(), offsets: .fromNames)
                importer.objectsPerCommit = 2
                try await lake.run(importer)
                wasCut = false
            } catch {
                lake.store.setRules([])
            }
            lake.store.setRules([])
            let table = try await lake.open()
            try await lake.run(lake.importer(table, offsets: .fromNames), seed: 22)
            #expect(try await lake.payloadLines(table) == lines(MaintenanceLake.payloads(0..<20)), "step=\(step)")
            #expect(try await lake.faults(table).isEmpty, "step=\(step)")
            step += 1
        }
        #expect(step > 10)
    }

    @Test(
        "what cannot be adopted is passed over with its reason, and the rest is adopted",
        arguments: [
            ("a.json", "{\"n\":1}\n{\"n\":", "event 2 is not JSON"),
            ("a.json", "{\"n\":1}{\"n\":2}", "event 1 is not JSON"),
            ("a.json", "\u{FEFF}{\"n\":1}", "it begins with a byte order mark, which JSON has not"),
            ("a.json", "\n \n", "it holds no events"),
            ("a.json", "PAR1....PAR1", "files of format parquet are not adopted"),
        ])
    func unreadable(name: String, text: String, reason: String) async throws {
        let lake = try MaintenanceLake(seed: 4)
        try await lake.leave("\(Self.folder)/\(name)", text)
        try await lake.leave("\(Self.folder)/good.json", "{}\n")
        let table = try await lake.open()
        let report = try await lake.run(lake.importer(table, .hive))
        #expect(report.passedOver.map(\.reason) == [reason])
        #expect(report.adopted.map(\.object.records) == [1])
        #expect(try await lake.faults(table).isEmpty)
    }

    @Test("a batch that is one JSON array is not taken for one event, where lists of events are written so")
    func oneArray() async throws {
        let lake = try MaintenanceLake(seed: 13)
        let texts = ["a": " [{\"n\":1},{\"n\":2}]\n", "b": "[1]\n[2]\n", "c": "{\"n\":[1]}", "d": "[]"]
        for (name, text) in texts { try await lake.leave("\(Self.folder)/orders+0+1\(name).json", text) }
        for layout in [ImportLayout.hive, .vector] {
            let report = try await lake.run(lake.importer(try await lake.open(), layout))
            #expect(report.passedOver.map { String($0.file.key.suffix(6)) } == ["a.json", "d.json"])
        }
        try await lake.leave("topics/other/year=2026/month=11/day=20/hour=05/orders+0+7.json", "[1]\n")
        let importer = lake.importer(try await lake.open(), from: "topics/other/")
        #expect(try await lake.run(importer).adopted.map(\.object.records) == [1])
    }

    @Test("a file that the store has archived is passed over, and the rest is adopted")
    func archived() async throws {
        let lake = try MaintenanceLake(seed: 9)
        for name in ["a", "b", "c"] { try await lake.leave("\(Self.folder)/\(name).json", "{}\n") }
        lake.store.setRules([FaultRule(.archived, on: [.get], keyContains: "b.json")])
        let report = try await lake.run(lake.importer(try await lake.open(), .hive))
        #expect(report.passedOver.map(\.reason) == ["restore it first (injected)"])
        #expect(report.adopted.count == 2)
    }

    @Test("keys that no lake can name are counted")
    func leftOut() async throws {
        struct OddStore: ForwardingStore {
            let inner: any ObjectStore

            func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
                var page = try await inner.list(request)
                if request.prefix == "topics/orders/" { page.leftOut = 3 }
                return page
            }
        }
        let clock = SleepingClock()
        let lake = try MaintenanceLake(seed: 10, store: OddStore(inner: MemoryObjectStore(clock: clock)))
        try await lake.leave("\(Self.folder)/a.json", "{}\n")
        #expect(try await lake.importer(try await lake.open(), .hive).plan().leftOut == 3)
    }

    @Test("a table's folder is known, and what was adopted, where the listing begins with an empty page")
    func emptyPage() async throws {
        /// As where the first key is a folder marker.
        struct MarkedStore: ForwardingStore {
            let inner: any ObjectStore

            func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
                guard request.keysMax == 1 else { return try await inner.list(request) }
                guard request.continuation != nil else { return ListPage(objects: [], next: "marker") }
                var request = request
                if request.continuation == "marker" { request.continuation = nil }
                return try await inner.list(request)
            }
        }
        let clock = SleepingClock()
        let lake = try MaintenanceLake(seed: 11, store: MarkedStore(inner: MemoryObjectStore(clock: clock)))
        let table = try await lake.open()
        #expect(try await !table.hasAdopted())
        try await lake.leave("\(Self.folder)/a.json", "{}\n")
        try await lake.run(lake.importer(table, .hive))
        #expect(try await table.hasAdopted())
        try await lake.leave("clicks/_varve/head.json", "{}\n")
        try await lake.leave("clicks/data/year=2026/month=11/day=20/hour=05/a.json", "{}\n")
        let importer = lake.importer(table, .hive, from: "clicks/data/")
        await #expect(throws: MaintenanceError.self) { try await importer.plan() }
    }

    @Test("a file that is cut inside of its compression is passed over", arguments: ["a.json.gz", "a.json.zst"])
    func cutFile(name: String) async throws {
        let lake = try MaintenanceLake(seed: 5)
        let key = try #require(ObjectKey("\(Self.folder)/\(name)"))
        try await lake.leave(key.description, MaintenanceLake.payloads(0..<500))
        let whole = try await lake.inner.get(key, range: nil, bytesMax: 1 << 20).bytes
        _ = try await lake.inner.put(Array(whole.dropLast(whole.count / 3)), to: key)
        let report = try await lake.run(lake.importer(try await lake.open(), .hive))
        #expect(report.adopted.isEmpty && report.passedOver.count == 1)
    }

    @Test("a folder without dates is filed under the store's time where that is asked for")
    func undated() async throws {
        let lake = try MaintenanceLake(seed: 6)
        try await lake.leave("topics/orders/partition=0/orders+0+0000000000.json", MaintenanceLake.payloads(0..<3))
        let table = try await lake.open()
        var importer = lake.importer(table, offsets: .fromNames)
        #expect(try await importer.plan().files.isEmpty)
        importer = Importer(
            table: table,
            request: ImportRequest(
                prefix: "topics/orders/", layout: .kafkaConnect, offsets: .fromNames, ends: .counted,
                undated: .modified),
            clock: lake.clock, writer: MaintenanceLake.writer)
        let object = try #require(try await lake.run(importer).adopted.first?.object)
        #expect(object.partition == PartitionPath(date: lake.clock.start.day, hour: 5, shard: 0))
        #expect(object.eventTime == nil)
    }

    @Test("folders that tell days only make a table by day, and are not for one by hour")
    func days() async throws {
        let lake = try MaintenanceLake(seed: 7)
        try await lake.leave("topics/orders/dt=2026-11-20/a.json", "{}\n")
        let table = try await lake.open()
        #expect(try await lake.importer(table, .hive).plan().layout.granularity == .day)
        try await lake.append(table)
        let plan = try await lake.importer(table, .hive).plan()
        #expect(
            plan.items.map(\.verdict) == [.passOver("its folders tell a day, but the table is partitioned by hour")])
    }

    @Test(
        "files that tell no date, empty ones and folder markers do not make a table by day",
        arguments: [
            ("topics/orders/notes.txt", "{}\n"), ("topics/orders/year=2026_$folder$", ""),
            ("topics/orders/dt=2026-11-20/empty.json", ""),
        ])
    func stray(key: String, text: String) async throws {
        let lake = try MaintenanceLake(seed: 11)
        try await lake.leave("\(Self.folder)/a.json", "{}\n")
        try await lake.leave(key, text)
        let table = try await lake.open()
        #expect(try await lake.importer(table, .hive).plan().layout.granularity == .hour)
        #expect(try await lake.run(lake.importer(table, .hive)).adopted.map(\.object.partition.hour) == [5])
    }

    @Test("a time zone that is not the table's is refused, be it there or in its settings")
    func zone() async throws {
        let lake = try MaintenanceLake(seed: 12)
        try await lake.leave("\(Self.folder)/a.json", "{}\n")
        let table = try await lake.open()
        var importer = lake.importer(table, .hive)
        importer.zone = "Europe/Berlin"
        #expect(try await importer.plan().layout.zone == "Europe/Berlin")
        importer.layout = MaintenanceLake.layout
        await #expect(throws: MaintenanceError.self) { try await importer.plan() }
        importer.layout = nil
        try await lake.append(table)
        await #expect(throws: MaintenanceError.self) { try await importer.plan() }
        importer.zone = "UTC"
        #expect(try await importer.plan().files.count == 1)
    }

    @Test("a table's own folder is not imported from", arguments: ["orders/", "orders/data/", "other/", "", "a//"])
    func ownFolder(prefix: String) async throws {
        let lake = try MaintenanceLake(seed: 8)
        let table = try await lake.open()
        try await lake.leave("other/_varve/log/00000000000000000001.json", "{}\n")
        await #expect(throws: MaintenanceError.self) {
            try await lake.importer(table, .hive, from: prefix).plan()
        }
    }
}
