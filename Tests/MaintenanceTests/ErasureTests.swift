import Catalog
import Formats
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import Maintenance

extension MaintenanceLake {
    /// Erases the events of one user (`u0` to `u4`, by offset modulo five) and tells the model.
    @discardableResult
    func erase(
        _ table: Table, user: Int64, seed: UInt64 = 5, configure: (inout Eraser) -> Void = { _ in }
    ) async throws -> ErasureReport {
        let request = try ErasureRequest(where: "user = 'u\(user)'")
        var eraser = Eraser(table: table, request: request, clock: clock, writer: Self.writer)
        configure(&eraser)
        var generator = SeededGenerator(seed: seed)
        let report = try await eraser.run(id: id(), using: &generator)
        if eraser.holds.isEmpty { forget(Set(events.keys.filter { $0.offset % 5 == user })) }
        return report
    }
}

@Suite("erasure")
struct ErasureTests {
    @Test("events of one user go from every side, all others stay as they are")
    func wholeWay() async throws {
        let lake = try MaintenanceLake(seed: 1)
        let table = try await lake.open()
        for side in TableSide.allCases { for _ in 0..<3 { try await lake.append(table, side: side) } }
        let request = try ErasureRequest(where: "user = 'u3'")
        let plan = try await Eraser(
            table: table, request: request, clock: lake.clock, writer: MaintenanceLake.writer
        ).plan(id: lake.id())
        let before = lake.events.count
        let report = try await lake.erase(table, user: 3)
        #expect(report.events == Int64(before - lake.events.count))
        #expect(plan.events == report.events)
        #expect(plan.objects.map(\.before) == report.objects.map(\.before))
        #expect(report.eventsExamined == Int64(before))
        #expect(report.objectsExamined == plan.objectsExamined)
        try await lake.check(seed: 1)
        #expect(try await lake.audit().isEmpty)
        let verified = try await TableVerifier(table: table, depth: .everything).run { _, _ in }
        #expect(verified.findings.isEmpty, "\(verified.findings)")
        #expect(try await lake.erase(table, user: 3, seed: 6).objects.isEmpty)
    }

    @Test("the version that is named is one that holds none, and what was done is told commit by commit")
    func version() async throws {
        let lake = try MaintenanceLake(seed: 4)
        let table = try await lake.open()
        for hour in 1...3 { try await lake.append(table, hour: hour) }
        let request = try ErasureRequest(where: "user = 'u3'")
        let eraser = Eraser(table: table, request: request, clock: lake.clock, writer: MaintenanceLake.writer)
        var generator = SeededGenerator(seed: 4)
        var parts: [Int] = []
        let report = try await eraser.run(
            id: lake.id(), using: &generator, committed: { parts.append($0.count) })
        #expect(report.commits.allSatisfy { $0.version <= report.version }, "\(report)")
        #expect(parts == [3] && report.objects.count == 3 && report.rounds == 2)
    }

    @Test("an object of which nothing is left is removed")
    func nothingLeft() async throws {
        let lake = try MaintenanceLake(seed: 2)
        let table = try await lake.open()
        try await lake.append(table, partitions: [0], count: 1)
        let report = try await lake.erase(table, user: 0)
        #expect(report.objects.map(\.after) == [nil])
        #expect(try await table.snapshot().objects(.everything).isEmpty)
        #expect(try await lake.audit().isEmpty)
    }

    @Test("held objects are reported and stay")
    func holds() async throws {
        let lake = try MaintenanceLake(seed: 3)
        let table = try await lake.open()
        let object = try await lake.append(table, tags: ["case"])
        let report = try await lake.erase(table, user: 1) { $0.holds = [LegalHold(name: "h", tags: ["case"])] }
        #expect(report.held.map(\.before.path) == [object.path])
        #expect(report.objects.isEmpty)
        try await lake.check(seed: 3)
    }

    @Test("with compactions, appends and lost answers at once nothing matching is left", arguments: [UInt64](1...12))
    func races(seed: UInt64) async throws {
        let lake = try MaintenanceLake(seed: seed)
        let table = try await lake.open()
        for hour in 0..<3 { for _ in 0..<4 { try await lake.append(table, hour: hour) } }
        let before = Set(lake.events.keys)
        lake.store.setRules([FaultRule(.lostAnswer, on: [.put], keyContains: "_varve/log", probability: 0.2)])
        async let compacted: Void = compact(lake, seed: seed &+ 100)
        async let vacuumed: Void = vacuum(lake)
        let report = try await erase(lake, seed: seed)
        _ = await (compacted, vacuumed)
        lake.store.setRules([])
        lake.forget(before.filter { $0.offset % 5 == 2 })
        try await lake.check(seed: seed)
        #expect(try await lake.audit().isEmpty, "seed=\(seed)")
        #expect(report.rounds >= 1)
    }

    private func erase(_ lake: MaintenanceLake, seed: UInt64) async throws -> ErasureReport {
        let eraser = Eraser(
            table: try await lake.open(), request: try ErasureRequest(where: "user = u2"), clock: lake.clock,
            writer: MaintenanceLake.writer)
        var generator = SeededGenerator(seed: seed)
        return try await eraser.run(id: lake.id(), using: &generator)
    }

    private func compact(_ lake: MaintenanceLake, seed: UInt64) async {
        guard let table = try? await lake.open() else { return }
        _ = try? await lake.compact(table, seed: seed)
    }

    private func vacuum(_ lake: MaintenanceLake) async {
        guard let table = try? await lake.open() else { return }
        var policy = VacuumPolicy()
        policy.removedAfter = .zero
        let vacuum = Vacuum(table: table, policy: policy, clock: lake.clock)
        _ = try? await vacuum.run(id: lake.id(), writer: MaintenanceLake.writer)
    }

    @Test("a crash at any step loses nothing else, and running again finishes it")
    func crashes() async throws {
        var steps = 0
        while try await crash(afterCalls: steps) { steps += 1 }
        #expect(steps > 15)
    }

    /// False where the erasure was over before the crash came.
    private func crash(afterCalls step: Int) async throws -> Bool {
        let lake = try MaintenanceLake(seed: UInt64(step))
        let table = try await lake.open()
        for hour in 0..<2 { try await lake.append(table, hour: hour) }
        lake.store.setRules([FaultRule(.denied, calls: Set((step + 1)...10_000))])
        _ = try? await erase(lake, seed: 1)
        lake.store.setRules([])
        _ = try await erase(lake, seed: 2)
        lake.forget(Set(lake.events.keys.filter { $0.offset % 5 == 2 }))
        try await lake.check(seed: UInt64(step))
        #expect(try await lake.audit().isEmpty)
        return !lake.store.journal.isEmpty
    }
}

@Suite("what an erasure looks for")
struct ErasureRequestTests {
    @Test(
        "conditions are read as they are meant",
        arguments: [
            ("user_id = 'u1'", "/user_id", "u1"), ("user.id=17", "/user/id", "17"), ("/a~1b = \"x y\"", "/a~1b", "x y"),
            ("@key = 'it''s'", "@key", "it's"), ("@header:tenant = t", "@header:tenant", "t"),
        ])
    func conditions(text: String, field: String, value: String) throws {
        let request = try ErasureRequest(where: text)
        #expect(request.fieldText == field)
        #expect(request.values == [Array(value.utf8)])
    }

    @Test(
        "conditions that could mean something else are refused",
        arguments: [
            "", "user_id", "= 'x'", "user id = 'x'", "user = 'x' or 1 = 1", "user = 'x", "user = x y", "@other = x",
            "user = 'a' 'b'", "user =", "/a~2 = x",
        ])
    func refusals(text: String) {
        #expect(throws: MaintenanceError.self) { try ErasureRequest(where: text) }
    }

    @Test(
        "events match by the value's meaning, not by its spelling",
        arguments: [
            ("user = u1", #"{"user":"u1"}"#, true), ("user = u1", #"{"user":"u1"}"#, true),
            ("user = u1", #"{"user":"u11"}"#, false), ("user = u1", #"{"user":["u1"]}"#, false),
            ("user = u1", #"{"user":"x","user":"u1"}"#, true), ("user = u1", #"{"user":"u1","user":"x"}"#, true),
            ("user = u1", #"{"user":null,"user":{"a":["u1"]},"n":1,"\u0075ser":"u1"}"#, true),
            ("user = u1", #"{"user":"x","user":"y"}"#, false), ("user = u1", #"{"a":{"user":"u1"}}"#, false),
            ("a.user = u1", #"{"a":{"user":"x"},"b":{"user":"u1"},"a":{"user":"y","user":"u1"}}"#, true),
            ("a.user = u1", #"{"a":7,"a":[{"user":"u1"}],"a":{"user":"u1"}}"#, true),
            ("a.0.user = u1", #"{"a":[{"user":"x"}],"a":[{"user":"x","user":"u1"},{}]}"#, true),
            ("a.0.user = u1", #"{"a":[{"user":"x"},{"user":"u1"}],"a":[]}"#, false),
            ("a.user = 17", #"{"a":{"user":17}}"#, true), ("a.user = 17", #"{"a":{"user":"17"}}"#, true),
            ("user = true", #"{"user":true}"#, true), ("user = null", #"{"user":null}"#, false),
            ("@key = k7", #"{"n":1}"#, true), ("@key = k8", #"{"n":1}"#, false),
            ("@header:h = v", #"{"n":1}"#, true), ("@header:h = w", #"{"n":1}"#, false),
            ("@header:g = v", #"{"n":1}"#, false),
        ])
    func matching(condition: String, payload: String, expected: Bool) throws {
        let line =
            #"{"topic":"t","partition":0,"offset":5,"timestamp":1,"timestamp_type":"create","key":"k7","#
            + #""headers":[{"name":"h","value":"v"}],"value":"# + payload + "}"
        let matcher = EventMatcher(try ErasureRequest(where: condition))
        let front = EnvelopeFront(source: 0, offset: 5, timestamp: 1, end: 0)
        let found = try Array(line.utf8).withUnsafeBytes { try matcher.matches(StoredRow(line: $0, front: front)) }
        #expect(found == expected)
        #expect(matcher.unreadable == 0)
    }

    @Test("payloads that are not JSON are counted, and searched where that is wanted")
    func raw() throws {
        let line =
            #"{"topic":"t","partition":0,"offset":5,"timestamp":1,"timestamp_type":"create","key":null,"#
            + #""value_base64":"dXNlcj11MTsK"}"#
        let front = EnvelopeFront(source: 0, offset: 5, timestamp: 1, end: 0)
        for searchesRaw in [false, true] {
            let matcher = EventMatcher(try ErasureRequest(where: "user = u1", searchesRaw: searchesRaw))
            let found = try Array(line.utf8).withUnsafeBytes { try matcher.matches(StoredRow(line: $0, front: front)) }
            #expect(found == searchesRaw)
            #expect(matcher.unreadable == 1)
        }
    }
}
