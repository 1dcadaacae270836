import Foundation
import Glibc
import LakeModel
import Synchronization

/// The blocking half of `DirectoryObjectStore`: single objects.
final class DirectoryFiles: Sendable {
    let layout: DirectoryLayout
    let isDurable: Bool
    private let placesMax = 100
    private let names = StagingNames()
    private let hasSwept = Atomic<Bool>(false)
    /// Folders whose own entry, and those of all folders above, were synced once by this process.
    private let syncedFolders = Mutex<Set<String>>([])

    init(layout: DirectoryLayout, isDurable: Bool) {
        (self.layout, self.isDurable) = (layout, isDurable)
    }

    /// Runs file operations for `key` and tells their failure in the store's words.
    func about<Value: ~Copyable>(
        _ key: ObjectKey?, _ body: () throws(SystemCallError) -> Value
    ) throws(StoreError) -> Value {
        do {
            return try body()
        } catch {
            throw StoreError(error, key: key)
        }
    }

    // MARK: Put

    /// Puts what `write` writes. Nothing is visible, and nothing is left behind, where it throws.
    func put(
        _ key: ObjectKey, options: PutOptions, operation: String = "PutObject",
        write: (borrowing OpenFile) throws(SystemCallError) -> Void
    ) throws(StoreError) -> ObjectInfo {
        var staged = try about(key) { () throws(SystemCallError) in try stage(write) }
        let side = SideFile(metadata: options.metadata, storageClass: options.storageClass)
        try saveSide(side, of: staged.facts.tag, key: key)
        var isDone = false
        defer { if !isDone { removeSide(of: staged.facts.tag) } }
        let target = layout.path(of: key)
        let placement = try about(key) { () throws(SystemCallError) in
            try place(&staged, at: target, when: options.condition)
        }
        switch placement {
        case .conditionFailed:
            throw .conditionFailed(options.condition, key: key, operation: operation)
        case .nameIsFolder, .parentIsObject:
            throw StoreError(
                .invalid, operation: operation, key: key.description,
                message: "a directory cannot hold both an object and objects below it; choose another key")
        case .placed:
            isDone = true
        }
        do {
            try syncFolders(of: target)
        } catch {
            throw StoreError(error, key: key, mayHaveHappened: true)
        }
        return info(staged.facts, side)
    }

    /// Writes a file of its own under the staging folder, stamped and synced.
    func stage(_ write: (borrowing OpenFile) throws(SystemCallError) -> Void) throws(SystemCallError) -> StagedFile {
        if !hasSwept.exchange(true, ordering: .relaxed) { sweepStaging() }
        for _ in 0..<placesMax {
            let path = "\(layout.stagingFolder)/\(names.next())"
            do {
                let file = try OpenFile(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o644)
                var staged = StagedFile(path: path, facts: try file.facts())
                try write(file)
                try file.stamp()
                staged.facts = try file.facts()
                if isDurable { try file.synchronize() }
                return staged
            } catch  where error.operation == "open" && error.code == ENOENT {
                try makeFolder(layout.stagingFolder)
            } catch  where error.operation == "open" && error.code == EEXIST {
                continue
            }
        }
        throw SystemCallError(operation: "open", code: EAGAIN)
    }

    private enum Placement { case placed, conditionFailed, nameIsFolder, parentIsObject }

    /// Gives a staged file its name in one step, where the condition holds.
    ///
    /// Folders come and go under the feet of this loop: another process removes those that its deletes left empty.
    private func place(_ staged: inout StagedFile, at target: String, when condition: PutCondition)
        throws(SystemCallError) -> Placement
    {
        for _ in 0..<placesMax {
            do {
                if condition == .absent {
                    try systemCall("link") { link(staged.path, target) }
                    return .placed
                }
                return try replace(&staged, at: target, when: condition) ? .placed : .conditionFailed
            } catch {
                switch error.code {
                case ENOENT: try makeFolder(folder(of: target))
                case ENOTDIR: return .parentIsObject
                case EISDIR where rmdir(target) != 0: return .nameIsFolder
                case EISDIR: continue
                case EEXIST:
                    guard try FileFacts.of(target)?.isDirectory == true else { return .conditionFailed }
                    if rmdir(target) != 0 { return .nameIsFolder }
                case EPERM, EOPNOTSUPP:
                    throw SystemCallError(operation: "\(error.operation) (needs hard links)", code: EOPNOTSUPP)
                default: throw error
                }
            }
        }
        throw SystemCallError(operation: "rename", code: EAGAIN)
    }

    /// Under the key's lock, so that no other replacement or delete comes between comparison and rename.
    private func replace(_ staged: inout StagedFile, at target: String, when condition: PutCondition)
        throws(SystemCallError) -> Bool
    {
        let lock = try lock(target)
        let current = try FileFacts.of(target)
        if case .matches(let tag) = condition, current?.isRegular != true || current?.tag != tag { return false }
        try systemCall("rename") { rename(staged.path, target) }
        staged.isPlaced = true
        if let current { removeSide(of: current.tag) }
        _ = consume lock
        return true
    }

    /// One of 256 advisory locks, by the path's hash (FNV-1a): all processes on this directory agree on it.
    private func lock(_ path: String) throws(SystemCallError) -> OpenFile {
        let relative = path.utf8.dropFirst(layout.root.utf8.count)
        let hash = relative.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        let folder = "\(layout.stagingFolder)/locks"
        let file: OpenFile
        do {
            file = try OpenFile("\(folder)/\(hash % 256)", O_RDWR | O_CREAT, mode: 0o666)
        } catch  where error.code == ENOENT {
            try makeFolder(folder)
            file = try OpenFile("\(folder)/\(hash % 256)", O_RDWR | O_CREAT, mode: 0o666)
        }
        try file.lockExclusively()
        return file
    }

    // MARK: Get

    func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) throws(StoreError) -> ObjectContent {
        let file = try open(key, operation: "GetObject")
        let facts = try about(key) { () throws(SystemCallError) in try file.facts() }
        guard facts.isRegular else { throw .noSuchKey(key, operation: "GetObject") }
        let part = try range?.resolve(objectBytes: facts.bytes, operation: "GetObject", key: key) ?? 0..<facts.bytes
        guard part.count <= bytesMax else { throw .tooLarge(part.count, bytesMax: bytesMax, key: key) }
        let bytes = try about(key) { () throws(SystemCallError) in try file.read(part) }
        return ObjectContent(bytes: bytes, info: info(facts, try side(of: facts.tag, key: key)))
    }

    func open(_ key: ObjectKey, operation: String) throws(StoreError) -> OpenFile {
        do {
            // O_NONBLOCK: somebody else's named pipe must not hang a reader.
            return try OpenFile(layout.path(of: key), O_RDONLY | O_NONBLOCK)
        } catch  where [ENOENT, ENOTDIR, ELOOP, ENXIO].contains(error.code) {
            throw .noSuchKey(key, operation: operation)
        } catch {
            throw StoreError(error, key: key)
        }
    }

    func head(_ key: ObjectKey) throws(StoreError) -> ObjectInfo {
        let facts = try about(key) { () throws(SystemCallError) in try FileFacts.of(layout.path(of: key)) }
        guard let facts, facts.isRegular else { throw .noSuchKey(key, operation: "HeadObject") }
        return info(facts, try side(of: facts.tag, key: key))
    }

    func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) throws(StoreError) -> ObjectInfo {
        let from = try open(source, operation: "CopyObject")
        let facts = try about(source) { () throws(SystemCallError) in try from.facts() }
        guard facts.isRegular else { throw .noSuchKey(source, operation: "CopyObject") }
        var options = options
        if options.metadata.isEmpty { options.metadata = try side(of: facts.tag, key: source)?.metadata ?? [:] }
        return try put(target, options: options, operation: "CopyObject") { file throws(SystemCallError) in
            try file.append(facts.bytes, from: from)
        }
    }

    // MARK: Delete

    func delete(_ keys: [ObjectKey]) -> [DeleteFailure] {
        var failures: [DeleteFailure] = []
        var folders: Set<String> = []
        for key in keys {
            let path = layout.path(of: key)
            do {
                if try remove(path) { folders.insert(folder(of: path)) }
            } catch {
                failures.append(DeleteFailure(key: key, reason: StoreError(error, key: key).message))
            }
        }
        for folder in folders where isDurable { try? syncFolder(folder) }
        for folder in folders.sorted(by: { $0.utf8.count > $1.utf8.count }) { prune(folder) }
        return failures
    }

    private func remove(_ path: String) throws(SystemCallError) -> Bool {
        guard let seen = try FileFacts.of(path), seen.isRegular else { return false }
        let lock = try lock(path)
        guard let facts = try FileFacts.of(path), facts.isRegular else { return false }
        try systemCall("unlink") { unlink(path) }
        removeSide(of: facts.tag)
        _ = consume lock
        return true
    }

    /// Removes folders that hold nothing any more, from `path` up to the root, which stays.
    private func prune(_ path: String) {
        var path = path
        while path.utf8.count > layout.root.utf8.count, rmdir(path) == 0 {
            _ = syncedFolders.withLock { $0.remove(path) }
            path = folder(of: path)
        }
    }

    // MARK: Folders

    func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// Makes `path` and what is missing above it; a file in the way is left to the operation that stumbles over it.
    func makeFolder(_ path: String) throws(SystemCallError) {
        do {
            try systemCall("mkdir") { mkdir(path, 0o777) }
        } catch  where error.code == EEXIST || error.code == ENOTDIR {
            return
        } catch  where error.code == ENOENT && path != "/" {
            try makeFolder(folder(of: path))
            if mkdir(path, 0o777) != 0, errno != EEXIST, errno != ENOENT, errno != ENOTDIR {
                throw SystemCallError(operation: "mkdir", code: errno)
            }
        }
        _ = syncedFolders.withLock { $0.remove(path) }
        if isDurable, path == layout.root { try syncFolder(folder(of: path)) }
    }

    /// Makes the new name in its folder durable, and the first time the folders above it.
    private func syncFolders(of target: String) throws(SystemCallError) {
        guard isDurable else { return }
        let parent = folder(of: target)
        try syncFolder(parent)
        guard !syncedFolders.withLock({ $0.contains(parent) }) else { return }
        var above = parent
        while above.utf8.count > layout.root.utf8.count {
            above = folder(of: above)
            try syncFolder(above)
        }
        syncedFolders.withLock { folders in
            if folders.count >= 10_000 { folders.removeAll() }
            folders.insert(parent)
        }
    }

    private func syncFolder(_ path: String) throws(SystemCallError) {
        do {
            let folder = try OpenFile(path, O_RDONLY | O_DIRECTORY)
            try folder.synchronize()
        } catch  where error.code == ENOENT {
            // Removed meanwhile with all that was in it: nothing to make durable.
            return
        }
    }

    private func info(_ facts: FileFacts, _ side: SideFile?) -> ObjectInfo {
        ObjectInfo(
            tag: facts.tag, bytes: facts.bytes, modifiedAt: facts.modifiedAt, metadata: side?.metadata ?? [:],
            storageClass: side?.storageClass)
    }
}
