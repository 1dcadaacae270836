import ObjectStorage
import S3
import TestSupport
import Testing

/// The contract of every store, kept by real servers. Exclusions name what a server cannot do.
@Suite("S3 servers keep the store's contract")
struct S3ConformanceTests {
    /// What no server can do for a store that has a prefix, or that a test of its own covers.
    private static let everywhere = [
        "every nasty key can be put, read, listed and deleted": "see the test for nasty keys, with each server's gaps",
        "all nasty keys together are listed exactly": "see the test for nasty keys, with each server's gaps",
        "keys of 1,024 bytes are kept whole, also in one segment": "the tests' own prefix takes some of the bytes",
    ]

    private static let seaweedGaps = [
        "an object can take the key that was a folder before, and the reverse": "an object's key stays a folder",
        "start-after compares bytes, also across folders": "LIST is ordered per directory",
        "an unknown upload is not found": "an id with a slash is answered with 400",
    ]

    private static let juicefsGaps = [
        "a key and a key below it exist side by side": "a file cannot be a folder",
        "put-if-absent takes a free key and refuses a taken one": ignored,
        "put-if-matches takes the right tag and refuses an old one": ignored,
        "put-if-matches on a missing key is a conflict": ignored,
        "of eight racing put-if-absent exactly one wins": ignored,
        "of eight racing put-if-matches exactly one wins": ignored,
        "a counter kept by put-if-matches loses no increment": ignored,
        "copy obeys put conditions on its target": ignored,
        "a completion obeys put conditions": ignored,
        "a middle part under the least size is refused": "it is not",
        "an unknown upload is not found": "an id with dots is answered with 400",
        "a prefix without keys lists nothing": "the prefix '..' is answered with 400",
        "readers during rewrites see whole objects": "a reader can see a mixture of two objects",
    ]

    private static let rgwGaps = [
        "copy obeys put conditions on its target": "ignored",
        "a completion obeys put conditions": "ignored",
        "an aborted upload is gone with its parts": "completing it is answered with 500, already in progress",
    ]

    private static let ignored = "preconditions are ignored, so this server must never hold a catalog"

    private static func checks(_ gaps: [String: String]) -> [StoreCheck] {
        StoreCheck.all(except: everywhere.merging(gaps) { $1 })
    }

    @Test("SeaweedFS", .enabled(if: S3Server.seaweed != nil, "no SeaweedFS runs"), arguments: checks(seaweedGaps))
    func seaweed(_ check: StoreCheck) async throws {
        try await check.run(try #require(S3Server.seaweed).store())
    }

    @Test(
        "JuiceFS, which has MinIO's gateway", .enabled(if: S3Server.juicefs != nil, "no JuiceFS runs"),
        arguments: checks(juicefsGaps))
    func juicefs(_ check: StoreCheck) async throws {
        try await check.run(try #require(S3Server.juicefs).store())
    }

    @Test("Ceph RGW", .enabled(if: S3Server.rgw != nil, "no Ceph RGW runs"), arguments: checks(rgwGaps))
    func rgw(_ check: StoreCheck) async throws {
        try await check.run(try #require(S3Server.rgw).store())
    }

    @Test(
        "nasty keys are put, read, listed, copied and deleted",
        arguments: [("SEAWEED", ["back\\slash"]), ("JUICEFS", []), ("RGW", [])])
    func nastyKeys(_ name: String, _ gaps: [String]) async throws {
        guard let server = S3Server(name) else { return }
        let store = try server.store()
        var keys: [ObjectKey] = []
        for text in NastyKeys.all where !gaps.contains(text) {
            let key = try #require(ObjectKey(text))
            do {
                _ = try await store.put(Array(text.utf8), to: key)
                let content = try await store.get(key, range: nil, bytesMax: 1 << 16)
                #expect(content.bytes == Array(text.utf8), "\(text)")
                keys.append(key)
            } catch {
                Issue.record("\(name): \(text): \(error)")
            }
        }
        let listed = try await store.listAll(prefix: "").map(\.key)
        #expect(Set(listed.map { Array($0.description.utf8) }) == Set(keys.map { Array($0.description.utf8) }))
        let copied = try #require(ObjectKey("copy of ü+%"))
        for key in keys { _ = try await store.copy(key, to: copied, options: PutOptions()) }
        let failures = try await store.delete(keys + [copied])
        #expect(failures.isEmpty)
        let left = try await store.listAll(prefix: "").map(\.key.description)
        #expect(left.isEmpty)
    }
}
