import Catalog
import Formats
import Foundation
import LakeModel
import Maintenance
import ObjectStorage
import TestSupport
import Testing

/// What `RestoreTests` restores into: keeps what was saved, and dies when it is told to.
final class ModelSink: RestoreSink {
    struct Killed: Error {}

    var isExactlyOnce: Bool { true }
    private(set) var events: [StoredEvent] = []
    private(set) var state: String?
    private(set) var saves = 0
    private var unsaved: [StoredEvent] = []
    /// Sends and saves until it dies; nil for never.
    var stepsLeft: Int?
    /// Whether the save that it dies in was done before.
    var diesAfterSave = false

    func open() throws -> String? {
        unsaved = []
        return state
    }

    func send(_ event: StoredEvent) throws {
        try step()
        unsaved.append(event)
    }

    func save(_ state: String) throws {
        if !diesAfterSave { try step() }
        events += unsaved
        unsaved = []
        self.state = state
        saves += 1
        if diesAfterSave { try step() }
    }

    func abandon() { unsaved = [] }

    private func step() throws {
        guard let left = stepsLeft else { return }
        guard left > 0 else { throw Killed() }
        stepsLeft = left - 1
    }

    /// All events, whatever topic partition was sent first.
    var inOrder: [StoredEvent] {
        events.sorted { ($0.topicPartition, $0.offset) < ($1.topicPartition, $1.offset) }
    }

    /// As a model of the lake knows them, in the order of sending, by topic partition.
    var bySource: [TopicPartition: [Int64]] {
        Dictionary(grouping: events, by: \.topicPartition).mapValues { $0.map(\.offset) }
    }
}

@Suite("Restore")
struct RestoreTests {
    private func restorer(
        _ table: Table, _ lake: MaintenanceLake, _ selection: RestoreSelection = RestoreSelection()
    ) -> Restorer {
        var restorer = Restorer(table: table, selection: selection, clock: lake.clock, request: "r")
        restorer.limits.stepBytesMax = 600
        restorer.limits.saveEventsMax = 7
        restorer.limits.sortBytesMax = 700
        return restorer
    }

    /// Hours that mix, two sides, shards that share topic partitions, some of it compacted.
    private func fill(_ lake: MaintenanceLake, _ table: Table) async throws {
        for round in 0..<12 {
            let partitions: [Int32] = [[0], [1], [0, 1], [0, 1, 2]][lake.pick(0...3)]
            try await lake.append(
                table, partitions: partitions, count: lake.pick(1...9), hour: max(0, round / 3 - lake.pick(0...2)),
                shard: UInt16(lake.pick(0...1)), side: lake.pick(0...5) == 0 ? .deadLetter : .main)
        }
        guard lake.pick(0...1) == 0 else { return }
        var policy = CompactionPolicy()
        (policy.coldAfterMilliseconds, policy.order) = (0, lake.pick(0...1) == 0 ? .offset : .eventTime)
        lake.clock.advance(by: .seconds(86_400 * 3))
        let plan = try await CompactionPlan.make(try await table.snapshot(), policy: policy, now: lake.clock.now())
        var random = SeededGenerator(seed: UInt64(lake.pick(0...1000)))
        _ = try await Compactor(table: table, writer: MaintenanceLake.writer).run(
            plan.groups, policy: policy, using: &random
        ) { _ in }
    }

    private func expected(_ lake: MaintenanceLake, side: TableSide = .main) -> [TopicPartition: [Int64]] {
        let events = lake.events.filter { $0.value.side == side }.keys
        return Dictionary(grouping: events, by: \.source).mapValues { $0.map(\.offset).sorted() }
    }

    @Test("every topic partition comes back whole and in order, however objects overlap", arguments: 1...12)
    func order(seed: UInt64) async throws {
        let lake = try MaintenanceLake(seed: seed)
        let table = try await lake.open()
        try await fill(lake, table)
        for side in [TableSide.main, .deadLetter] {
            let sink = ModelSink()
            let report = try await restorer(table, lake, RestoreSelection(side: side)).run(into: sink)
            #expect(sink.bySource == expected(lake, side: side), "seed=\(seed)")
            #expect(report.events == Int64(sink.events.count))
            #expect(!report.wasResumed && !report.wasDone)
        }
    }

    @Test("a restore that is killed at any step goes on without a gap and without a repetition", arguments: 1...8)
    func kills(seed: UInt64) async throws {
        let lake = try MaintenanceLake(seed: seed)
        let table = try await lake.open()
        try await fill(lake, table)
        let sink = ModelSink()
        sink.diesAfterSave = seed % 2 == 0
        var kills = 0
        while kills < 200 {
            sink.stepsLeft = lake.pick(0...25)
            do {
                _ = try await restorer(table, lake).run(into: sink)
                break
            } catch is ModelSink.Killed {
                kills += 1
            }
            // Writers and compactors go on meanwhile; what they add is not asked for.
            if kills == 2 { try await fillMore(lake, table) }
        }
        sink.stepsLeft = nil
        let report = try await restorer(table, lake).run(into: sink)
        #expect(report.wasDone || kills == 0 || report.wasResumed, "seed=\(seed)")
        let restored = sink.bySource
        let all = expected(lake)
        for (source, offsets) in restored {
            #expect(Array(all[source, default: []].prefix(offsets.count)) == offsets, "seed=\(seed) \(source)")
        }
        if kills < 2 { #expect(restored == all, "seed=\(seed)") }
        #expect(report.totalEvents == Int64(sink.events.count), "seed=\(seed)")
        let again = try await restorer(table, lake).run(into: sink)
        #expect(again.wasDone && again.events == 0)
    }

    @Test("a table that has changed its rule for times says where the new one cannot tell")
    func changedTime() async throws {
        let lake = try MaintenanceLake(seed: 5)
        let table = try await lake.open()
        let object = try await lake.append(table, partitions: [0], count: 9)
        let span = try #require(object.eventTime)
        func run(_ layout: String, _ times: TimeSpan) async throws -> Int {
            var layout = TableLayout(granularity: .hour, zone: "UTC", shards: 4, time: layout, shardBy: "partition")
            layout.shards = 4
            _ = try await table.commit(
                Change(kind: .append, layout: layout), id: lake.id(), writer: MaintenanceLake.writer)
            var selection = RestoreSelection()
            selection.times = times
            let sink = ModelSink()
            _ = try await restorer(table, lake, selection).run(into: sink)
            return sink.events.count
        }
        let half = TimeSpan(min: span.min, max: span.max.advanced(byMilliseconds: -1))
        #expect(try await run("kafka", half) == 8)
        #expect(try await run("field:/created_at", span) == 9, "all of the object: no event has to be asked")
        await #expect(throws: MaintenanceError.self) { try await run("field:/created_at", half) }
    }

    @Test("nothing that was sent waits to be saved while the next objects are read")
    func savesBeforeReading() async throws {
        let lake = try MaintenanceLake(seed: 3)
        let table = try await lake.open()
        for hour in 0..<6 { try await lake.append(table, count: 9, hour: hour) }
        let sink = ModelSink()
        var restorer = restorer(table, lake)
        (restorer.limits.saveEventsMax, restorer.limits.stepBytesMax) = (1_000_000, 1)
        _ = try await restorer.run(into: sink)
        #expect(sink.bySource == expected(lake) && sink.saves >= 6, "\(sink.saves) saves")
    }

    @Test("raw Parquet comes back as the lines did, shredded Parquet only where that is asked for")
    func parquet() async throws {
        let lake = try MaintenanceLake(seed: 4)
        let table = try await lake.open()
        for _ in 0..<3 { try await lake.append(table, partitions: [0, 1], count: 50) }
        let lines = ModelSink()
        _ = try await restorer(table, lake).run(into: lines)
        try await lake.compact(table, seed: 8) { policy, _ in (policy.format, policy.newPercent) = (.parquet, 0) }
        #expect(try await table.snapshot().objects().map(\.format) == [.parquet])
        let raw = ModelSink()
        _ = try await restorer(table, lake).run(into: raw)
        #expect(raw.inOrder == lines.inOrder && raw.events.count == 300)

        let shape = ParquetTableShape.shredded(try ShreddedSchema([.init("n", .int64)]), .rest)
        try await lake.compact(table, seed: 9) { policy, compactor in
            (policy.format, policy.newPercent, policy.shreds, compactor.shape) = (.parquet, 0, true, shape)
        }
        var shredded = restorer(table, lake)
        await #expect(throws: MaintenanceError.self) { try await shredded.run(into: ModelSink()) }
        await #expect(throws: MaintenanceError.self) { try await shredded.plan() }
        shredded.isLossy = true
        let sink = ModelSink()
        _ = try await shredded.run(into: sink)
        #expect(sink.bySource == lines.bySource)
    }

    private func fillMore(_ lake: MaintenanceLake, _ table: Table) async throws {
        try await lake.append(table, partitions: [0, 1], count: 5, hour: 1)
    }

    @Test("offsets, a topic partition, times and values choose events")
    func selections() async throws {
        let lake = try MaintenanceLake(seed: 3)
        let table = try await lake.open()
        for hour in 0..<4 { try await lake.append(table, count: 10, hour: hour) }
        let source = lake.source(1)
        func restored(_ selection: RestoreSelection) async throws -> [TopicPartition: [Int64]] {
            let sink = ModelSink()
            _ = try await restorer(table, lake, selection).run(into: sink)
            return sink.bySource
        }
        #expect(
            try await restored(RestoreSelection(topic: "orders", partition: 1, offsets: 5..<25))
                == [source: Array(5..<25)])
        let times = TimeSpan(min: lake.time(hour: 1, 15), max: lake.time(hour: 2, 22))
        #expect(
            try await restored(RestoreSelection(topic: "orders", partition: 1, times: times))
                == [source: Array(15...22)])
        let request = try ErasureRequest(where: "user = 'u3'")
        let thirds = try await restored(RestoreSelection(partition: 1, request: request))[source]
        #expect(thirds == [3, 8, 13, 18, 23, 28, 33, 38])
        #expect(try await restored(RestoreSelection(topic: "other")).isEmpty)
        let key = try ErasureRequest(where: "@key = k2")
        #expect(
            try await restored(RestoreSelection(offsets: 0..<10, request: key))
                == [lake.source(0): [2, 9], source: [2, 9]])
    }

    @Test("another request under the same name is refused; restarting sends again")
    func names() async throws {
        let lake = try MaintenanceLake(seed: 4)
        let table = try await lake.open()
        try await lake.append(table, partitions: [0], count: 5)
        let sink = ModelSink()
        var first = restorer(table, lake)
        _ = try await first.run(into: sink)
        first.request = "other"
        await #expect(throws: MaintenanceError.self) { try await first.run(into: sink) }
        first.restarts = true
        #expect(try await first.run(into: sink).events == 5)
        #expect(sink.events.count == 10)
    }

    @Test("rates are kept, and nothing stays unsaved while waiting")
    func rates() async throws {
        let lake = try MaintenanceLake(seed: 5)
        let table = try await lake.open()
        try await lake.append(table, partitions: [0], count: 40)
        var slow = restorer(table, lake)
        slow.limits.eventsPerSecond = 1
        let sink = ModelSink()
        let begin = lake.clock.elapsed()
        _ = try await slow.run(into: sink)
        let passed = lake.clock.elapsed() - begin
        #expect(passed >= .seconds(39) && passed < .seconds(41))
        #expect(sink.saves >= 39)
        #expect(try await slow.plan().seconds(slow.limits) == 40)
    }

    @Test("a damaged object is found before one of its events is sent")
    func damage() async throws {
        let lake = try MaintenanceLake(seed: 6)
        let table = try await lake.open()
        let object = try await lake.append(table, partitions: [0], count: 30)
        let key = try #require(ObjectKey("orders/\(object.path)"))
        var bytes = try await lake.inner.get(key, range: nil, bytesMax: 1 << 20).bytes
        bytes[bytes.count / 2] ^= 1
        _ = try await lake.inner.put(bytes, to: key)
        let sink = ModelSink()
        await #expect(throws: ReadError.self) { try await restorer(table, lake).run(into: sink) }
        #expect(sink.events.isEmpty && sink.state == nil)
    }
}

@Suite("The progress of a restore")
struct RestoreStateTests {
    @Test("is the same after writing and reading", arguments: 1...50)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var state = RestoreState(
            request: RestoreState.digest(["\(seed)"]),
            times: Bool.random(using: &random)
                ? TimeSpan(min: Timestamp(milliseconds: .min), max: Timestamp(milliseconds: 17)) : nil,
            version: Int64.random(in: 0...(.max), using: &random), startedAt: Timestamp(milliseconds: 5))
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            let topic = ["a", "b.c-d", "e_f"].randomElement(using: &random) ?? ""
            let next = Int64.random(in: 0...(1 << 40), using: &random)
            state.sources[TopicPartition(topic: topic, partition: Int32.random(in: 0...99, using: &random))] =
                .init(next: next, end: next + 5)
        }
        (state.events, state.bytes, state.lines) = (3, 4, 5)
        state.path = Bool.random(using: &random) ? "data/a;b%é/c" : nil
        state.isDone = Bool.random(using: &random)
        #expect(RestoreState(encoded: state.encoded) == state, "seed=\(seed): \(state.encoded)")
        #expect(state.encoded.utf8.allSatisfy { (0x21..<0x7F).contains($0) })
    }

    @Test(
        "what is no state is none",
        arguments: [
            "", "1;", "2;a;;1;1;1;1;;0;", "1;a;x;1;1;1;1;;0;", "1;a;;1;1;1;1;;0;;x",
            "1;a;;1;1;9223372036854775807;1;;0;", "1;a;;1;1;1;1;;-1;",
        ])
    func damaged(text: String) {
        #expect(RestoreState(encoded: text) == nil)
    }
}
