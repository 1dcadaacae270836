/// A set of offsets, one bit each, that knows when one is added twice.
///
/// Memory is 8 KiB for every 65,536 offsets that are partly there; a run that is wholly there costs nothing more.
public struct OffsetBitmap: Sendable {
    private static let bitsPerChunk: Int64 = 1 << 16
    private static let wordsPerChunk = Int(bitsPerChunk / 64)

    private struct Chunk: Sendable {
        var words: [UInt64] = Array(repeating: 0, count: wordsPerChunk)
        var count: Int64 = 0
    }

    private var chunks: [Int64: Chunk] = [:]
    private var full: Set<Int64> = []
    /// How many offsets were added, each once.
    public private(set) var count: Int64 = 0

    public init() {}

    /// Adds an offset; false where it was there before. Negative offsets do not exist, and count as doubles.
    public mutating func insert(_ offset: Int64) -> Bool {
        guard offset >= 0 else { return false }
        let (index, bit) = offset.quotientAndRemainder(dividingBy: Self.bitsPerChunk)
        guard !full.contains(index) else { return false }
        let (word, mask) = (Int(bit / 64), UInt64(1) << UInt64(bit % 64))
        let isNew = Self.set(word, mask, in: &chunks[index, default: Chunk()])
        guard isNew else { return false }
        count += 1
        if chunks[index]?.count == Self.bitsPerChunk {
            chunks[index] = nil
            full.insert(index)
        }
        return true
    }

    private static func set(_ word: Int, _ mask: UInt64, in chunk: inout Chunk) -> Bool {
        guard chunk.words[word] & mask == 0 else { return false }
        chunk.words[word] |= mask
        chunk.count += 1
        return true
    }
}
