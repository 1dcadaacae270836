import Glibc

/// A POSIX extended regular expression, compiled: the dialect that librdkafka matches topic names with.
struct PosixPattern: ~Copyable {
    private let compiled: UnsafeMutablePointer<regex_t>
    /// glibc's compiler recurses with the nesting of the expression, so that its length has to be bounded.
    private static let bytesMax = 500

    /// Nil where the expression is not valid.
    init?(_ pattern: String) {
        guard pattern.utf8.count <= Self.bytesMax, PatternSize.isBounded(pattern) else { return nil }
        let memory = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        // regcomp(3): on failure the contents are undefined and must not be passed to regfree.
        guard regcomp(memory, "^(\(pattern))$", REG_EXTENDED | REG_NOSUB) == 0 else {
            memory.deallocate()
            return nil
        }
        compiled = memory
    }

    func matchesWhole(_ text: String) -> Bool {
        regexec(compiled, text, 0, nil, 0) == 0
    }

    deinit {
        regfree(compiled)
        compiled.deallocate()
    }
}
