import LakeModel
import ObjectStorage
import TestSupport
import Testing

@Suite("The tools of the tests")
struct TestSupportTests {
    private let clock = ManualClock()

    @Test("the seeded generator is SplitMix64")
    func splitMix() {
        var random = SeededGenerator(seed: 1_234_567)
        let numbers = (0..<3).map { _ in random.next() }
        #expect(numbers == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }

    @Test("a seed repeats its faults")
    func seedRepeats() async throws {
        func journal(_ seed: UInt64) async throws -> [String] {
            let rules = [
                FaultRule(.throttled, probability: 0.2), FaultRule(.lostAnswer, on: [.put], probability: 0.2),
            ]
            let store = FaultyStore(MemoryObjectStore(clock: clock), seed: seed, clock: clock, rules: rules)
            for number in 0..<100 { _ = try? await store.put([1], to: try #require(ObjectKey("k/\(number)"))) }
            return store.journal
        }
        let (first, again, other) = (try await journal(42), try await journal(42), try await journal(43))
        #expect(first == again)
        #expect(first != other)
        #expect((10...60).contains(first.count))
    }

    @Test("a scripted fault strikes the calls it names")
    func scripted() async throws {
        let rules = [FaultRule(.unavailableBefore, on: [.put], keyContains: "log/", calls: [2, 4])]
        let store = FaultyStore(MemoryObjectStore(clock: clock), seed: 1, clock: clock, rules: rules)
        var failed: [String] = []
        for name in ["log/1", "data/1", "log/2", "log/3", "log/4", "log/5"] {
            let key = try #require(ObjectKey(name))
            do { _ = try await store.put([1], to: key) } catch { failed.append(name) }
        }
        #expect(failed == ["log/2", "log/4"])
        #expect(store.calls(.put) == 6)
    }

    @Test(
        "each fault does what it says: effect, error, ambiguity",
        arguments: [
            (StoreFault.throttled, false, StoreError.Kind.throttled, false),
            (.unavailableBefore, false, .unavailable, false), (.lostRequest, false, .unavailable, true),
            (.lostAnswer, true, .unavailable, true), (.ownConflict, true, .conflict, true),
            (.conflict, false, .conflict, false), (.denied, false, .denied, false),
        ])
    func faults(_ fault: StoreFault, happens: Bool, kind: StoreError.Kind, isAmbiguous: Bool) async throws {
        let inner = MemoryObjectStore(clock: clock)
        let store = FaultyStore(inner, seed: 1, clock: clock, rules: [FaultRule(fault, on: [.put])])
        let key = try #require(ObjectKey("k"))
        let error = try await requireError(kind, "put") { _ = try await store.put([1], to: key, when: .absent) }
        #expect(error.mayHaveHappened == isAmbiguous)
        #expect((try await inner.getIfPresent(key) != nil) == happens)
    }

    @Test("reads can be corrupt, cut or known to be bad, listings can lack the newest")
    func reads() async throws {
        let store = FaultyStore(MemoryObjectStore(clock: clock), seed: 1, clock: clock)
        let (old, new) = (try #require(ObjectKey("b")), try #require(ObjectKey("a")))
        _ = try await store.put([1, 2, 3, 4], to: old)
        clock.advance(by: .seconds(1))
        _ = try await store.put([5], to: new)
        store.setRules([FaultRule(.corruptRead)])
        #expect(try await store.get(old, range: nil, bytesMax: 9).bytes != [1, 2, 3, 4])
        store.setRules([FaultRule(.truncatedRead)])
        #expect(try await store.get(old, range: nil, bytesMax: 9).bytes == [1, 2])
        store.setRules([FaultRule(.detectedCorruption)])
        try await requireError(.corrupt, "get") { _ = try await store.get(old, range: nil, bytesMax: 9) }
        store.setRules([FaultRule(.missingNewest)])
        #expect(try await store.listAll(prefix: "").map(\.key) == [old])
        store.setRules([])
        #expect(try await store.listAll(prefix: "").count == 2)
    }

    @Test("sleepers wake in the order of their time, and only when it has come")
    func manualClock() async throws {
        let start = clock.now()
        async let late: Void = clock.sleep(for: .seconds(10))
        async let early: Void = clock.sleep(for: .seconds(5))
        try await eventually("both sleep") { clock.sleeping == 2 }
        #expect(clock.advanceToNextSleeper())
        try await early
        #expect(clock.sleeping == 1)
        #expect(clock.elapsed() == .seconds(5))
        clock.advance(by: .seconds(5))
        try await late
        #expect(clock.now().milliseconds - start.milliseconds == 10_000)
        #expect(!clock.advanceToNextSleeper())
        try await clock.sleep(for: .zero)
    }

    @Test("a cancelled sleeper wakes with an error")
    func cancelledSleep() async throws {
        let task = Task { [clock] in try await clock.sleep(for: .seconds(10)) }
        try await eventually("it sleeps") { clock.sleeping == 1 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(clock.sleeping == 0)
    }

    @Test("the clock's start is a round hour")
    func clockStart() {
        #expect(clock.now().description == "2026-11-21T05:00:00.000Z")
    }

    @Test("a child's output and exit status come back, and a signal shows as minus its number")
    func childProcess() async throws {
        let child = try ChildProcess(["sh", "-c", "echo out; echo err >&2; exit 3"])
        #expect(try await child.wait() == 3)
        #expect(child.standardOutput == "out\n")
        #expect(child.standardError == "err\n")
        let sleeper = try ChildProcess(["sleep", "60"])
        sleeper.send(15)
        #expect(try await sleeper.wait() == -15)
        let elsewhere = try await runCommand(
            ["sh", "-c", "pwd; echo $VARVE_X"], environment: ["VARVE_X": "y"], directory: "/usr")
        #expect(elsewhere == "/usr\ny\n")
        #expect(throws: CheckFailure.self) { try ChildProcess(["no-such-command-here"]) }
    }
}
