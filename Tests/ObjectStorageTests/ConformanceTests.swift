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

    @Test("a body that does not match its checksum is refused", arguments: Checksum.Algorithm.allCases)
    func checksums(_ algorithm: Checksum.Algorithm) async throws {
        let directory = try TemporaryDirectory()
        let stores: [any ObjectStore] = [
            MemoryObjectStore(clock: ManualClock()), try DirectoryObjectStore(root: directory.path, durability: .none),
        ]
        let body = ObjectBody(chunks: [[1, 2], [], [3]])
        for store in stores {
            let key = try #require(ObjectKey("k"))
            let right = PutOptions(checksum: Checksum(algorithm, of: [1, 2, 3]))
            _ = try await store.put(body, to: key, options: right)
            try await requireError(.corrupt, "a wrong checksum") {
                let wrong = PutOptions(checksum: Checksum(algorithm, of: [1, 2, 4]))
                _ = try await store.put(body, to: key, options: wrong)
            }
        }
    }

    @Test("a faulty store without faults", arguments: StoreCheck.all)
    func faultyWithoutFaults(_ check: StoreCheck) async throws {
        let clock = ManualClock()
        try await check.run(FaultyStore(MemoryObjectStore(clock: clock), seed: 1, clock: clock))
    }
}
