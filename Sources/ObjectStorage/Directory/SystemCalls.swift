import Glibc

/// A system call that failed, before it is told in the store's words.
struct SystemCallError: Error {
    var operation: String
    var code: Int32
}

/// Runs `body` until it is not interrupted by a signal; throws what `errno` says where it answers -1.
@discardableResult
func systemCall<Result: SignedInteger>(_ operation: String, _ body: () -> Result) throws(SystemCallError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = errno
        if code != EINTR { throw SystemCallError(operation: operation, code: code) }
    }
}

extension StoreError {
    /// Tells a failed system call by how a caller reacts: EACCES is `.denied`, ENOSPC `.unavailable`, …
    init(_ failure: SystemCallError, key: ObjectKey?, mayHaveHappened: Bool = false) {
        // strerror is thread-safe since glibc 2.32, and its text outlives the copy made here.
        let text = strerror(failure.code).map { String(cString: $0) } ?? "error \(failure.code)"
        let (kind, message): (Kind, String) =
            switch failure.code {
            case ENOENT: (.notFound, "no such object")
            case EACCES, EPERM, EROFS:
                (.denied, "\(text.lowercased()); let this user read and write the lake's directory")
            case ENOSPC, EDQUOT: (.unavailable, "\(text.lowercased()); free some space")
            case ENAMETOOLONG, EINVAL, EXDEV, ELOOP, ENOTDIR, EISDIR, ENOTEMPTY, EOPNOTSUPP, ENOSYS:
                (.invalid, text.lowercased())
            default: (.unavailable, text.lowercased())
            }
        self.init(
            kind, operation: failure.operation, key: key?.description, message: message,
            mayHaveHappened: mayHaveHappened)
    }
}

/// What the file system says of one name, as far as the store needs it.
struct FileFacts {
    var isRegular: Bool
    var isDirectory: Bool
    var bytes: Int64
    var modifiedAtNanoseconds: Int64
    /// New at every put: each writes a file of its own and stamps it with the time in nanoseconds, so that even a
    /// reused inode number gives another tag.
    var tag: EntityTag

    init(_ status: stat) {
        isRegular = status.st_mode & S_IFMT == S_IFREG
        isDirectory = status.st_mode & S_IFMT == S_IFDIR
        bytes = Int64(status.st_size)
        modifiedAtNanoseconds = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        let parts = [UInt64(status.st_ino), UInt64(bitPattern: modifiedAtNanoseconds), UInt64(bitPattern: bytes)]
        tag = EntityTag(parts.map { String($0, radix: 16) }.joined(separator: "-"))
    }

    /// Does not follow a symbolic link at the end of `path`; nil where there is nothing.
    static func of(_ path: String) throws(SystemCallError) -> FileFacts? {
        var status = stat()
        do {
            try systemCall("lstat") { lstat(path, &status) }
        } catch  where error.code == ENOENT || error.code == ENOTDIR {
            return nil
        }
        return FileFacts(status)
    }
}

/// Owns a file descriptor and closes it when it goes.
struct OpenFile: ~Copyable {
    private let descriptor: Int32

    init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemCallError) {
        descriptor = try systemCall("open") { open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode) }
    }

    deinit {
        // Not repeated after EINTR: on Linux the descriptor is gone by then (close(2)).
        _ = close(descriptor)
    }

    func facts() throws(SystemCallError) -> FileFacts {
        var status = stat()
        try systemCall("fstat") { fstat(descriptor, &status) }
        return FileFacts(status)
    }

    func write(_ chunk: [UInt8]) throws(SystemCallError) {
        var written = 0
        while written < chunk.count {
            // write(2) copies before it returns and keeps no pointer.
            written += try systemCall("write") {
                chunk.withUnsafeBytes { bytes in
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                    return Glibc.write(descriptor, rest.baseAddress, rest.count)
                }
            }
        }
    }

    /// The bytes of `range`; throws EIO where the file ends before, which no writer of this store can cause.
    func read(_ range: Range<Int64>) throws(SystemCallError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(range.upperBound - range.lowerBound))
        var done = 0
        while done < bytes.count {
            // pread(2) writes at most the count given, inside the array's own storage.
            let count = try systemCall("read") {
                bytes.withUnsafeMutableBytes { bytes in
                    let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
                    return pread(descriptor, rest.baseAddress, rest.count, Int(range.lowerBound) + done)
                }
            }
            guard count > 0 else { throw SystemCallError(operation: "read", code: EIO) }
            done += count
        }
        return bytes
    }

    /// Stamps the file with the present time to the nanosecond; the kernel by itself is only as fine as a tick.
    func stamp() throws(SystemCallError) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let times = [now, now]
        try systemCall("futimens") { futimens(descriptor, times) }
    }

    func synchronize() throws(SystemCallError) {
        try systemCall("fsync") { fsync(descriptor) }
    }

    /// Waits for the advisory lock, which goes with the descriptor: also between threads, and when a process dies.
    func lockExclusively() throws(SystemCallError) {
        try systemCall("flock") { flock(descriptor, LOCK_EX) }
    }
}

/// The names in a directory, without `.` and `..`; none where it does not exist. Names that are not UTF-8 are left out.
func namesInDirectory(_ path: String) throws(SystemCallError) -> [(name: String, mayBeDirectory: Bool)] {
    guard let directory = opendir(path) else {
        if errno == ENOENT || errno == ENOTDIR { return [] }
        throw SystemCallError(operation: "opendir", code: errno)
    }
    defer { closedir(directory) }
    var names: [(name: String, mayBeDirectory: Bool)] = []
    while true {
        errno = 0
        // The entry belongs to the stream and is valid until the next readdir on it.
        guard let entry = readdir(directory) else {
            guard errno == 0 else { throw SystemCallError(operation: "readdir", code: errno) }
            return names
        }
        let type = Int32(entry.pointee.d_type)
        guard type == DT_REG || type == DT_DIR || type == DT_UNKNOWN else { continue }
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            // d_name is NUL-terminated inside the entry (readdir(3)).
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
        }
        guard let name, name != ".", name != ".." else { continue }
        names.append((name, type != DT_REG))
    }
}
