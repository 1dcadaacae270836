import Foundation
import ObjectStorage
import TestSupport
import Testing

@Suite("A directory store on a bad disk", .enabled(if: Disk.canMount, "needs the right to mount a small tmpfs"))
struct FullDiskTests {
    @Test("a full disk is unavailable, shows nothing half-written and works again with space")
    func full() async throws {
        let disk = try await Disk(bytes: 1 << 20)
        let store = try DirectoryObjectStore(root: disk.path)
        let (small, big) = (try #require(ObjectKey("a/small")), try #require(ObjectKey("b/big")))
        _ = try await store.put([1], to: small)
        for condition in [PutCondition.always, .absent] {
            let error = try await requireError(.unavailable, "a put of 2 MB") {
                _ = try await store.put([UInt8](repeating: 1, count: 2 << 20), to: big, when: condition)
            }
            #expect(error.message.contains("free some space") && !error.mayHaveHappened)
        }
        let upload = try await store.createUpload(to: big, options: PutOptions())
        try await requireError(.unavailable, "a part of 2 MB") {
            _ = try await store.putPart(1, ObjectBody([UInt8](repeating: 1, count: 2 << 20)), of: upload, to: big)
        }
        #expect(try await store.listAll(prefix: "").map(\.key) == [small])
        _ = try await store.put([UInt8](repeating: 1, count: 500_000), to: big)
        try await disk.unmount()
    }

    @Test("a disk that became read-only is denied")
    func readOnly() async throws {
        let disk = try await Disk(bytes: 1 << 20)
        let store = try DirectoryObjectStore(root: disk.path)
        let key = try #require(ObjectKey("a"))
        _ = try await store.put([1], to: key)
        try await runCommand(["mount", "-o", "remount,ro", disk.path])
        try await requireError(.denied, "put") { _ = try await store.put([2], to: key) }
        #expect(try await store.delete([key]).map(\.key) == [key])
        #expect(try await store.get(key, range: nil, bytesMax: 1).bytes == [1])
        try await disk.unmount()
    }

    @Test("a directory of somebody else is denied", .enabled(if: geteuid() != 0, "the superuser may write anywhere"))
    func foreign() async throws {
        let store = try DirectoryObjectStore(root: "/varve-test-lake")
        try await requireError(.denied, "put") { _ = try await store.put([1], to: try #require(ObjectKey("a"))) }
    }
}

/// A small file system in memory, mounted at a temporary directory.
private final class Disk: Sendable {
    private let directory: TemporaryDirectory
    var path: String { directory.path }

    static let canMount: Bool = {
        guard geteuid() == 0, let directory = try? TemporaryDirectory() else { return false }
        guard mount("varve-test", directory.path, "tmpfs", 0, "size=64k") == 0 else { return false }
        return umount2(directory.path, Int32(MNT_DETACH)) == 0
    }()

    init(bytes: Int) async throws {
        directory = try TemporaryDirectory()
        try await runCommand(["mount", "-t", "tmpfs", "-o", "size=\(bytes)", "varve-test", directory.path])
    }

    func unmount() async throws {
        try await runCommand(["umount", path])
    }

    deinit {
        _ = umount2(path, Int32(MNT_DETACH))
    }
}
