import LakeModel
import MetricsTestKit
import ObjectStorage
import TestSupport
import Testing

@Suite("Stores around stores")
struct WrapperTests {
    private let clock = ManualClock()

    private func key(_ text: String) throws -> ObjectKey { try #require(ObjectKey(text)) }

    @Test("a metered store keeps the contract", arguments: StoreCheck.all)
    func meteredConforms(_ check: StoreCheck) async throws {
        let inner = MemoryObjectStore(clock: clock)
        try await check.run(MeteredStore(inner, clock: clock, factory: TestMetrics()))
    }

    @Test(
        "a part of a store keeps the contract",
        arguments: StoreCheck.all(except: [
            "keys of 1,024 bytes are kept whole, also in one segment": "the folder's name takes part of them"
        ]))
    func prefixedConforms(_ check: StoreCheck) async throws {
        let inner = MemoryObjectStore(clock: clock)
        let neighbours = try ["a", "in", "in/side-by", "in/sidd", "in/sidf/x"].map { try key($0) }
        for key in neighbours { _ = try await inner.put([9], to: key) }
        try await check.run(PrefixedStore(inner, folder: try key("in/side")))
        for key in neighbours { #expect(try await inner.get(key, range: nil, bytesMax: 1).bytes == [9]) }
    }

    @Test("a key too long for its folder is refused, not cut")
    func prefixedLongKey() async throws {
        let store = PrefixedStore(MemoryObjectStore(clock: clock), folder: try key("in"))
        try await requireError(.invalid, "put") {
            _ = try await store.put([1], to: key(String(repeating: "k", count: 1022)))
        }
        #expect(store.location == "memory:/in")
    }

    @Test("requests are counted by operation and outcome, and timed by the clock")
    func metered() async throws {
        let metrics = TestMetrics()
        let rules = [FaultRule(.latency(.milliseconds(250)), on: [.get])]
        let faulty = FaultyStore(MemoryObjectStore(clock: clock), seed: 1, clock: clock, rules: rules)
        let store = MeteredStore(faulty, clock: clock, factory: metrics)
        _ = try await store.put([1, 2, 3], to: key("a"), when: .absent)
        _ = try? await store.put([1, 2, 3], to: key("a"), when: .absent)
        async let read = store.get(key("a"), range: nil, bytesMax: 10)
        try await eventually("the get sleeps") { clock.sleeping == 1 }
        clock.advance(by: .milliseconds(250))
        _ = try await read
        func count(_ operation: String, _ outcome: String) throws -> Int64 {
            let dimensions = [("operation", operation), ("outcome", outcome)]
            return try metrics.expectCounter("varve_store_requests_total", dimensions).totalValue
        }
        #expect(try count("put", "ok") == 1)
        #expect(try count("put", "conflict") == 1)
        #expect(try count("get", "ok") == 1)
        let timer = try metrics.expectTimer("varve_store_request_seconds", [("operation", "get")])
        #expect(timer.values == [250_000_000])
        for direction in ["sent", "received"] {
            let counter = try metrics.expectCounter("varve_store_bytes_total", [("direction", direction)])
            #expect(counter.totalValue == 3)
        }
    }

    @Test("a read-only store reads and refuses every change")
    func readOnly() async throws {
        let inner = MemoryObjectStore(clock: clock)
        _ = try await inner.put([1], to: key("a"))
        let store = ReadOnlyStore(inner)
        #expect(try await store.get(key("a"), range: nil, bytesMax: 1).bytes == [1])
        #expect(try await store.listAll(prefix: "").count == 1)
        try await requireError(.denied, "put") { _ = try await store.put([2], to: key("a")) }
        try await requireError(.denied, "delete") { _ = try await store.delete([key("a")]) }
        try await requireError(.denied, "copy") {
            _ = try await store.copy(key("a"), to: key("b"), options: PutOptions())
        }
        try await requireError(.denied, "upload") {
            _ = try await store.createUpload(to: key("b"), options: PutOptions())
        }
        #expect(try await inner.listAll(prefix: "").map(\.key.description) == ["a"])
    }
}
