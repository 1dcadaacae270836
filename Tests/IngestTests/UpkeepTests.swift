import Catalog
import LakeModel
import Simulation
import TestSupport
import Testing

@testable import Ingest

@Suite("What comes and goes leaves nothing behind")
struct UpkeepTests {
    private let clock = ManualClock(now: Timestamp(milliseconds: IngestFixture.fiveOClock))

    @Test("a rebalance hurries the commit of what was there, and no later one")
    func urgency() async throws {
        let fixture = try IngestFixture(clock: clock, partitions: 2)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let settings = try fixture.settings(rotate: RotationSettings(records: 1))
        let loop = try await fixture.loop(settings, source: source, once: false) { $0.commitEvery = .seconds(3600) }
        let table = loop.tables[0]
        fixture.produceOrders(2)
        try await fixture.turn(loop) { table.counters.events == 2 && table.pendingCuts.allSatisfy(\.isStored) }
        #expect(table.counters.commits == 0)
        source.revoke([fixture.partition(1)])
        try await fixture.turn(loop) { table.isCommitting }
        // There is always a next cut: while the commit is under way, and behind it.
        fixture.broker.produce(.order(2), to: fixture.partition(0))
        try await fixture.turn(loop) { table.counters.commits == 1 && !table.cuts.isEmpty }
        let index = source.index(of: fixture.partition(1))
        try await fixture.turn(loop) { loop.sources[index].phase == .away }
        fixture.broker.produce(.order(3), to: fixture.partition(0))
        try await fixture.turn(loop) { table.counters.events == 4 && table.pendingCuts.allSatisfy(\.isStored) }
        for _ in 0..<20 {
            clock.advance(by: .milliseconds(50))
            _ = try loop.turn(waitMax: .zero)
        }
        #expect(!table.isCommitting)
        #expect(table.counters.commits == 1)
        clock.advance(by: .seconds(3600))
        try await fixture.turn(loop) { table.counters.eventsCommitted == 4 }
        #expect(table.counters.commits == 2)
        try await fixture.expectExactlyOnce()
    }

    @Test("what the lines of a topic partition begin with is kept while it is here")
    func prefixes() async throws {
        let fixture = try IngestFixture(clock: clock, partitions: 100)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(), source: source, once: false)
        let table = loop.tables[0]
        fixture.produceOrders(100)
        try await fixture.turn(loop) { table.counters.events == 100 }
        #expect(table.router.prefixesKept == 100)
        source.revoke((1..<100 as Range<Int32>).map(fixture.partition))
        try await fixture.turn(loop) { table.router.prefixesKept == 0 }
        fixture.broker.produce(.order(100), to: fixture.partition(0))
        try await fixture.turn(loop) { table.counters.events == 101 }
        #expect(table.router.prefixesKept == 1)
    }

    @Test("a wait for the mailbox ends with a letter, or with its time")
    func mailbox() async throws {
        let mailbox = Mailbox()
        let start = ContinuousClock.now
        mailbox.wait(timeout: .milliseconds(20))
        #expect(ContinuousClock.now - start >= .milliseconds(20))
        async let end: Void = onOwnThread(named: "waits") { mailbox.wait(timeout: .seconds(3600)) }
        mailbox.post(.bytesReleased(1))
        try await end
        #expect(mailbox.take().count == 1)
    }
}
