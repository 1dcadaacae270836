import Foundation

/// A lake in a local directory, `file:///dir`: a full member that any number of processes may use at once.
///
/// - Every object is a plain file whose path is its key (see `DirectoryLayout` for the few names that differ), so that
///   any tool can read the lake with a glob.
/// - A put writes and syncs a file of its own under `.varve-staging`, then gives it its name in one step: `link(2)` for
///   `.absent`, which fails where the name exists, or `rename(2)` under an advisory lock for the rest. A reader or a
///   crash sees the old object or the new one.
/// - What is not in a file (user metadata, storage class) is in a side file named after the object's entity tag,
///   written before the object is. Tags set on a put are not kept.
/// - A key and another key below it (`a` and `a/b`) cannot both exist here: the second put throws `.invalid`.
/// - Symbolic links and special files are not objects. The store needs hard links and `flock(2)`, as local file systems
///   and NFS have; where there are none, conditional puts throw `.invalid`.
public final class DirectoryObjectStore: ObjectStore {
    /// What a put has ensured when it returns.
    public enum Durability: String, Sendable, CaseIterable {
        /// The object survives a power failure: file and folders are synced.
        case full
        /// The object survives the death of the process only. For tests and scratch lakes.
        case none
    }

    public let location: String
    let files: DirectoryFiles
    private let pool: BlockingPool

    /// - Parameters:
    ///   - root: an absolute path; made by the first put where it does not exist.
    ///   - threadsMax: how many file operations run at once; each needs a thread while it lasts.
    public init(root: String, durability: Durability = .full, threadsMax: Int = 4) throws(StoreError) {
        guard root.hasPrefix("/") else {
            throw StoreError(
                .invalid, operation: "open", message: "a lake's directory is an absolute path, not \(root)")
        }
        var trimmed = root
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        location = "file://" + (trimmed.isEmpty ? "/" : Self.percentEncoded(trimmed))
        files = DirectoryFiles(layout: DirectoryLayout(root: trimmed), isDurable: durability == .full)
        pool = BlockingPool(label: "varve.directory-store", threadsMax: max(1, threadsMax))
    }

    /// Opens `file:///dir`, with `%20` and the like decoded.
    public convenience init(url: String, durability: Durability = .full) throws(StoreError) {
        guard url.hasPrefix("file:///"), let path = url.dropFirst("file://".count).removingPercentEncoding,
            !path.utf8.contains(0)
        else {
            throw StoreError(.invalid, operation: "open", message: "a local lake is file:///directory, not \(url)")
        }
        try self.init(root: path, durability: durability)
    }

    private static func percentEncoded(_ path: String) -> String {
        path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
    }

    public func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        try options.validate(operation: "PutObject", key: key)
        try options.verifyChecksum(of: body, operation: "PutObject", key: key)
        return try await pool.run { [files] () throws(StoreError) in
            try files.put(key, options: options) { file throws(SystemCallError) in
                for chunk in body.chunks { try file.write(chunk) }
            }
        }
    }

    public func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        try await pool.run { [files] () throws(StoreError) in
            try files.get(key, range: range, bytesMax: bytesMax)
        }
    }

    public func head(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo {
        try await pool.run { [files] () throws(StoreError) in try files.head(key) }
    }

    public func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
        try await pool.run { [files] () throws(StoreError) in
            try DirectoryListing.page(of: files.layout, request)
        }
    }

    public func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        guard keys.count <= keysPerRequestMax else { throw .tooManyKeys(keys.count) }
        return try await pool.run { [files] () throws(StoreError) in files.delete(keys) }
    }

    public func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions) async throws(StoreError)
        -> ObjectInfo
    {
        try options.validate(operation: "CopyObject", key: target)
        return try await pool.run { [files] () throws(StoreError) in
            try files.copy(source, to: target, options: options)
        }
    }

    public func createUpload(to key: ObjectKey, options: PutOptions) async throws(StoreError) -> UploadID {
        try options.validate(operation: "CreateMultipartUpload", key: key)
        return try await pool.run { [files] () throws(StoreError) in try files.createUpload(to: key, options: options) }
    }

    public func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey)
        async throws(StoreError) -> UploadedPart
    {
        guard (1...partNumberMax).contains(number) else { throw .badPartNumber(number, key: key) }
        return try await pool.run { [files] () throws(StoreError) in
            try files.putPart(number, body, of: upload, to: key)
        }
    }

    public func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        try await pool.run { [files] () throws(StoreError) in
            try files.completeUpload(upload, of: key, parts: parts, condition: options.condition)
        }
    }

    public func abortUpload(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) {
        try await pool.run { [files] () throws(StoreError) in try files.abortUpload(upload, of: key) }
    }

    public func listUploads(prefix: String) async throws(StoreError) -> [PendingUpload] {
        try await pool.run { [files] () throws(StoreError) in try files.listUploads(prefix: prefix) }
    }

    public func listParts(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) -> [UploadedPart] {
        try await pool.run { [files] () throws(StoreError) in try files.listParts(upload, of: key) }
    }
}
