/// 128 bits that stand for a path within one process: 16 bytes instead of some 150, and no two paths share them in
/// practice.
struct PathHash: Hashable, Sendable {
    private var first: Int
    private var second: Int

    init(_ path: String) {
        var (one, two) = (Hasher(), Hasher())
        one.combine(path)
        two.combine(1)
        two.combine(path)
        (first, second) = (one.finalize(), two.finalize())
    }
}
