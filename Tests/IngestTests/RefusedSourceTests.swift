import LakeModel
import Simulation
import TestSupport
import Testing

@testable import Ingest

@Suite("Topic partitions that brokers keep back")
struct RefusedSourceTests {
    private let clock = ManualClock()

    @Test("one that may not be read any more stays known as such, its lag unknown, until it may be read again")
    func refused() async throws {
        let fixture = try IngestFixture(clock: clock, partitions: 2)
        fixture.produceOrders(2)
        let source = MemorySource(fixture.broker)
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(try fixture.settings(), source: source, once: false)
        func status() -> IngestStatus.Partition? {
            loop.control.status.partitions.first { $0.name == fixture.partition(0) }
        }
        try await fixture.turn(loop) {
            clock.advance(by: .seconds(1))
            return status()?.lagEvents == 0
        }
        source.refuse(fixture.partition(0))
        try await fixture.turn(loop) {
            clock.advance(by: .seconds(1))
            return status()?.stalledSeconds ?? 0 > 150
        }
        #expect(status()?.refusal == "orders/0: no right to read it")
        #expect(status()?.lagEvents == nil)
        let others = loop.control.status.partitions.filter { $0.name != fixture.partition(0) }
        #expect(others.map(\.refusal) == [nil] && others.map(\.lagEvents) == [0])
        // Nothing new is there: only its end says that it may be read.
        source.allow(fixture.partition(0))
        try await fixture.turn(loop) {
            clock.advance(by: .seconds(1))
            return status()?.refusal == nil
        }
        #expect(status()?.lagEvents == 0 && status()?.stalledSeconds == 0)
        #expect(loop.refusals.isEmpty)
        source.refuse(TopicPartition(topic: "orders", partition: -1))
        try await fixture.turn(loop) {
            clock.advance(by: .seconds(1))
            return loop.control.status.partitions.count { $0.refusal != nil } == 2
        }
        // Said again each minute, not oftener.
        let sayAt = loop.refusals.values.map(\.sayAt).max() ?? .zero
        #expect(sayAt > clock.elapsed() && sayAt <= clock.elapsed() + .seconds(60))
        fixture.broker.produce(.order(2), to: fixture.partition(1))
        try await fixture.turn(loop) {
            clock.advance(by: .seconds(1))
            return loop.control.status.partitions.allSatisfy { $0.refusal == nil }
        }
        loop.control.stop()
        #expect(try await fixture.finish(loop).isFinished)
        try await fixture.expectExactlyOnce()
    }

    @Test("where nobody says where a topic begins, a lost offset waits for the answer", arguments: [true, false])
    func lostOffset(stops: Bool) async throws {
        let fixture = try IngestFixture(clock: clock, partitions: 1)
        let settings = try fixture.settings(onReset: stops ? .stop : .earliest)
        fixture.produceOrders(10)
        try await fixture.drain(settings)
        fixture.produceOrders(20, from: 10)
        fixture.broker.deleteEvents(before: 15, of: fixture.partition(0))
        let source = MemorySource(fixture.broker)
        source.leaderless = [fixture.partition(0)]
        source.assign(fixture.broker.partitions())
        let loop = try await fixture.loop(settings, source: source, once: false, seed: 2)
        try await fixture.turn(loop) { source.questions == 1 }
        let index = source.index(of: fixture.partition(0))
        for _ in 0..<50 { _ = try loop.turn(waitMax: .zero) }
        #expect(loop.sources[index].next == 10 && source.questions == 1)
        source.leaderless = []
        clock.advance(by: .seconds(10))
        if stops {
            let error = await #expect(throws: IngestError.self) {
                try await fixture.turn(loop) { false }
            }
            #expect(error?.description.contains("continues orders/0 at offset 10, but the broker begins at 15") == true)
        } else {
            try await fixture.turn(loop) { loop.sources[index].next == 30 }
        }
    }
}
