import Glibc

extension DirectoryFiles {
    /// Older staged files belong to writers that died: a put takes minutes at most, and each write renews the time.
    private static let staleNanoseconds: Int64 = 24 * 3600 * 1_000_000_000

    /// Removes what writers that were killed left behind; once per store, and only files that nobody can still write.
    func sweepStaging() {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let oldest = Int64(now.tv_sec) &* 1_000_000_000 - Self.staleNanoseconds
        for (name, mayBeFolder) in (try? namesInDirectory(layout.stagingFolder)) ?? [] where !mayBeFolder {
            let path = "\(layout.stagingFolder)/\(name)"
            // Also where the object was linked and its writer died before it removed this other name.
            if let facts = try? FileFacts.of(path), facts.isRegular, facts.modifiedAtNanoseconds < oldest {
                unlink(path)
            }
        }
    }
}
