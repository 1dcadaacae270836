import Catalog
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

@Suite("import with offsets from names")
struct ImportOffsetsTests {
    @Test("spans and ranges are those of the names and lines, in commits that follow each other")
    func spans() async throws {
        let lake = try MaintenanceLake(seed: 1)
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [100..<130, 130..<135, 135..<190])
        try await lake.leaveConnectFiles(1, [0..<7])
        var importer = lake.importer(table, offsets: .fromNames)
        importer.objectsPerCommit = 2
        let report = try await lake.run(importer)
        #expect(report.commits == 2)
        let head = await table.head()
        #expect(head.next(of: lake.source(0)) == 190 && head.next(of: lake.source(1)) == 7)
        #expect(head.watermark() == nil, "folders do not tell how far event time has come")
        let spans = report.adopted.map(\.object.offsets)
        #expect(spans.first == [OffsetSpan(lake.source(0), first: 100, last: 129, count: 30)])
        #expect(try await lake.faults(table).isEmpty)
        // The files that follow are adopted where the table ends.
        try await lake.leaveConnectFiles(0, [190..<200])
        #expect(try await lake.run(importer).adopted.count == 1)
        #expect(await table.head().next(of: lake.source(0)) == 200)
        #expect(try await lake.faults(table).isEmpty)
    }

    @Test("a gap ends the import in front of it, with one line")
    func gap() async throws {
        let lake = try MaintenanceLake(seed: 2)
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [0..<10, 11..<20])
        let fault = try await lake.run(lake.importer(table, offsets: .fromNames)).fault
        let text = try #require(fault)
        #expect(text.contains("orders+0+0000000011.json.gz begins at offset 11 of orders/0, but what comes before it "))
        #expect(await table.head().next(of: lake.source(0)) == 10, "what comes before it is adopted")
        try await lake.leaveConnectFiles(0, [10..<11])
        #expect(try await lake.run(lake.importer(table, offsets: .fromNames)).adopted.count == 2)
        #expect(try await lake.faults(table).isEmpty)
    }

    @Test("a file that cannot be read is a gap too")
    func unreadable() async throws {
        let lake = try MaintenanceLake(seed: 3)
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [0..<10, 20..<30])
        try await lake.leave("topics/orders/year=2026/month=11/day=20/hour=05/orders+0+0000000010.json", "no\n")
        let fault = try await lake.run(lake.importer(table, offsets: .fromNames)).fault
        #expect(try #require(fault).contains("cannot be adopted (event 1 is not JSON)"))
        #expect(await table.head().next(of: lake.source(0)) == 10)
    }

    @Test("files that overlap each other or the table are not adopted")
    func overlap() async throws {
        let lake = try MaintenanceLake(seed: 4)
        let table = try await lake.open()
        try await lake.append(table, partitions: [0], count: 12)
        try await lake.leaveConnectFiles(0, [0..<6, 6..<12])
        let report = try await lake.run(lake.importer(table, offsets: .fromNames))
        #expect(report.adopted.isEmpty)
        #expect(report.passedOver.map(\.reason) == Array(repeating: "its offsets are in the table already", count: 2))
        try await lake.leaveConnectFiles(0, [10..<20])
        let fault = try await lake.run(lake.importer(table, offsets: .fromNames)).fault
        #expect(try #require(fault).contains("overlaps what the table holds up to 11"))
        #expect(try await lake.faults(table).isEmpty)
    }

    @Test("behind a gap no file is adopted without its offsets: the writer would read it again")
    func behindGap() async throws {
        let lake = try MaintenanceLake(seed: 6)
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [0..<10, 10..<20, 30..<40])
        let report = try await lake.run(lake.importer(table, offsets: .fromNames))
        #expect(report.fault != nil && report.adopted.count == 2, "what was committed is told with the fault")
        // One that reaches beyond where the writer goes on, and one of a topic partition that no writer has.
        try await lake.leaveConnectFiles(0, [15..<25])
        try await lake.leaveConnectFiles(1, [0..<5])
        for (layout, seed) in [(ImportLayout.kafkaConnect, 22), (.hive, 23)] as [(ImportLayout, UInt64)] {
            let again = try await lake.run(lake.importer(try await lake.open(), layout), seed: seed)
            #expect(again.adopted.allSatisfy { $0.object.adopted?.key.contains("orders+1+") ?? false })
        }
        let plan = try await lake.importer(table).plan()
        let reasons = plan.items.compactMap { if case .passOver(let reason) = $0.verdict { reason } else { nil } }
        #expect(reasons.count == 1 && reasons[0].hasPrefix("'varve run' reads orders/0 from 20 on"), "\(reasons)")
        #expect(try await table.snapshot().objects(.everything).count == 3)
        #expect(try await lake.faults(table).isEmpty)
    }

    /// A file of offsets of which some hold no event, as those of a topic with transactions.
    private func leaveSparse(_ lake: MaintenanceLake, first: Int64, events: Int64) async throws {
        try await lake.leave(
            "topics/orders/year=2026/month=11/day=20/hour=05/orders+0+\(padded(Int(first), 10)).json",
            MaintenanceLake.payloads(first..<(first + events)))
    }

    @Test("the last file of a topic partition is left to the writer, so that offsets without events double nothing")
    func last() async throws {
        let lake = try MaintenanceLake(seed: 7)
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [0..<50, 50..<100])
        try await lake.leaveConnectFiles(1, [0..<50])
        try await leaveSparse(lake, first: 100, events: 97)
        var importer = lake.importer(table, offsets: .fromNames, ends: .proved)
        importer.objectsPerCommit = 1
        let plan = try await importer.plan()
        #expect(plan.files.count == 2 && plan.items.count == 4)
        let left = plan.items.compactMap { if case .last(let source) = $0.verdict { source } else { nil } }
        #expect(left == [lake.source(0), lake.source(1)])
        let report = try await lake.run(importer)
        #expect(report.adopted.count == 2 && report.fault == nil)
        #expect(await table.head().next(of: lake.source(0)) == 100)
        // The writer reads on from there what the last file holds too.
        try await lake.append(table, partitions: [0], count: 100)
        let spans = try await table.snapshot().objects(.everything).flatMap(\.offsets).sorted { $0.first < $1.first }
        #expect(spans.map(\.first) == [0, 50, 100] && spans.map(\.last) == [49, 99, 199])
        #expect(try await lake.payloadLines(table).count == 200)
        #expect(try await lake.faults(table).isEmpty)
    }

    @Test(
        "a file whose lines do not reach the next one is not adopted either: its end is in doubt",
        arguments: [true, false])
    func doubtfulEnd(isProved: Bool) async throws {
        let lake = try MaintenanceLake(seed: 8)
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [0..<50])
        try await leaveSparse(lake, first: 50, events: 47)
        try await lake.leaveConnectFiles(0, [100..<150, 150..<200])
        let importer = lake.importer(table, offsets: .fromNames, ends: isProved ? .proved : .counted)
        let fault = try #require(try await lake.run(importer).fault)
        let proof = "up to 96 by its name and lines, but the next file begins at 100"
        #expect(fault.contains(isProved ? proof : "begins at offset 100 of orders/0"), "\(fault)")
        #expect(await table.head().next(of: lake.source(0)) == (isProved ? 50 : 97))
    }

    @Test("a file that is there twice proves nothing by its own copy")
    func copies() async throws {
        let lake = try MaintenanceLake(seed: 9)
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [0..<10, 10..<20])
        try await lake.leaveConnectFiles(0, [0..<10, 10..<20], hour: 6)
        let report = try await lake.run(lake.importer(table, offsets: .fromNames, ends: .proved))
        #expect(report.adopted.count == 1 && report.fault == nil)
        #expect(report.passedOver.map(\.reason) == ["its offsets are in the table already"])
        #expect(await table.head().next(of: lake.source(0)) == 10)
    }

    @Test("a writer that was quicker is met by the same check as any other")
    func race() async throws {
        let lake = try MaintenanceLake(seed: 5)
        let table = try await lake.open()
        try await lake.leaveConnectFiles(0, [0..<6])
        let importer = lake.importer(table, offsets: .fromNames)
        let plan = try await importer.plan()
        var random = SeededGenerator(seed: 1)
        // The importer's own head is old by then.
        let other = try await lake.open()
        try await lake.append(other, partitions: [0], count: 6)
        let report = try await importer.run(plan, using: &random)
        #expect(report.adopted.isEmpty && report.passedOver.count == 1)
        #expect(try await lake.faults(table).isEmpty)
    }
}
