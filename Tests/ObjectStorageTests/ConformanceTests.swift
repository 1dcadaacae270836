import LakeModel
import ObjectStorage
import TestSupport
import Testing

@Suite("Every store keeps the contract")
struct ConformanceTests {
    @Test("memory", arguments: StoreCheck.all)
    func memory(_ check: StoreCheck) async throws {
        try await check.run(MemoryObjectStore(clock: ManualClock()))
    }

    @Test(
        "directory",
        arguments: StoreCheck.all(except: [
            "a key and a key below it exist side by side": "a file cannot be a folder; refused with a clear message"
        ]))
    func directory(_ check: StoreCheck) async throws {
        let directory = try TemporaryDirectory()
        try await check.run(DirectoryObjectStore(root: directory.path + "/lake", durability: .none))
        withExtendedLifetime(directory) {}
    }

    @Test("a faulty store without faults", arguments: StoreCheck.all)
    func faultyWithoutFaults(_ check: StoreCheck) async throws {
        let clock = ManualClock()
        try await check.run(FaultyStore(MemoryObjectStore(clock: clock), seed: 1, clock: clock))
    }
}
