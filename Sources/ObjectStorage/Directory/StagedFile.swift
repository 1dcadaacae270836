import Glibc
import LakeModel
import Synchronization

/// A complete file that no key leads to yet; removed again unless it was moved to its place.
struct StagedFile: ~Copyable {
    let path: String
    var facts: FileFacts
    var isPlaced = false

    deinit {
        if !isPlaced { unlink(path) }
    }
}

/// Names for staged files and uploads: unlike those of any other process by process id and start time, and to be
/// created exclusively in any case.
final class StagingNames: Sendable {
    private let prefix: String
    private let count = Atomic<UInt64>(0)

    init() {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let started = UInt64(bitPattern: Int64(now.tv_sec) &* 1_000_000_000 &+ Int64(now.tv_nsec))
        prefix = "\(getpid())-\(String(started, radix: 36))"
    }

    func next() -> String {
        "\(prefix)-\(count.add(1, ordering: .relaxed).newValue)"
    }
}

extension FileFacts {
    var modifiedAt: Timestamp {
        Timestamp(milliseconds: modifiedAtNanoseconds.flooredDivision(by: 1_000_000))
    }
}

extension OpenFile {
    private static var bufferBytes: Int64 { 1 << 20 }

    /// Copies the first `bytes` bytes of `source` to the end of this file.
    func append(_ bytes: Int64, from source: borrowing OpenFile) throws(SystemCallError) {
        var offset: Int64 = 0
        while offset < bytes {
            let end = min(bytes, offset + Self.bufferBytes)
            try write(try source.read(offset..<end))
            offset = end
        }
    }
}
