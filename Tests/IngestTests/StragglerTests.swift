import Catalog
import LakeModel
import Simulation
import TestSupport
import Testing

@testable import Ingest

@Suite("Stragglers of an hour that is over")
struct StragglerTests {
    private let clock = ManualClock(now: Timestamp(milliseconds: IngestFixture.fiveOClock + 12 * 3_600_000))
    private let minute: Int64 = 60_000

    private func closedThrough(_ loop: IngestLoop) -> String? { loop.tables[0].head?.closedThrough?.description }

    /// Turns the loop until `condition` holds, and lets time pass but for while the store is asked.
    private func turn(_ fixture: IngestFixture, _ loop: IngestLoop, until condition: () -> Bool) async throws {
        try await fixture.turn(loop) {
            let table = loop.tables[0]
            let isUploading = table.pendingCuts.contains { !$0.isStored }
            if !isUploading, !table.isCommitting, !table.isRefreshing { clock.advance(by: .milliseconds(50)) }
            return condition()
        }
    }

    @Test("follow by age, as late events do, and make no other files small")
    func followByAge() async throws {
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(shards: 1), source: source, once: false)
        let table = loop.tables[0]
        fixture.broker.produce(.order(0), to: fixture.partition(0))
        fixture.broker.produce(.order(1, at: 80 * minute), to: fixture.partition(0))
        try await turn(fixture, loop) { closedThrough(loop) == "2026-01-25/05" }
        #expect(table.counters.rotations == [.hourClosed: 2])
        for number in 1...50 as ClosedRange<Int64> {
            fixture.broker.produce(.order(2, at: 45 * minute + number), to: fixture.partition(0))
            fixture.broker.produce(.order(3, at: 80 * minute + number), to: fixture.partition(0))
            try await turn(fixture, loop) { table.counters.events == 2 + 2 * number }
            try await turn(fixture, loop) { table.cuts.isEmpty && !table.isCommitting }
        }
        #expect(table.counters.late == 0)
        #expect(table.counters.rotations == [.hourClosed: 2])
        #expect(clock.elapsed() < .seconds(300))
        clock.advance(by: .seconds(300))
        try await turn(fixture, loop) { table.counters.eventsCommitted == 102 }
        #expect(table.counters.rotations == [.hourClosed: 2, .age: 2])
        #expect(try await fixture.objects().map(\.records).sorted() == [1, 1, 50, 50])

        // The next hours end as ever.
        let before = clock.elapsed()
        fixture.broker.produce(.order(4, at: 85 * minute), to: fixture.partition(0))
        fixture.broker.produce(.order(5, at: 200 * minute), to: fixture.partition(0))
        try await turn(fixture, loop) { closedThrough(loop) == "2026-01-25/07" }
        #expect(clock.elapsed() - before < .seconds(10))
        try await fixture.expectExactlyOnce()
    }

    @Test("are not what a topic partition has that comes later and is hours behind")
    func catchingUp() async throws {
        let fixture = try IngestFixture(clock: clock, partitions: 2)
        let source = MemorySource(fixture.broker)
        source.assign([fixture.partition(0)])
        let loop = try await fixture.loop(try fixture.settings(shards: 1), source: source, once: false)
        let table = loop.tables[0]
        fixture.broker.produce(.order(0), to: fixture.partition(0))
        fixture.broker.produce(.order(1, at: 320 * minute), to: fixture.partition(0))
        try await turn(fixture, loop) { closedThrough(loop) == "2026-01-25/09" }
        source.assign([fixture.partition(1)])
        for hour in 1...3 as ClosedRange<Int64> {
            fixture.broker.produce(.order(Int(hour), at: hour * 60 * minute), to: fixture.partition(1))
            try await turn(fixture, loop) { table.counters.events == 1 + 2 * hour }
            fixture.broker.produce(.order(Int(hour), at: (hour * 60 + 70) * minute), to: fixture.partition(1))
            try await turn(fixture, loop) { table.counters.eventsCommitted == 2 + 2 * hour }
        }
        #expect(clock.elapsed() < .seconds(300), "no hour waited for its objects' age")
        #expect(table.counters.rotations[.age] == nil)
        try await fixture.expectExactlyOnce()
    }
}
