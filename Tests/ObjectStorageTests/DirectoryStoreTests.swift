import Foundation
import ObjectStorage
import TestSupport
import Testing

@Suite("The directory store")
struct DirectoryStoreTests {
    let directory: TemporaryDirectory
    let store: DirectoryObjectStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try DirectoryObjectStore(root: directory.path, durability: .none)
    }

    private func key(_ text: String) throws -> ObjectKey { try #require(ObjectKey(text)) }

    private func files(_ path: String) -> [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: directory.path + path)) ?? []).filter { name in
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(
                atPath: "\(directory.path)\(path)/\(name)", isDirectory: &isFolder)
            return exists && !isFolder.boolValue
        }
    }

    @Test("an object is a plain file at its key")
    func plainFile() async throws {
        let name = "orders/data/date=2026-11-21/hour=05/shard=0003/a.ndjson.zst"
        _ = try await store.put(Array("events".utf8), to: key(name))
        #expect(try String(contentsOfFile: "\(directory.path)/\(name)", encoding: .utf8) == "events")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == [
                ".varve-staging", "orders",
            ])
    }

    @Test("nothing stays staged after puts that were done, refused or failed")
    func nothingStaged() async throws {
        _ = try await store.put([1], to: key("a"), when: .absent)
        _ = try? await store.put([2], to: key("a"), when: .absent)
        _ = try? await store.put([3], to: key("a"), when: .matches(EntityTag("x")))
        _ = try? await store.put([4], to: key("a/b"))
        _ = try await store.put(ObjectBody([5]), to: key("a"), options: PutOptions(metadata: ["m": "1"]))
        _ = try? await store.put(
            ObjectBody([6]), to: key("a"), options: PutOptions(condition: .absent, metadata: ["m": "2"]))
        _ = try await store.delete([key("a")])
        #expect(files("/.varve-staging").filter { !$0.hasPrefix("locks/") } == [])
    }

    @Test("a key below an object, and an object above keys, are refused with a clear message")
    func nested() async throws {
        _ = try await store.put([1], to: key("a"))
        for condition in [PutCondition.always, .absent] {
            let error = try await requireError(.invalid, "below an object") {
                _ = try await store.put([1], to: key("a/b/c"), when: condition)
            }
            #expect(error.message.contains("choose another key"))
        }
        _ = try await store.put([1], to: key("f/g"))
        for condition in [PutCondition.always, .absent] {
            try await requireError(.invalid, "above keys") {
                _ = try await store.put([1], to: key("f"), when: condition)
            }
        }
        #expect(try await store.listAll(prefix: "").map(\.key.description) == ["a", "f/g"])
    }

    @Test("many stores on one directory obey the same conditions")
    func manyStores() async throws {
        let root = directory.path
        let counter = try key("counter")
        _ = try await store.put(Array("0".utf8), to: counter)
        let wins = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    // A store of its own, as another process would have.
                    let store = try DirectoryObjectStore(root: root, durability: .none)
                    var wins = 0
                    for number in 0..<50 {
                        let key = try #require(ObjectKey("log/\(number)"))
                        do {
                            _ = try await store.put([1], to: key, when: .absent)
                            wins += 1
                        } catch let error as StoreError where error.kind == .conflict {}
                        try await increment(counter, in: store)
                    }
                    return wins
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(wins == 50)
        let content = try await store.get(counter, range: nil, bytesMax: 100)
        #expect(String(decoding: content.bytes, as: UTF8.self) == "300")
    }

    @Test("folders that come and go under a put do no harm")
    func churn() async throws {
        let root = directory.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let store = try DirectoryObjectStore(root: root, durability: .none)
                    let own = try #require(ObjectKey("deep/er/still/\(writer)"))
                    for round in 0..<100 {
                        _ = try await store.put([1], to: own, when: round % 2 == 0 ? .absent : .always)
                        let failures = try await store.delete([own])
                        #expect(failures.isEmpty)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: root) == [".varve-staging"])
    }

    @Test("files, links and pipes of others are not objects")
    func foreignFiles() async throws {
        _ = try await store.put([1], to: key("mine"))
        for name in ["100%", "new\nline", ".varve-staging2"] {
            try Data([2]).write(to: URL(fileURLWithPath: "\(directory.path)/\(name)"))
        }
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/link", withDestinationPath: "/etc/hostname")
        #expect(mkfifo(directory.path + "/pipe", 0o600) == 0)
        #expect(try await store.listAll(prefix: "").map(\.key.description) == [".varve-staging2", "mine"])
        for name in ["link", "pipe"] {
            try await requireError(.notFound, name) { _ = try await store.get(key(name), range: nil, bytesMax: 100) }
            try await requireError(.notFound, name) { _ = try await store.head(key(name)) }
        }
    }

    @Test("a listing reads only folders that its prefix and start leave possible")
    func narrowListing() async throws {
        for day in 1...3 { _ = try await store.put([1], to: key("t/date=0\(day)/x")) }
        // A folder that cannot be read turns every needless visit into an error, but not for the superuser.
        let closed = directory.path + "/t/date=01"
        try FileManager.default.removeItem(atPath: closed)
        try FileManager.default.createSymbolicLink(atPath: closed, withDestinationPath: closed)
        #expect(try await store.listAll(prefix: "t/date=02").count == 1)
        #expect(try await store.listAll(prefix: "t/", after: "t/date=02/x").map(\.key.description) == ["t/date=03/x"])
    }

    @Test("what a killed writer left staged is removed after a day, not before")
    func sweep() async throws {
        _ = try await store.put([1], to: key("a"))
        let staging = directory.path + "/.varve-staging"
        for (name, age) in [("old", 90_000), ("young", 3600)] {
            let path = "\(staging)/\(name)"
            try Data([1]).write(to: URL(fileURLWithPath: path))
            var times = [timeval(), timeval()]
            gettimeofday(&times[0], nil)
            times[0].tv_sec -= age
            times[1] = times[0]
            #expect(utimes(path, times) == 0)
        }
        let next = try DirectoryObjectStore(root: directory.path, durability: .none)
        _ = try await next.put([2], to: key("b"))
        #expect(!FileManager.default.fileExists(atPath: staging + "/old"))
        #expect(FileManager.default.fileExists(atPath: staging + "/young"))
    }

    @Test("a durable store does the same")
    func durable() async throws {
        let store = try DirectoryObjectStore(root: directory.path + "/new/lake")
        let info = try await store.put([1], to: key("a/b/c"), when: .absent)
        _ = try await store.put([2], to: key("a/b/c"), when: .matches(info.tag))
        _ = try await store.delete([key("a/b/c")])
        #expect(try await store.listAll(prefix: "").isEmpty)
    }

    @Test("a lake's address is file:///dir and nothing else")
    func addresses() throws {
        #expect(try DirectoryObjectStore(url: "file:///tmp/a%20b/").location == "file:///tmp/a%20b")
        #expect(try DirectoryObjectStore(root: "/tmp/a b").location == "file:///tmp/a%20b")
        for url in ["file://host/x", "/tmp/x", "file:tmp", "s3://b", "file:///a%00b", "file:///%zz"] {
            #expect(throws: StoreError.self, "\(url)") { try DirectoryObjectStore(url: url) }
        }
        #expect(throws: StoreError.self) { try DirectoryObjectStore(root: "relative") }
    }
}

private func increment(_ key: ObjectKey, in store: some ObjectStore) async throws {
    while true {
        let content = try await store.get(key, range: nil, bytesMax: 100)
        let value = Int(String(decoding: content.bytes, as: UTF8.self)) ?? .min
        do {
            _ = try await store.put(Array("\(value + 1)".utf8), to: key, when: .matches(content.info.tag))
            return
        } catch {
            guard error.kind == .conflict else { throw error }
        }
    }
}
