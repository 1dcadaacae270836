import Foundation
import SampleEvents
import Testing

@Suite("Sample events")
struct SampleEventsTests {
    private static let mixed: [SampleKind: Double] = [
        .late: 0.02, .malformed: 0.02, .nullKey: 0.03, .tombstone: 0.01, .binary: 0.02,
    ]

    @Test("an event depends on its seed and its number only")
    func deterministic() {
        let first = SampleEvents(SampleOptions(count: 1000, seed: 7, fractions: Self.mixed))
        let second = SampleEvents(SampleOptions(count: 1000, seed: 7, fractions: Self.mixed))
        let other = SampleEvents(SampleOptions(count: 1000, seed: 8, fractions: Self.mixed))
        let forwards = (0..<1000).map { first.event($0).value }
        let backwards = (0..<1000).reversed().map { second.event($0).value }
        #expect(forwards == backwards.reversed())
        #expect(forwards != (0..<1000).map { other.event($0).value })
    }

    @Test("ordinary events are JSON with their own time and number in them")
    func json() throws {
        let events = SampleEvents(SampleOptions(count: 500))
        for index in 0..<500 {
            let (event, key, bytes) = events.event(index)
            let value = try #require(bytes)
            let object = try #require(try JSONSerialization.jsonObject(with: Data(value)) as? [String: Any])
            #expect(object["seq"] as? Int == index)
            #expect(object["ts_ms"] as? Int64 == event.timestamp)
            let user = try #require(object["user"] as? [String: Any])
            #expect(user["id"] as? String == key.map { String(decoding: $0, as: UTF8.self) })
            let text = try #require(object["ts"] as? String)
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            let parsed = try Date(text, strategy: style).timeIntervalSince1970
            #expect(Int64((parsed * 1000).rounded()) == event.timestamp)
        }
    }

    @Test("events are about 690 bytes, in four hours, and never more than the bound")
    func sizes() {
        let events = SampleEvents(SampleOptions(count: 20_000))
        var bytes = 0
        for index in 0..<20_000 {
            let (event, _, value) = events.event(index)
            bytes += value?.count ?? 0
            #expect(value?.count ?? 0 < SampleEvents.eventBytesMax - 64)
            let offset = event.timestamp - events.options.startMilliseconds
            #expect((0...4 * 3_600_000 + 1024).contains(offset))
        }
        #expect((670...710).contains(bytes / 20_000))
    }

    @Test("every kind occurs about as often as asked")
    func fractions() {
        let count = 50_000
        let events = SampleEvents(SampleOptions(count: count, fractions: Self.mixed))
        var seen: [SampleKind: Int] = [:]
        for index in 0..<count {
            let (event, key, value) = events.event(index)
            seen[event.kind, default: 0] += 1
            #expect((key == nil) == (event.kind == .nullKey))
            #expect((value == nil) == (event.kind == .tombstone))
            if event.kind == .binary { #expect(value?.first == 0xFF) }
            if event.kind == .malformed { #expect(value?.last != UInt8(ascii: "}") || value?.count ?? 0 < 400) }
        }
        for (kind, part) in Self.mixed {
            let expected = Double(count) * part
            #expect(abs(Double(seen[kind] ?? 0) - expected) < expected * 0.25, "\(kind)")
        }
    }
}
