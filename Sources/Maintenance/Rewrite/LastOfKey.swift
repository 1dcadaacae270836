import LakeModel

/// Knows the last offset of each key, so that of several events with one key only the last is kept.
///
/// A key lives in one topic partition, so the last is the one with the greatest offset there. Events without a key
/// stay. Holds 32 bytes for each key: its hash of 128 bits, which two keys share less often than a disk lies.
struct LastOfKey {
    private struct KeyHash: Hashable {
        var first: Int
        var second: Int
    }

    private var last: [KeyHash: Int64] = [:]

    private func hash(_ key: UnsafeRawBufferPointer, _ source: Int32) -> KeyHash {
        var (one, two) = (Hasher(), Hasher())
        one.combine(source)
        one.combine(bytes: key)
        two.combine(~source)
        two.combine(bytes: key)
        return KeyHash(first: one.finalize(), second: two.finalize())
    }

    mutating func note(_ row: StoredRow) {
        guard let front = row.front, let key = row.keyText else { return }
        let hash = hash(key, front.source)
        last[hash] = max(last[hash] ?? front.offset, front.offset)
    }

    func keeps(_ row: StoredRow) -> Bool {
        guard let front = row.front, let key = row.keyText else { return true }
        return last[hash(key, front.source)].map { front.offset >= $0 } ?? true
    }
}
